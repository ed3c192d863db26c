import math
import random

import pytest

from calibration.exact import CalculationError
from calibration.fit import fit
from calibration.fit_choice import aicc, choose_degree, compare, lack_of_fit, leave_one_out

X = [float(v) for v in range(10)]


def noisy(curve: float, seed: int = 2) -> list[float]:
    rng = random.Random(seed)  # noqa: S311
    return [1 + 2 * v + curve * v * v + rng.gauss(0, 0.05) for v in X]


def test_a_line_stays_a_line_and_a_bend_is_seen() -> None:
    assert choose_degree(X, noisy(0)).curve.exponents == (0, 1)
    assert choose_degree(X, noisy(0.1)).curve.exponents == (0, 1, 2)


def test_what_is_exact_needs_no_higher_degree() -> None:
    assert choose_degree(X, [1 + 2 * v for v in X]).curve.exponents == (0, 1)


def test_compare_and_aicc_say_the_same() -> None:
    line, bent = fit(X, noisy(0.1)), fit(X, noisy(0.1), 2)
    assert compare(line, bent).significant
    assert compare(line, bent).f > compare(line, bent).limit
    assert aicc(bent) < aicc(line)
    with pytest.raises(CalculationError):
        compare(bent, line)


def test_lack_of_fit_by_hand() -> None:
    """Two readings at each of three places, a line through (0, 1, 0): pure error 3 × 0.02, the rest is the bend."""
    x, y = [0, 0, 1, 1, 2, 2], [0.1, -0.1, 1.1, 0.9, 0.1, -0.1]
    found = lack_of_fit(x, y, fit(x, y))
    assert (found.nu1, found.nu2) == (1, 3)
    assert found.f == pytest.approx((4 / 3) / (0.06 / 3))
    assert found.significant
    with pytest.raises(CalculationError, match="no point is repeated"):
        lack_of_fit(X, noisy(0), fit(X, noisy(0)))


def test_leave_one_out_is_never_better_than_the_residual() -> None:
    y = noisy(0)
    left, residuals = leave_one_out(X, y), fit(X, y).residuals
    assert all(abs(a) > abs(b) for a, b in zip(left, residuals, strict=True))
    n, middle, sxx = len(X), 4.5, 82.5
    leverage = [1 / n + (v - middle) ** 2 / sxx for v in X]
    assert left == pytest.approx([r / (1 - h) for r, h in zip(residuals, leverage, strict=True)], rel=1e-9)


def test_too_few_points_for_a_criterion() -> None:
    assert aicc(fit(X[:4], noisy(0)[:4])) == math.inf
