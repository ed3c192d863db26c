"""A calibration applied to rows and columns: the same value either way, raw beside it, never twice."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.calibration import Calibration, Correction, Uncertainty
from broker.correction import Corrector, Row, Rows, Spread, adding, correct_row, correct_rows, corrector
from broker.values import Value

LINE = Correction(type="poly", x0=50.0, scale=50.0, coef=[-0.5, 0.25])
TABLE = Correction(type="table", points=[(0.0, 1.0), (10.0, 3.0), (20.0, 0.0)])
NOW = 1_795_000_000_000_000


def calibrated(**more: object) -> dict[str, Corrector]:
    given = {"id": "K-1", "correction": LINE, "range": (0.0, 100.0), "U": [Uncertainty(x=0, U=0.2)]} | more
    return {"temp": corrector(Calibration(**given))}  # type: ignore[arg-type]


def row(correctors: dict[str, Corrector], value: Value, **more: object) -> Row:
    found = Row({"temp": value, "other": 1.0}, **more)  # type: ignore[arg-type]
    assert correct_row(correctors, found, NOW) == set()
    return found


def column(correctors: dict[str, Corrector], values: list[Value], **more: object) -> Rows:
    found = Rows({"temp": values}, **more)  # type: ignore[arg-type]
    assert correct_rows(correctors, found) == set()
    return found


# --- the function -----------------------------------------------------------------------------------------------------


def horner(correction: Correction, x: float) -> float:
    z = (x - correction.x0) / correction.scale
    return math.fsum([x, *(c * z**k for k, c in enumerate(correction.coef))])


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=6),
    st.floats(-1e3, 1e3),
    st.floats(1e-3, 1e3),
    st.lists(st.floats(-10, 10), min_size=1, max_size=5),
)
def test_a_polynomial_is_the_sum_it_says(coef: list[float], x0: float, scale: float, z: list[float]) -> None:
    correction = Correction(type="poly", x0=x0, scale=scale, coef=coef)
    add = adding(correction)
    assert add is not None

    for x in [x0 + scale * v for v in z]:
        size = abs(x) + sum(abs(c * ((x - x0) / scale) ** k) for k, c in enumerate(coef))
        assert abs(add([x])[0] - horner(correction, x)) <= 1e-14 * size


@pytest.mark.parametrize(("raw", "value"), [(0.0, 1.0), (5.0, 7.0), (10.0, 13.0), (15.0, 16.5), (20.0, 20.0)])
def test_a_table_is_straight_between_its_points(raw: float, value: float) -> None:
    add = adding(TABLE)
    assert add is not None

    assert add([raw]) == [value]


def test_a_table_goes_on_beyond_its_ends() -> None:
    add = adding(TABLE)
    assert add is not None

    assert add([-10.0, 30.0]) == [-11.0, 27.0]


def test_no_correction_is_no_function() -> None:
    assert adding(Correction()) is None


# --- the uncertainty --------------------------------------------------------------------------------------------------


def test_the_uncertainty_is_straight_between_points_and_flat_beyond() -> None:
    spread = Spread([(0.0, 0.1), (10.0, 0.2)])

    assert [spread.at(x) for x in (-5.0, 0.0, 2.5, 10.0, 99.0)] == [0.1, 0.1, 0.125, 0.2, 0.2]


def test_u_is_the_expanded_one_by_k() -> None:
    assert row(calibrated(k=2.5), 10.0).u == {"temp": 0.08}


def test_a_column_has_one_uncertainty_while_it_hardly_differs() -> None:
    spread = Spread([(0.0, 1.0), (10.0, 1.04), (20.0, 2.0)])

    assert spread.over([0.0, 5.0]) == 1.02
    assert spread.over([-1.0, 10.0]) == 1.04
    assert spread.over([10.0, 20.0]) == [1.04, 2.0]


def test_a_peak_between_the_values_is_not_missed() -> None:
    assert Spread([(0.0, 1.0), (5.0, 3.0), (10.0, 1.0)]).over([0.0, 10.0]) == [1.0, 1.0]


def test_the_drivers_own_uncertainty_is_added_in_squares() -> None:
    assert row(calibrated(), 10.0, u={"temp": 0.24}).u == {"temp": pytest.approx(0.26)}
    assert column(calibrated(), [1.0, 2.0], u={"temp": [0.24, None]}).u == {"temp": [pytest.approx(0.26), 0.1]}
    assert column(calibrated(), [1.0, 2.0], u={"temp": 0.24}).u == {"temp": pytest.approx(0.26)}
    steep = calibrated(U=[Uncertainty(x=0, U=0.2), Uncertainty(x=100, U=2.0)])
    assert column(steep, [0.0, 100.0], u={"temp": 0.0}).u["temp"] == column(steep, [0.0, 100.0]).u["temp"]


# --- one sample set ---------------------------------------------------------------------------------------------------


def test_a_value_is_corrected_and_its_raw_value_kept() -> None:
    found = row(calibrated(), 75.0)

    assert found.values == {"temp": 74.625, "temp_raw": 75.0, "other": 1.0}
    assert (found.u, found.cal, found.q) == ({"temp": 0.1}, {"temp": "K-1"}, {})


def test_a_calibration_without_correction_gives_uncertainty_and_name_only() -> None:
    found = row(calibrated(correction=Correction()), 75.0)

    assert found.values == {"temp": 75.0, "other": 1.0}
    assert (found.u, found.cal) == ({"temp": 0.1}, {"temp": "K-1"})


@pytest.mark.parametrize("raw", [-0.001, 100.001])
def test_outside_the_range_is_marked_and_still_corrected(raw: float) -> None:
    found = row(calibrated(), raw)

    assert found.q == {"temp": "extrapolated"}
    assert found.values["temp"] == pytest.approx(horner(LINE, raw))


def test_overdue_is_uncertain_and_still_corrected() -> None:
    late, in_time = calibrated(due=NOW // 1000), calibrated(due=NOW // 1000 + 1)

    assert row(late, 75.0).q == {"temp": "uncertain"}
    assert row(late, 75.0).values["temp"] == 74.625
    assert row(in_time, 75.0).q == {}
    assert row(calibrated(status="overdue"), 75.0).q == {"temp": "uncertain"}
    assert row(late, 101.0).q == {"temp": "extrapolated"}


def test_the_drivers_own_quality_stays_and_holds_for_the_raw_value_too() -> None:
    assert row(calibrated(), 175.0, q={"temp": "bad"}).q == {"temp": "bad", "temp_raw": "bad"}
    assert row(calibrated(), 175.0, q={"temp": "good"}).q == {"temp": "extrapolated", "temp_raw": "good"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_corrected(value: float) -> None:
    found = row(calibrated(), value)

    assert str(found.values["temp"]) == str(found.values["temp_raw"]) == str(value)
    assert (found.u, found.q, found.cal) == ({}, {}, {"temp": "K-1"})


def test_null_and_text_are_left_as_they_are() -> None:
    assert row(calibrated(), None).values == {"temp": None, "temp_raw": None, "other": 1.0}
    assert row(calibrated(), "open") == Row({"temp": "open", "other": 1.0})
    assert row(calibrated(), True) == Row({"temp": True, "other": 1.0})


def test_a_channel_that_is_not_there_claims_nothing() -> None:
    found = Row({"other": 1.0})
    correct_row(calibrated(), found, NOW)

    assert found == Row({"other": 1.0})


@pytest.mark.parametrize(
    "given",
    [
        Row({"temp": 75.0}, cal={"temp": "K-0"}),
        Row({"temp": 75.0, "temp_raw": 74.0}),
    ],
)
def test_nothing_is_corrected_twice(given: Row) -> None:
    before = Row(dict(given.values), cal=dict(given.cal))

    assert correct_row(calibrated(), given, NOW) == {"temp"}
    assert given == before


def test_correcting_a_corrected_row_again_is_refused() -> None:
    found = row(calibrated(), 75.0)

    assert correct_row(calibrated(), found, NOW) == {"temp"}
    assert found.values["temp"] == 74.625


# --- many -------------------------------------------------------------------------------------------------------------

numbers = st.none() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf])


@given(st.lists(numbers, min_size=1, max_size=20))
def test_a_column_is_corrected_as_its_rows_are(values: list[float | None]) -> None:
    correctors = calibrated()
    together = column(correctors, list(values))

    for k, value in enumerate(values):
        alone = row(correctors, value)
        found = together.cols["temp"][k]
        assert str(found) == str(alone.values["temp"])
        assert str(together.cols["temp_raw"][k]) == str(value)
        assert together.q.get("temp", {}).get(k) == alone.q.get("temp")
    assert together.cal == {"temp": "K-1"}


def test_a_column_of_numbers() -> None:
    found = column(calibrated(), [0.0, 75.0, 101.0], q={"temp": {0: "bad"}})

    assert found.cols == {"temp": [-0.75, 74.625, 100.755], "temp_raw": [0.0, 75.0, 101.0]}
    assert found.q == {"temp": {0: "bad", 2: "extrapolated"}, "temp_raw": {0: "bad"}}
    assert found.u == {"temp": 0.1}


def test_a_column_with_gaps_has_no_uncertainty_in_them() -> None:
    steep = calibrated(U=[Uncertainty(x=0, U=0.2), Uncertainty(x=100, U=2.0)], correction=Correction())
    found = column(steep, [0.0, None, 100.0])

    assert found.u == {"temp": [0.1, None, 1.0]}
    assert column(steep, [None, None]).u == {}


def test_a_column_with_text_claims_nothing() -> None:
    assert column(calibrated(), [1.0, "open"]) == Rows({"temp": [1.0, "open"]})


def test_an_overdue_column_is_not_marked_row_by_row() -> None:
    assert column(calibrated(status="overdue"), [1.0, 2.0]).q == {}


def test_no_column_is_corrected_twice() -> None:
    found = column(calibrated(), [75.0])

    assert correct_rows(calibrated(), found) == {"temp"}
    assert found.cols["temp"] == [74.625]
    assert correct_rows(calibrated(), Rows({"temp": [75.0]}, cal={"temp": "K-0"})) == {"temp"}
