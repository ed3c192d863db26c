import pytest

from calibration.curve import Curve, OutsideRange, quadratic

CURVE = Curve(10.0, 5.0, (0, 1, 2), (3.0, 2.0, 0.5), ((0.04, 0, 0), (0, 0.01, 0), (0, 0, 0)), 5.0, 15.0)


def test_value_slope_uncertainty() -> None:
    assert CURVE.value(15) == 5.5
    assert CURVE.value(10) == 3.0
    assert CURVE.slope(15) == pytest.approx((2 + 2 * 0.5) / 5)
    assert CURVE.u(10) == pytest.approx(0.2)
    assert CURVE.u(15) == pytest.approx(0.05**0.5)


@pytest.mark.parametrize("x", [5.0, 7.3, 15.0])
def test_inverse(x: float) -> None:
    assert CURVE.inverse(CURVE.value(x)) == pytest.approx(x, rel=1e-13)


def test_range() -> None:
    with pytest.raises(OutsideRange, match=r"15\.1 is outside the calibrated range 5 to 15"):
        CURVE.value(15.1)
    assert CURVE.value(15.1, extrapolate=True) > 5.5
    with pytest.raises(OutsideRange):
        CURVE.inverse(6)


def test_quadratic_form() -> None:
    assert quadratic([1, 2], [[1, 0.5], [0.5, 3]]) == 1 + 2 + 12
