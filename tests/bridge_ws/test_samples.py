"""Samples: columns as they came, gaps as gaps, duplicates dropped, wrong types set aside."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.channels import Registry
from bridge_ws.samples import Recent, Seen, from_block, from_data, numbers
from broker.messages import Block, Channel, Data, Meta, Value

META = Meta(
    channels={
        "temp": Channel(),
        "count": Channel(type="int"),
        "big": Channel(type="uint64"),
        "on": Channel(type="bool"),
        "mode": Channel(type="str"),
    }
)


def registry() -> Registry:
    found = Registry()
    found.describe("a", META)
    return found


def test_one_row_of_every_type() -> None:
    known = registry()
    values = {"temp": 21, "count": 3, "big": "18446744073709551615", "on": True, "mode": "ramp"}
    chunk = from_data(Data(ts=5, us=250, values=values), "a", known, 9.0)  # type: ignore[arg-type]
    n = {name: info.n for name, info in known.of("a").items()}

    assert chunk.latest == {n[name]: (5.25, value, None) for name, value in values.items()}
    assert {k: c.values.tolist() for k, c in chunk.columns.items()} == {
        n["temp"]: [21],
        n["count"]: [3],
        n["big"]: [2**64],
    }
    assert (chunk.t0_us, chunk.last_ms) == (5250, 5.25)


def test_null_with_a_quality_is_a_gap_and_without_one_nothing() -> None:
    known = registry()
    chunk = from_data(Data(ts=5, values={"temp": None, "count": None}, q={"temp": "nan"}), "a", known, 9.0)
    temp = known.of("a")["temp"].n

    assert chunk.latest == {temp: (5, None, "nan")}
    assert list(chunk.columns) == [temp]
    assert math.isnan(chunk.columns[temp].values[0])


def test_an_uncertainty_goes_with_the_latest_value() -> None:
    known = registry()
    one = from_data(Data(ts=5, values={"temp": 1.0}, u={"temp": 0.01}), "a", known, 9.0)
    cols: dict[str, list[Value]] = {"temp": [1.0, 2.0, None]}
    many = Block(boot="b", seq=0, n=3, cols=cols, t0_us=0, dt_us=1000, u={"temp": [0.1, 0.2, None]})
    same = Block(boot="b", seq=0, n=3, cols=cols, t0_us=0, dt_us=1000, u={"temp": 0.3})

    assert list(one.latest.values()) == [(5, 1.0, None, 0.01)]
    assert list(from_block(many, "a", known, 9.0).latest.values()) == [(1, 2.0, None, 0.2)]
    assert list(from_block(many, "a", known, 9.0, skip=1).latest.values()) == [(1, 2.0, None, 0.2)]
    assert list(from_block(same, "a", known, 9.0).latest.values()) == [(1, 2.0, None, 0.3)]


def test_good_is_not_worth_saying() -> None:
    known = registry()
    chunk = from_data(Data(ts=5, values={"temp": 1.0}, q={"temp": "good"}), "a", known, 9.0)

    assert list(chunk.latest.values()) == [(5, 1.0, None)]


def test_what_does_not_fit_its_type_is_set_aside() -> None:
    known = registry()
    chunk = from_data(Data(ts=5, values={"temp": "hot", "on": 1, "mode": 2.5, "count": 7}), "a", known, 9.0)

    assert list(chunk.latest) == [known.of("a")["count"].n]


def test_a_regular_block_has_no_times() -> None:
    known = registry()
    block = Block(boot="b", seq=0, n=3, t0_us=1000, dt_us=10, cols={"temp": [1.0, 2.0, 3.0], "mode": ["x", "y", "z"]})
    chunk = from_block(block, "a", known, 9.0)
    temp, mode = known.of("a")["temp"].n, known.of("a")["mode"].n

    assert chunk.columns[temp].times_us is None
    assert chunk.columns[temp].values.tolist() == [1, 2, 3]
    assert chunk.latest == {temp: (1.02, 3.0, None), mode: (1.02, "z", None)}
    assert mode not in chunk.columns


def test_rows_not_sampled_leave_the_others_with_their_times() -> None:
    known = registry()
    cols: dict[str, list[object]] = {"temp": [1.0, None, 3.0, None], "count": [1, 2, 3, 4]}
    block = Block(boot="b", seq=0, n=4, t0_us=1000, dt_us=10, cols=cols, q={"temp": {"1": "nan"}})  # type: ignore[arg-type]
    chunk = from_block(block, "a", known, 9.0)
    column = chunk.columns[known.of("a")["temp"].n]

    assert column.times_us is not None
    assert column.times_us.tolist() == [1000, 1010, 1020]
    np.testing.assert_array_equal(column.values, [1, np.nan, 3])
    assert chunk.latest[known.of("a")["temp"].n] == (1.02, 3.0, None)


def test_a_channel_never_sampled_in_a_block_is_left_out() -> None:
    known = registry()
    block = Block(boot="b", seq=0, n=2, t0_us=0, dt_us=1, cols={"temp": [None, None], "count": [1, 2]})
    chunk = from_block(block, "a", known, 9.0)

    assert list(chunk.columns) == list(chunk.latest) == [known.of("a")["count"].n]


def test_skipped_rows_shift_times_and_qualities() -> None:
    known = registry()
    block = Block(
        boot="b",
        seq=0,
        n=3,
        t0_us=1000,
        dt_us=10,
        cols={"temp": [1.0, 2.0, None]},
        q={"temp": {"0": "bad", "2": "+inf"}},
    )
    chunk = from_block(block, "a", known, 9.0, skip=1)
    temp = known.of("a")["temp"].n

    assert chunk.t0_us == 1010
    np.testing.assert_array_equal(chunk.columns[temp].values, [2, np.nan])
    assert chunk.latest[temp] == (1.02, None, "+inf")


def test_irregular_times_stay() -> None:
    known = registry()
    block = Block(boot="b", seq=0, n=3, t_us=[10, 50, 51], cols={"temp": [1.0, 2.0, 3.0]})
    chunk = from_block(block, "a", known, 9.0, skip=1)
    times = chunk.columns[known.of("a")["temp"].n].times_us

    assert times is not None
    assert times.tolist() == [50, 51]


VALUES = st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(max_size=5))


@given(st.dictionaries(st.sampled_from([*META.channels, "new"]), st.lists(VALUES, min_size=4, max_size=4), min_size=1))
def test_any_columns_are_survived(cols: dict[str, list[float | int | bool | str | None]]) -> None:
    known = registry()
    chunk = from_block(Block(boot="b", seq=0, n=4, t0_us=0, dt_us=1, cols=cols), "a", known, 9.0, skip=1)

    assert all(len(c.values) <= 3 for c in chunk.columns.values())
    assert chunk.size > 0


@given(st.lists(VALUES, max_size=10))
def test_numbers_are_nan_where_nothing_fits(values: list[float | int | bool | str | None]) -> None:
    floats = numbers(values, registry().of("a")["temp"])

    for value, got in zip(values, floats.tolist(), strict=True):
        if isinstance(value, (bool, str)) or value is None:
            assert math.isnan(got)
        else:
            assert got == float(value) or math.isnan(value)


def test_rows_seen_before_are_skipped() -> None:
    seen = Seen()

    assert seen.skip("a", "b1", 0, 100, 0, b"") == 0
    assert seen.skip("a", "b1", 0, 100, 0, b"") == 100
    assert seen.skip("a", "b1", 50, 100, 0, b"") == 50
    assert seen.skip("a", "b1", 200, 1, 0, b"") == 0
    assert seen.skip("a", "b2", 0, 1, 0, b"") == 0
    assert seen.skip("other", "b1", 0, 1, 0, b"") == 0
    assert seen.duplicates == 150


def test_without_identity_equal_time_and_content_is_a_duplicate() -> None:
    seen = Seen()

    assert seen.skip("a", None, None, 1, 5, b"x") == 0
    assert seen.skip("a", None, None, 1, 5, b"x") == 1
    assert seen.skip("a", None, None, 1, 5, b"y") == 0
    assert seen.skip("a", None, None, 1, 6, b"x") == 0


def test_only_a_few_boots_are_remembered() -> None:
    seen = Seen()
    for k in range(6):
        seen.skip("a", f"b{k}", 0, 10, 0, b"")

    assert seen.skip("a", "b5", 0, 10, 0, b"") == 10
    assert seen.skip("a", "b0", 0, 10, 0, b"") == 0


def test_a_record_is_told_once() -> None:
    recent = Recent(most=2)

    assert [recent.seen(("a", "b", k)) for k in (1, 1, 2, 1, 3, 1)] == [False, True, False, True, False, False]
