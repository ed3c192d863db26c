import pytest

from calibration.exact import CalculationError
from calibration.series import eccentricity, error_span, hysteresis, linearity, repeatability, zero


def test_hysteresis() -> None:
    found = hysteresis([["1.00", "1.02"], ["2.00"]], [["1.04"], ["1.97"]])
    assert found.each == pytest.approx((0.03, 0.03))
    assert found.u == pytest.approx(0.03 / (2 * 3**0.5))


def test_repeatability_and_zero() -> None:
    assert repeatability(["0.0", "5.0"], ["0.1", "5.3"]).largest == pytest.approx(0.2)
    assert zero(["0.0", "0.1"], ["0.05", "0.0"]).largest == pytest.approx(0.1)
    assert error_span(-0.3, 0.2) == pytest.approx(0.5)


def test_linearity_depends_on_the_line() -> None:
    x, y = [0, 1, 2, 3, 4], [1, 2, 3.4, 4, 5]
    assert linearity(x, y, "terminal").largest == pytest.approx(0.4)
    assert linearity(x, y, "best").largest < 0.4
    assert linearity(x, y, "zero").largest > 0.9
    assert linearity(x, y, "terminal").of_span == pytest.approx(0.1)
    with pytest.raises(CalculationError):
        linearity(x, [1] * 5)


def test_eccentricity() -> None:
    found = eccentricity("100.000", ["100.002", "99.999", "100.001", "100.000"], 100)
    assert found.largest == pytest.approx(0.002)
    assert found.u_rel == pytest.approx(0.002 / (200 * 3**0.5))
    with pytest.raises(CalculationError):
        eccentricity(1, [], 1)
