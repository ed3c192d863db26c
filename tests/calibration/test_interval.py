import pytest

from calibration.exact import CalculationError
from calibration.interval import drift, en, method_a3, reliability_range


def test_drift_and_en() -> None:
    assert drift(0.05, 0.02, 1.5) == pytest.approx(0.02)
    assert en(0.10, 0.03, 0.15, 0.04) == pytest.approx(1.0)
    with pytest.raises(CalculationError):
        drift(1, 1, 0)
    with pytest.raises(CalculationError):
        en(1, 0, 1, 0)


def test_a_published_case_without_enough_confidence_keeps_the_interval() -> None:
    """42 of 50 at 90 %: 329 days are accepted at 30 % confidence (0.7557), not at 80 %."""
    assert round(method_a3(42, 50, 365, 0.9, 0.3).suggested) == 329
    assert method_a3(42, 50, 365, 0.9, 0.8).suggested == 365


def test_all_passed_lengthens_none_passed_halves() -> None:
    assert method_a3(20, 20, 365, 0.95).suggested > 365
    assert method_a3(0, 5, 365, 0.95).suggested == pytest.approx(365 / 2)
    assert method_a3(100, 100, 365, 0.8).suggested == 2 * 365


def test_better_than_the_target_is_no_reason_to_change_yet() -> None:
    """19 of 20 at 90 %: P(at most 19) = 1 − 0.9²⁰ = 0.8784, the gap of 0.05 over 1 + 0.1216 is no confidence at all."""
    found = method_a3(19, 20, 365, 0.9)
    assert found.calculated == pytest.approx(365 * 10 ** (0.05 / (1 + 0.9**20)))
    assert found.confidence == 0
    assert found.suggested == 365


def test_the_interval_scales_with_its_unit() -> None:
    days, months = method_a3(15, 20, 365, 0.95), method_a3(15, 20, 12, 0.95)
    assert days.suggested / 365 == pytest.approx(months.suggested / 12)


def test_range_of_a_share() -> None:
    """Clopper and Pearson, 95 %: 8 of 10."""
    assert reliability_range(8, 10, 0.95) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    assert reliability_range(0, 10, 0.95) == pytest.approx((0, 0.2589), abs=1e-4)
    assert reliability_range(10, 10, 0.95) == pytest.approx((0.7411, 1), abs=1e-4)


@pytest.mark.parametrize(("passed", "n", "target"), [(3, 2, 0.9), (-1, 2, 0.9), (0, 0, 0.9), (1, 2, 1.0)])
def test_nonsense_is_refused(passed: int, n: int, target: float) -> None:
    with pytest.raises(CalculationError):
        method_a3(passed, n, 365, target)
