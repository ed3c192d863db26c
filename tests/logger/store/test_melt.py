import sqlite3
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.topics import Kind
from broker.values import Value
from logger.columns import SMALL
from logger.store import History
from logger.store.melt import AT
from tests.logger.store.test_writer import DB, stored
from tests.logger.support import BOOT, T_MS, block, data, meta, open_store, packet, write


def pieces(folder: Path) -> list[int]:
    db = sqlite3.connect(folder / DB)
    found = [n for (n,) in db.execute("SELECT n FROM piece ORDER BY seq")]
    db.close()
    return found


def test_row_by_row_becomes_one_piece(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for seq in range(AT):
        write(store, data(seq, {"temp": seq / 8, "on": seq % 2 == 0, "mode": "ramp" if seq % 3 else "hold"}))

    assert pieces(tmp_path) == [AT]
    rows = stored(tmp_path)
    assert [rows[BOOT, k][1]["temp"] for k in range(AT)] == [k / 8 for k in range(AT)]
    assert rows[BOOT, 7][1] == {"temp": 0.875, "on": False, "mode": "ramp"}


def test_it_goes_on_where_it_stopped_also_after_a_restart(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for seq in range(AT + 40):
        write(store, data(seq))
    store.close()
    store = open_store(tmp_path)
    for seq in range(AT + 40, 3 * AT):
        write(store, data(seq))

    assert len(pieces(tmp_path)) < AT
    assert sum(pieces(tmp_path)) == 3 * AT
    assert len(stored(tmp_path)) == 3 * AT


def test_a_hole_stays_one(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    seqs = [seq for seq in range(AT + 1) if seq != 100]
    for seq in seqs:
        write(store, data(seq))

    assert pieces(tmp_path) == [100, AT - 100]
    assert sorted(seq for _, seq in stored(tmp_path)) == seqs
    assert write(store, data(100)).count.samples == 1


def test_what_cannot_be_one_stays_apart(tmp_path: Path) -> None:
    """Another fold, another description, a jump of the clock, a hole: every other row here is one of them."""
    store = open_store(tmp_path)
    count = AT + 10
    for seq in range(count):
        write(store, data(seq, fold=seq // 2 % 2), at_ms=T_MS)
    write(store, data(count, ts=T_MS + 10**9), data(count + 5))
    write(store, packet(Kind.META, meta(temp="int")), data(count + 6, {"temp": 3}))

    assert set(pieces(tmp_path)) == {1, 2}
    assert len(stored(tmp_path)) == count + 3


VALUES: dict[str, list[Value]] = {
    "a": [None, 1.5, 2.0],
    "i": [None, 7, 2**60],
    "s": [None, "x"],
    "b": [None, True, False],
}
Made = tuple[dict[str, int], dict[str, str], dict[str, float], bool]
row: st.SearchStrategy[Made] = st.tuples(
    st.dictionaries(st.sampled_from("aisb"), st.integers(0, 2), min_size=1),
    st.sampled_from([{}, {"a": "bad"}]),
    st.sampled_from([{}, {"a": 0.5}]),
    st.booleans(),
)


@given(st.lists(row, min_size=1, max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=10)
def test_melting_changes_no_row(tmp_path: Path, rows: list[Made]) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    store = open_store(folder)
    write(store, packet(Kind.META, meta(a="float", i="int64", s="str", b="bool")))
    expected = {}
    for seq in range(AT + 5):
        chosen, q, u, as_block = rows[seq % len(rows)]
        values = {name: VALUES[name][k % len(VALUES[name])] for name, k in chosen.items()}
        send = {k: str(v) if isinstance(v, int) and v > 2**53 else v for k, v in values.items()}
        if as_block:
            write(store, block(seq, 1, {k: [v] for k, v in send.items()}, q={k: {"0": c} for k, c in q.items()}, u=u))
        else:
            write(store, data(seq, send, q=q, u=u))
        expected[seq] = ({k: v for k, v in values.items() if v is not None}, q, u)
    store.close()

    assert max(pieces(folder)) >= SMALL
    assert {seq: values for (_, seq), (_, values) in stored(folder).items()} == {s: e[0] for s, e in expected.items()}
    with History(folder / DB) as history:
        for part in history.rows("oven1", None, 0, 2**62):
            for k in range(len(part.chunk)):
                _, q, u = expected[part.chunk.seq + k]
                assert {n: codes[k] for n, codes in part.chunk.q.items() if k in codes} == q
                own = {n: v[k] if isinstance(v, list) else v for n, v in part.chunk.u.items()}
                assert {n: v for n, v in own.items() if v is not None} == u
