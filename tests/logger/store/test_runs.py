import numpy as np

from broker.messages import Data
from logger.ledger import Book, Stream
from logger.store.metas import Types
from logger.store.runs import Blocks, RawRows, Singles
from tests.logger.support import BOOT

BOOK = Book(1, "oven1", Stream.SAMPLES, BOOT)


def blocks(*parts: RawRows) -> RawRows:
    made = Blocks(BOOK, Types(), (), {}, 0, parts[0].seq)
    for part in parts:
        made.add(part)
    assert made.end == parts[-1].seq + len(parts[-1])
    return made.finish()


def test_blocks_that_follow_each_other_are_one() -> None:
    one = RawRows(0, [1, 2], {"a": [1.0, None]}, {"a": {1: "bad"}}, {"a": 0.5})
    two = RawRows(2, np.array([3, 4, 5]), {"a": (3.0, 4.0, 5.0)}, {"a": {0: "uncertain"}}, {"a": 0.5})

    whole = blocks(one, two)

    assert whole.seq == 0
    assert list(whole.t_us) == [1, 2, 3, 4, 5]
    assert whole.cols == {"a": [1.0, None, 3.0, 4.0, 5.0]}
    assert whole.q == {"a": {1: "bad", 2: "uncertain"}}
    assert whole.u == {"a": 0.5}, "one for all stays one"


def test_uncertainties_that_differ_are_listed() -> None:
    parts = [
        RawRows(0, [1], {"a": [1.0]}, u={"a": 0.5}),
        RawRows(1, [2, 3], {"a": [2.0, 3.0]}, u={"a": [0.1, None]}),
        RawRows(3, [4], {"a": [4.0]}),
    ]
    assert blocks(*parts).u == {"a": [0.5, 0.1, None, None]}


def test_single_sample_sets_become_columns() -> None:
    run = Singles(BOOK, Types(), (), ("a", "b"), {}, 0, 7)
    run.add(Data(ts=1, values={"a": 1.0, "b": True}, q={"a": "bad"}))
    run.add(Data(ts=2, values={"a": 2.0, "b": False}, u={"b": 0.5}))

    rows = run.finish()

    assert (rows.seq, run.end, len(rows)) == (7, 9, 2)
    assert {name: list(column) for name, column in rows.cols.items()} == {"a": [1.0, 2.0], "b": [True, False]}
    assert rows.q == {"a": {0: "bad"}}
    assert rows.u == {"b": [None, 0.5]}


def test_a_slice_takes_its_own_remarks_with_it() -> None:
    rows = RawRows(10, [1, 2, 3], {"a": [1, 2, 3]}, {"a": {0: "bad", 2: "clock"}}, {"a": [0.1, 0.2, 0.3], "b": 1.0})

    part = rows.slice(1, 3)

    assert (part.seq, list(part.t_us), part.cols) == (11, [2, 3], {"a": [2, 3]})
    assert part.q == {"a": {1: "clock"}}
    assert part.u == {"a": [0.2, 0.3], "b": 1.0}
