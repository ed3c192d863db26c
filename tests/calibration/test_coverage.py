import math
import random
import statistics

import pytest

from calibration import coverage as c
from calibration.exact import CalculationError


def test_welch_satterthwaite() -> None:
    """GUM G.4.1: 19.0; equal parts with equal numbers add them up."""
    assert c.effective_nu([0.25, 0.57, 0.82], [9, 4, 14]) == pytest.approx(19.0, abs=0.05)
    assert c.effective_nu([1, 1], [5, 5]) == pytest.approx(10)
    assert c.effective_nu([1, 2], [math.inf, math.inf]) == math.inf
    assert c.effective_nu([0, 2], [0, 7]) == pytest.approx(7)
    with pytest.raises(CalculationError, match="one reading"):
        c.effective_nu([1, 2], [0, 7])


@pytest.mark.parametrize("part", [math.inf, math.nan])
def test_what_is_no_number_has_no_degrees_of_freedom(part: float) -> None:
    with pytest.raises(CalculationError, match="beyond all numbers"):
        c.effective_nu([part, 1.0], [4, math.inf])


def test_it_is_truncated_and_ends_at_a_thousand() -> None:
    assert c.used_nu(16.9) == 16
    assert c.used_nu(0.4) == 1
    assert c.used_nu(2.9999999999) == 3
    assert c.used_nu(1000.5) == math.inf
    assert c.k_t(16.9) == c.k_t(16)
    assert c.k_t(5000) == 2.0
    assert c.k_t(5000, 0.95) == pytest.approx(1.96, abs=1e-4)


@pytest.mark.parametrize("a", [(1, 1), (1, 2), (1, 10), (1, 100)])
@pytest.mark.parametrize("p", [0.5, 0.95, 0.99])
def test_trapezoidal_k_covers_what_it_says(a: tuple[float, float], p: float) -> None:
    """Also on the flat top, where the published formula does not hold."""
    rng = random.Random(4)  # noqa: S311
    sums = [rng.uniform(-a[0], a[0]) + rng.uniform(-a[1], a[1]) for _ in range(40_000)]
    half = c.k_trapezoid(c.beta_of(*a), p) * math.sqrt((a[0] ** 2 + a[1] ** 2) / 3)
    assert statistics.fmean(abs(v) <= half for v in sums) == pytest.approx(p, abs=0.01)


def test_the_flat_top_meets_the_slope() -> None:
    beta = 0.8
    edge = 2 * beta / (1 + beta)
    assert c.k_trapezoid(beta, edge - 1e-9) == pytest.approx(c.k_trapezoid(beta, edge + 1e-9), rel=1e-6)


def test_which_shape() -> None:
    assert c.shape([0.001, 0.029, 0.0064], [False, True, True]) == ("rect", 1.0)
    assert c.shape([0.001, 0.029, 0.0064], [False, False, True])[0] == "t"
    assert c.shape([0.029, 0.0088], [True, False])[0] == "t"
    assert c.shape([], [])[0] == "t"
    kind, beta = c.shape([0.46, 1.96, 25 / 3**0.5, 50 / 3**0.5], [False, False, True, True])
    assert (kind, round(beta, 9)) == ("trapezoid", round(1 / 3, 9))


@pytest.mark.parametrize("beta", [-0.1, 1.1])
def test_beta_is_a_share(beta: float) -> None:
    with pytest.raises(CalculationError):
        c.k_trapezoid(beta)
