import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import sensors
from calibration.exact import CalculationError


@given(st.floats(-200, 850))
def test_resistance_and_back(t: float) -> None:
    assert sensors.pt_temperature(sensors.pt_resistance(t)) == pytest.approx(t, abs=1e-9)


@pytest.mark.parametrize(("t", "r"), [(-50, 80.3063), (10, 103.9025), (500, 280.9775)])
def test_table_of_iec_60751(t: float, r: float) -> None:
    assert sensors.pt_resistance(t) == pytest.approx(r, abs=6e-5)


def test_another_r0() -> None:
    assert sensors.pt_resistance(100, 1000) == pytest.approx(1385.055)
    assert sensors.pt_temperature(1385.055, 1000) == pytest.approx(100)


@pytest.mark.parametrize("t", [-100.0, 0.0, 250.0])
def test_slope_is_the_derivative(t: float) -> None:
    difference = (sensors.pt_resistance(t + 1e-3) - sensors.pt_resistance(t - 1e-3)) / 2e-3
    assert sensors.pt_slope(t) == pytest.approx(difference, rel=1e-6)


def test_classes() -> None:
    assert sensors.pt_tolerance(100, "AA") == pytest.approx(0.27)
    assert sensors.pt_tolerance(-100, "A") == pytest.approx(0.35)
    assert sensors.pt_tolerance(100, "B") == pytest.approx(0.80)


def test_a_perfect_electrode() -> None:
    slope, offset = sensors.ph_offset((4.01, 0.17688), (9.18, -0.12897))
    assert sensors.ph_slope_percent(slope, 25) == pytest.approx(100, abs=0.1)
    assert offset == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: sensors.pt_resistance(-201),
        lambda: sensors.pt_temperature(500),
        lambda: sensors.ph_offset((7, 0), (7, 0)),
    ],
)
def test_outside_is_refused(call: object) -> None:
    with pytest.raises(CalculationError):
        call()  # type: ignore[operator]
