import math
import random
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import stats
from calibration.exact import CalculationError, Number
from calibration.stats import autocorrelation, correlation, covariance, summary
from tests.calibration import nist

NUMERALS = st.decimals(-1000, 1000, places=4)
READINGS = st.lists(NUMERALS, min_size=2, max_size=30)


@given(READINGS, NUMERALS)
def test_a_shift_moves_the_mean_and_nothing_else(values: list[Decimal], by: Decimal) -> None:
    plain, moved = stats.summary(values), stats.summary([v + by for v in values])
    assert moved.mean == pytest.approx(plain.mean + float(by), rel=1e-15, abs=1e-12)
    assert moved.s == pytest.approx(plain.s, rel=1e-14)


@given(READINGS, st.sampled_from([Decimal("0.001"), Decimal(1000), Decimal(-7)]))
def test_another_unit_scales_everything(values: list[Decimal], factor: Decimal) -> None:
    plain, scaled = stats.summary(values), stats.summary([v * factor for v in values])
    assert scaled.mean == pytest.approx(plain.mean * float(factor), rel=1e-14, abs=1e-15)
    assert scaled.s == pytest.approx(plain.s * abs(float(factor)), rel=1e-14)
    assert scaled.u == pytest.approx(plain.u * abs(float(factor)), rel=1e-14)


@given(READINGS, st.randoms())
def test_the_order_does_not_matter(values: list[Decimal], rng: random.Random) -> None:
    shuffled = list(values)
    rng.shuffle(shuffled)
    assert stats.summary(shuffled) == stats.summary(values)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=30))
def test_it_agrees_with_exact_fractions(values: list[int]) -> None:
    assert stats.sd(values) == pytest.approx(statistics.stdev(values), rel=1e-14)


def test_small_scatter_on_a_large_value_survives() -> None:
    """NumAcc4, as decimals and as floats: the one-pass formula gives 0.0."""
    for values in (["10000000.2", *["10000000.1", "10000000.3"] * 500], [10000000.2, *[10000000.1, 10000000.3] * 500]):
        numbers: list[Number] = list(values)
        assert stats.sd(numbers) == pytest.approx(0.1, rel=1e-14)


def test_one_reading_has_no_scatter_of_its_own() -> None:
    assert stats.summary(["5.1"]) == stats.Summary(1, 5.1, 0.0, 0.0, 0)
    with pytest.raises(CalculationError):
        stats.sd([1])
    with pytest.raises(CalculationError):
        stats.mean([])


def test_pooled() -> None:
    both = stats.pooled([stats.Spread(1.0, 2), stats.Spread(2.0, 4)])
    assert both.s == pytest.approx(math.sqrt((2 * 1 + 4 * 4) / 6))
    assert both.nu == 6


def test_correlated_samples_make_the_mean_worse() -> None:
    """AR(1) with 0.9: the standard deviation of the mean is near 0.316, s/√n says 0.067."""
    rng, found, plain = random.Random(5), [], []  # noqa: S311
    for _ in range(20):
        x, values = 0.0, []
        for _ in range(200):
            x = 0.9 * x + rng.gauss(0, math.sqrt(1 - 0.81))
            values.append(x)
        summary = stats.summary(values, serial=True)
        assert summary.correlated
        assert summary.lag > 3
        found.append(summary.u)
        plain.append(summary.s / math.sqrt(200))
    assert statistics.fmean(plain) == pytest.approx(0.067, abs=0.01)
    assert 0.18 < statistics.fmean(found) < 0.32


def test_independent_samples_are_left_alone() -> None:
    rng = random.Random(1)  # noqa: S311
    summaries = [stats.summary([rng.gauss(0, 1) for _ in range(100)], serial=True) for _ in range(50)]
    assert statistics.fmean(s.u / (s.s / 10) for s in summaries) == pytest.approx(1.0, abs=0.05)


def test_paired_differences_cancel_the_bath() -> None:
    drift = [Decimal(i) / 10 for i in range(20)]
    errors = stats.differences([v + Decimal("0.02") for v in drift], drift)
    assert set(errors) == {Decimal("0.02")}


def test_pairs_are_nearest_in_time_and_used_once() -> None:
    pairs = stats.pair([(0.0, 1), (1.0, 2), (5.0, 3)], [(0.1, 10), (1.2, 20), (9.0, 30)], within_s=0.5)
    assert pairs == [(1, 10), (2, 20)]


def test_resolution_is_not_counted_twice() -> None:
    assert stats.resolution(1.0) == pytest.approx(0.288675, abs=1e-6)
    assert stats.resolution(1.0, readings=2) == pytest.approx(0.408248, abs=1e-6)
    assert stats.scatter(0.0, 10, 1.0) == stats.resolution(1.0)
    assert stats.scatter(10.0, 4, 1.0) == 5.0


def test_reliability_of_a_type_b_estimate() -> None:
    """GUM G.4.2: a quarter of doubt is 8 degrees of freedom."""
    assert stats.type_b_nu(0.25) == 8
    assert stats.type_b_nu(0) == math.inf


def test_slope() -> None:
    assert stats.slope([0, 1, 2, 3], [5, 7, 9, 11])[0] == pytest.approx(2)
    b, u, s = stats.slope([0, 1, 2], ["0", "1", "0"])
    assert b == 0
    assert s == pytest.approx(math.sqrt(2 / 3))
    assert u == pytest.approx(s / math.sqrt(2))


@pytest.mark.parametrize(
    ("values", "average", "scatter", "r1"),
    [
        (nist.LEW, -177.435, 277.332168044316, -0.307304800605679),
        (nist.MAVRO, 2.001856, 0.000429123454003053, 0.937989183438248),
        (nist.MICHELSO, 299.8524, 0.0790105478190518, 0.535199668621283),
    ],
)
def test_nist_univariate(values: list[Decimal], average: float, scatter: float, r1: float) -> None:
    """Mean, standard deviation and lag-1 autocorrelation as certified."""
    found = summary(values)
    assert (found.mean, found.s) == pytest.approx((average, scatter), rel=1e-12)
    assert autocorrelation(values, 1) == pytest.approx(r1, rel=1e-12)


def test_covariance_and_correlation() -> None:
    a, b = [1, 2, 3, 4], [2, 4, 5, 9]
    assert covariance(a, b) == pytest.approx(11 / 3)
    assert covariance(a, b, of_means=True) == pytest.approx(11 / 12)
    assert correlation(a, b) == pytest.approx(11 / math.sqrt(5 * 26))
    assert correlation(a, [-v for v in a]) == -1
    assert covariance(a, a, of_means=True) == pytest.approx(summary(a).u ** 2)


@pytest.mark.parametrize(("a", "b"), [([1, 2], [1]), ([1], [1])])
def test_pairs_are_needed(a: list[int], b: list[int]) -> None:
    with pytest.raises(CalculationError):
        covariance(a, b)


def test_what_does_not_scatter_is_correlated_with_nothing() -> None:
    with pytest.raises(CalculationError):
        correlation([1, 1, 1], [1, 2, 3])
