import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from logger.columns import Column
from logger.pieces import Chunk
from logger.rollups import (
    TOP,
    WIDTHS_US,
    WINDOW,
    Sheet,
    coarser,
    level_for,
    level_of,
    merged,
    pack,
    sheet_of,
    unpack,
    windows,
)

Row = tuple[int, float | None]
rows = st.lists(st.tuples(st.integers(-(10**9), 10**10), st.none() | st.floats(-1e6, 1e6)), min_size=1, max_size=40)


def chunk(values: list[Row], name: str = "temp") -> Chunk:
    column = Column("float", np.array([np.nan if v is None else v for _, v in values], "<f8"))
    return Chunk(0, np.array([t for t, _ in values], "<i8"), {name: column, "mode": Column("str", ["x"] * len(values))})


def table(sheet: Sheet, channel: str = "temp") -> dict[int, tuple[float, float, int]]:
    """Bucket → minimum, maximum, count, of the buckets that have a value."""
    if channel not in sheet.channels:
        return {}
    row = sheet.channels.index(channel)
    cells = zip(sheet.k.tolist(), sheet.low[row].tolist(), sheet.high[row].tolist(), sheet.n[row].tolist(), strict=True)
    return {k: (low, high, n) for k, low, high, n in cells if n}


def expected(values: list[Row], level: int) -> dict[int, tuple[float, float, int]]:
    found: dict[int, list[float]] = {}
    for t, v in values:
        if v is not None:
            found.setdefault(t // WIDTHS_US[level], []).append(v)
    return {k: (min(vs), max(vs), len(vs)) for k, vs in found.items()}


@given(rows, st.integers(0, TOP))
def test_a_sheet_is_what_its_rows_amount_to(values: list[Row], level: int) -> None:
    sheet = sheet_of(chunk(values), level)

    assert sheet.channels == ("temp",), "text has no part in it"
    assert table(sheet) == expected(values, level)
    assert sheet.k.tolist() == sorted({t // WIDTHS_US[level] for t, _ in values})
    total = sum(v for _, v in values if v is not None)
    assert np.isclose(sheet.total.sum(), total, rtol=1e-9, atol=1e-3)


@given(rows, st.integers(0, 40), st.integers(0, TOP - 1))
def test_parts_add_up_in_any_order(values: list[Row], cut: int, level: int) -> None:
    parts = [sheet_of(chunk(part), level) for part in (values[cut:], values[:cut]) if part]
    whole = merged(parts)

    assert table(whole) == expected(values, level)
    assert table(coarser(whole)) == expected(values, level + 1)


def test_channels_may_differ() -> None:
    one, other = sheet_of(chunk([(0, 1.0)]), 0), sheet_of(chunk([(0, 2.0), (10**6, 3.0)], "power"), 0)

    whole = merged([one, other])

    assert table(whole) == {0: (1.0, 1.0, 1)}
    assert table(whole, "power") == {0: (2.0, 2.0, 1), 10: (3.0, 3.0, 1)}


@given(rows, st.integers(0, TOP))
def test_bytes_give_the_same_sheet(values: list[Row], level: int) -> None:
    sheet = sheet_of(chunk(values), level)
    again = unpack(pack(sheet), sheet.channels)

    assert again.k.tolist() == sheet.k.tolist()
    for what in ("low", "high", "total", "n"):
        assert getattr(again, what).tobytes() == np.ascontiguousarray(getattr(sheet, what)).tobytes()


@given(rows)
def test_a_stored_sheet_lies_in_one_window(values: list[Row]) -> None:
    sheet = sheet_of(chunk(values), 0)
    parts = list(windows(sheet))

    assert [k for _, part in parts for k in part.k.tolist()] == sheet.k.tolist()
    assert all(set((part.k // WINDOW).tolist()) == {window} for window, part in parts)


def test_the_width_fits_the_rate() -> None:
    hour = 3_600_000_000
    assert level_of(0, 8_191_000, 8192) == 0  # 1 kHz: a hundred rows a bucket
    assert WIDTHS_US[level_of(0, hour, 3600)] == 100_000_000  # 1 Hz
    assert level_of(5, 5, 1) == 0, "a lone row is in the finest"
    assert level_of(0, hour, 2) <= TOP


def test_a_step_is_read_from_the_widest_that_fills_it() -> None:
    assert level_for(50_000) == -1
    assert [WIDTHS_US[level_for(step)] for step in (100_000, 500_000, 2_000_000, 86_400_000)] == [
        100_000,
        100_000,
        1_000_000,
        100_000,
    ]
    assert level_for(7) == -1
