"""Against published tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import distributions as d
from calibration.exact import CalculationError

G2_95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26, 10: 2.23, 20: 2.09, 50: 2.01}
G2_99 = {1: 63.66, 2: 9.92, 3: 5.84, 4: 4.60, 5: 4.03, 10: 3.17, 20: 2.85, 100: 2.626}


@pytest.mark.parametrize(("nu", "t"), G2_95.items())
def test_t_95_of_the_gums_table(nu: int, t: float) -> None:
    assert round(d.t_two_sided(0.95, nu), 2) == t


@pytest.mark.parametrize(("nu", "t"), G2_99.items())
def test_t_99_of_the_gums_table(nu: int, t: float) -> None:
    assert d.t_two_sided(0.99, nu) == pytest.approx(t, abs=0.0051)


def test_closed_forms_of_t() -> None:
    """One degree of freedom is Cauchy, two have a formula."""
    assert d.t_two_sided(0.95, 1) == pytest.approx(math.tan(math.pi * 0.475), rel=1e-13)
    assert d.t_two_sided(0.95, 2) == pytest.approx(0.95 * math.sqrt(2 / (1 - 0.95**2)), rel=1e-13)
    assert d.t_cdf(-3, 1) == pytest.approx(0.5 + math.atan(-3) / math.pi, rel=1e-13)


@pytest.mark.parametrize(
    ("nu", "limit"), [(1, 3.841459), (2, 5.991465), (4, 9.487729), (10, 18.307038), (100, 124.342113)]
)
def test_chi_squared_95(nu: int, limit: float) -> None:
    assert d.chi2_quantile(0.95, nu) == pytest.approx(limit, rel=1e-7)


def test_chi_squared_with_two_degrees_is_exponential() -> None:
    for x in (0.1, 1.0, 10.0, 60.0):
        assert d.chi2_cdf(x, 2) == pytest.approx(1 - math.exp(-x / 2), rel=1e-13)


@pytest.mark.parametrize(("a", "b", "limit"), [(1, 10, 4.9646), (3, 10, 3.7083), (5, 5, 5.0503)])
def test_f_95(a: int, b: int, limit: float) -> None:
    assert d.f_quantile(0.95, a, b) == pytest.approx(limit, abs=1e-4)


def test_the_normal_tail_keeps_its_digits() -> None:
    assert d.normal_cdf(-6) == pytest.approx(9.865876450376981e-10, rel=1e-12)
    assert d.normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-12)


@given(st.floats(0.001, 0.999), st.floats(1, 900))
def test_quantiles_are_the_inverse(p: float, nu: float) -> None:
    t = d.t_two_sided(p, nu)
    assert d.t_cdf(t, nu) - d.t_cdf(-t, nu) == pytest.approx(p, rel=1e-9)
    assert d.chi2_cdf(d.chi2_quantile(p, nu), nu) == pytest.approx(p, rel=1e-9)
    assert d.f_cdf(d.f_quantile(p, nu, 7), nu, 7) == pytest.approx(p, rel=1e-9)


def test_binomial() -> None:
    assert d.binomial_cdf(2, 4, 0.5) == pytest.approx(11 / 16)
    assert d.binomial_pmf(2, 4, 0.5) == pytest.approx(6 / 16)
    assert d.binomial_pmf(1, 1, 1) == 1
    assert d.binomial_cdf(5000, 10_000, 0.5) == pytest.approx(0.5 + 0.5 * math.sqrt(2 / (math.pi * 10_000)), rel=1e-4)


@pytest.mark.parametrize(("p", "nu"), [(0, 1), (1, 1), (0.5, 0), (0.5, -1), (0.5, math.nan)])
def test_nonsense_is_refused(p: float, nu: float) -> None:
    with pytest.raises(CalculationError):
        d.t_two_sided(p, nu)
