"""Rows go into records and come out of late blocks unchanged, however they were cut and merged."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.late import BLOCK, DATA, EVENT, cleaned, cut, late_block, part, stamp_of, times
from broker.messages import MAX_BLOCK_BYTES, Block, Data, MessageError, Value, decode, encode
from broker.segment import Record
from broker.topics import Kind

values = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9), st.text(max_size=4))
channels = st.sampled_from(["a", "b", "c"])
codes = st.sampled_from(["bad", "uncertain"])


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """One sample set: what it says, apart from its number."""
    sampled = draw(st.dictionaries(channels, values, min_size=1))
    return {
        "values": sampled,
        "t_us": draw(st.integers(0, 10**15)),
        "q": draw(st.dictionaries(st.sampled_from(sorted(sampled)), codes)),
        "u": draw(st.dictionaries(st.sampled_from(sorted(sampled)), st.sampled_from([0.5, 0.25]))),
        "fold": draw(st.integers(0, 1)),
        "rev": draw(st.sampled_from(["r1", "r1", "r2"])),
        "cal": draw(st.sampled_from([{}, {}, {"a": "c1"}])),
    }


def data_record(seq: int, row: dict[str, Any]) -> Record:
    data = Data(
        ts=row["t_us"] // 1000,
        us=row["t_us"] % 1000,
        boot="b",
        seq=seq,
        **{k: row[k] for k in ("values", "q", "u", "fold", "cal")},
    )
    return Record(seq, 1, DATA, row["rev"], encode(data))


def block_record(seq: int, row: dict[str, Any], n: int) -> Record:
    block = Block(
        boot="b",
        seq=seq,
        n=n,
        cols={ch: [v] * n for ch, v in row["values"].items()},
        t0_us=row["t_us"],
        dt_us=7,
        q={ch: {str(k): code for k in range(n)} for ch, code in row["q"].items()},
        rev=row["rev"],
        **{k: row[k] for k in ("u", "fold", "cal")},
    )
    return Record(seq, n, BLOCK, row["rev"], encode(block))


def plain(block: Block) -> list[dict[str, Any]]:
    """The rows of a block, without what was not sampled."""
    return [
        {
            "seq": block.seq + k,
            "t_us": t_us,
            "values": {ch: col[k] for ch, col in block.cols.items() if col[k] is not None},
            "q": {ch: codes[str(k)] for ch, codes in block.q.items() if str(k) in codes},
            "u": {ch: u[k] if isinstance(u, list) else u for ch, u in block.u.items() if not _none(u, k)},
            "fold": block.fold,
            "rev": block.rev,
            "cal": block.cal,
        }
        for k, t_us in enumerate(block.times_us())
    ]


def _none(u: float | list[float | None], row: int) -> bool:
    return isinstance(u, list) and u[row] is None


def expected(seq: int, row: dict[str, Any], k: int = 0) -> dict[str, Any]:
    sampled = {ch: v for ch, v in row["values"].items() if v is not None}
    return {**row, "seq": seq + k, "values": sampled, "t_us": row["t_us"] + 7 * k}


def unpack(records: list[Record]) -> list[Block]:
    """All records as late blocks, one after the other."""
    blocks = []
    while records:
        payload, first, end = late_block(records, "b")
        blocks.append(decode(Kind.BLOCK, payload))
        assert (first, end) == (blocks[-1].seq, blocks[-1].seq + blocks[-1].n)
        records = [r for r in records if r.seq >= end]
    return blocks


@given(st.lists(st.tuples(rows(), st.integers(0, 5)), min_size=1, max_size=30))
def test_every_row_comes_out_as_it_went_in(script: list[tuple[dict[str, Any], int]]) -> None:
    records, wanted, seq = [], [], 0
    for row, n in script:
        records.append(block_record(seq, row, n) if n else data_record(seq, row))
        wanted += [expected(seq, row, k) for k in range(max(1, n))]
        seq += max(1, n)

    blocks = unpack(records)

    assert all(b.late for b in blocks)
    found = [row for block in blocks for row in plain(block)]
    if all(not row["u"] for row, _ in script):
        assert found == wanted
    assert [without_u(r) for r in found] == [without_u(r) for r in wanted]


def without_u(row: dict[str, Any]) -> dict[str, Any]:
    """One number for a whole column also covers rows that were not sampled: not compared."""
    return {k: v for k, v in row.items() if k != "u"}


def test_an_uncertainty_stays_with_its_row() -> None:
    base = {"t_us": 1, "q": {}, "fold": 0, "rev": "r", "cal": {}}
    records = [
        data_record(k, {**base, "values": {"a": k}, "u": {"a": u} if u else {}}) for k, u in enumerate((0, 1, 2))
    ]

    assert unpack(records)[0].u == {"a": [None, 1.0, 2.0]}


@pytest.mark.parametrize(("key", "value"), [("fold", 1), ("rev", "r2"), ("cal", {"a": "c2"})])
def test_a_block_ends_where_its_rows_stop_having_something_in_common(key: str, value: object) -> None:
    row = {"values": {"a": 1}, "t_us": 1, "q": {}, "u": {}, "fold": 0, "rev": "r", "cal": {}}

    blocks = unpack([data_record(0, row), data_record(1, row), data_record(2, {**row, key: value})])

    assert [(b.seq, b.n) for b in blocks] == [(0, 2), (2, 1)]


def test_a_block_ends_at_a_gap() -> None:
    row = {"values": {"a": 1}, "t_us": 1, "q": {}, "u": {}, "fold": 0, "rev": "r", "cal": {}}

    assert [(b.seq, b.n) for b in unpack([data_record(k, row) for k in (0, 1, 5)])] == [(0, 2), (5, 1)]


def test_late_blocks_keep_to_the_allowed_size() -> None:
    row = {"t_us": 1, "q": {}, "u": {}, "fold": 0, "rev": "r", "cal": {}}
    records = [data_record(k, {**row, "values": {f"ch{k % 50}": "x" * 50}}) for k in range(2000)]

    blocks = unpack(records)

    assert max(len(encode(b)) for b in blocks) <= MAX_BLOCK_BYTES
    assert sum(b.n for b in blocks) == 2000


def interleaved(*streams: tuple[int, int, int]) -> list[Record]:
    """Blocks of streams that take turns; each is its channels, rows a block, and how many blocks in a row."""
    records: list[Record] = []
    seq = 0
    for turn in range(60):
        for number, (channels, n, in_a_row) in enumerate(streams):
            for _ in range(in_a_row):
                values = {f"s{number}_{k}": 1.0 + turn / 7 for k in range(channels)}
                row = {"values": values, "t_us": 10**15 + seq, "q": {}, "u": {}, "fold": 0, "rev": "r", "cal": {}}
                records.append(block_record(seq, row, n))
                seq += n
    return records


def bytes_of_nulls(block: Block) -> int:
    return 5 * sum(v is None for col in block.cols.values() for v in col)


@pytest.mark.parametrize(
    "streams", [((6, 40, 1),) * 10, ((32, 40, 1), (32, 40, 1)), ((64, 40, 1), (2000, 1, 1)), ((2000, 1, 1),) * 2]
)
def test_fast_streams_that_take_turns_make_dense_blocks(streams: tuple[tuple[int, int, int], ...]) -> None:
    for block in unpack(interleaved(*streams)):
        size = len(encode(block))
        assert size <= MAX_BLOCK_BYTES
        assert bytes_of_nulls(block) <= max(8192, size / 3), f"{len(block.cols)} channels, {block.n} rows"


def test_a_slow_stream_does_not_end_the_block_of_a_fast_one() -> None:
    records = interleaved((1, 50, 5), (6, 1, 1))  # 1 kHz, and a sample set four times a second

    blocks = unpack(records)

    assert len(blocks) <= len(records) / 6
    assert sum(b.n for b in blocks) == 60 * 251


def test_a_damaged_record_is_said_and_ends_the_block_before_it() -> None:
    row = {"values": {"a": 1}, "t_us": 1, "q": {}, "u": {}, "fold": 0, "rev": "r", "cal": {}}
    damaged = Record(1, 1, DATA, "r", b"{")

    assert late_block([data_record(0, row), damaged], "b")[1:] == (0, 1)
    with pytest.raises(MessageError):
        late_block([damaged], "b")


# --- cutting ----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(300, 5000), st.booleans())
def test_pieces_are_small_enough_and_together_the_block(n: int, limit: int, regular: bool) -> None:
    block = Block(
        boot="b",
        seq=7,
        n=n,
        cols={"a": [k / 3 for k in range(n)]},
        t0_us=10 if regular else None,
        dt_us=7 if regular else None,
        t_us=None if regular else [10 + 7 * k for k in range(n)],
        q={"a": {str(n - 1): "bad"}},
        u={"a": [float(k) for k in range(n)], "b": 0.5},
    )

    pieces = list(cut(block, limit))

    assert all(len(payload) <= limit and payload == encode(piece) for piece, payload in pieces)
    assert [row for piece, _ in pieces for row in plain(piece)] == plain(block)


def test_part_of_a_block() -> None:
    block = Block(boot="b", seq=5, n=4, cols={"a": [1, 2, 3, 4]}, t0_us=100, dt_us=10, q={"a": {"1": "bad"}})

    assert part(block, 1, 3) == Block(
        boot="b", seq=6, n=2, cols={"a": [2, 3]}, t0_us=110, dt_us=10, q={"a": {"0": "bad"}}
    )


# --- values and times -------------------------------------------------------------------------------------------------

wild = st.one_of(values, st.floats(), st.integers(-(2**70), 2**70), st.booleans(), st.just("\ud800"))


@given(st.lists(wild, max_size=20))
def test_a_cleaned_column_can_travel_and_says_what_it_lost(column: list[Value]) -> None:
    clean, codes = cleaned(column)

    assert decode(Kind.LAST, encode({"a": None})) == {"a": None}
    for row, (before, after) in enumerate(zip(column, clean, strict=True)):
        encode(after)
        unfit = isinstance(before, float) and not math.isfinite(before)
        assert (str(row) in codes) == unfit
        assert after is None if unfit else True
        if isinstance(before, float) and not unfit:
            assert after == before


@pytest.mark.parametrize(
    ("t_us", "found"),
    [
        ([5], (5, 0, None)),
        ([5, 8, 11], (5, 3, None)),
        ([5, 8, 12], (None, None, [5, 8, 12])),
        ([5, 5, 5], (5, 0, None)),
        ([5, 4, 3], (None, None, [5, 4, 3])),
    ],
)
def test_regular_times_are_told_by_start_and_step(t_us: list[int], found: object) -> None:
    assert times(t_us) == found


def test_the_stamp_of_a_record_is_that_of_its_last_row() -> None:
    row = {"values": {"a": 1}, "t_us": 1_000_007, "q": {}, "u": {}, "fold": 1, "rev": "r", "cal": {}}

    assert stamp_of(DATA, data_record(0, row).body) == (1_000_007, 1)
    assert stamp_of(BLOCK, block_record(0, row, 3).body) == (1_000_021, 1)
    assert stamp_of(EVENT, b"lab/x\n{}") is None
    assert stamp_of(DATA, b"{}") is None
