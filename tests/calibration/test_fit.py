"""Published regressions, and what a fit must not depend on."""

import math
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.curve import OutsideRange
from calibration.exact import CalculationError
from calibration.fit import fit, through
from tests.calibration import nist

X28037, Y28037 = [1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1]


def test_nist_noint1() -> None:
    found = fit(range(60, 71), range(130, 141), through_zero=True)
    assert found.powers[0] == pytest.approx(2.07438016528926, rel=1e-12)
    assert found.u[0] == pytest.approx(0.0165289256198347, rel=1e-12)
    assert found.s == pytest.approx(3.56753034006338, rel=1e-12)
    assert found.r2 == pytest.approx(0.999365492298663, rel=1e-12)
    assert found.rss == pytest.approx(127.272727272727, rel=1e-12)
    assert found.f == pytest.approx(15750.25, rel=1e-12)


def test_nist_noint2() -> None:
    found = fit([4, 5, 6], [3, 4, 4], through_zero=True)
    assert found.powers[0] == pytest.approx(0.727272727272727, rel=1e-12)
    assert found.u[0] == pytest.approx(0.0420827318078432, rel=1e-12)
    assert found.s == pytest.approx(0.369274472937998, rel=1e-12)
    assert found.r2 == pytest.approx(0.993348115299335, rel=1e-12)
    assert found.f == pytest.approx(298.6666666666667, rel=1e-12)


@pytest.mark.parametrize("step", ["1", "0.1"])
def test_nist_wampler_1_and_2(step: str) -> None:
    """A quintic without scatter."""
    b = Decimal(step)
    x = list(range(21))
    y = [sum((b**e * v**e for e in range(6)), Decimal()) for v in x]
    found = fit(x, y, 5)
    for e, value in enumerate(found.powers):
        assert value == pytest.approx(float(b**e), rel=1e-12)
    assert found.s == pytest.approx(0, abs=1e-12)
    assert found.r2 == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("times", [1, 100, 10_000])
def test_nist_wampler_3_to_5(times: int) -> None:
    """The same quintic under more and more noise, which is orthogonal to it."""
    x = list(range(21))
    found = fit(x, [sum(v**e for e in range(6)) + times * nist.WAMPLER_NOISE[v] for v in x], 5)
    assert found.powers == pytest.approx([1] * 6, rel=1e-12)
    assert found.u == pytest.approx([times * u for u in nist.WAMPLER_U], rel=1e-12)
    assert found.s == pytest.approx(times * 2360.14502379268, rel=1e-12)
    assert found.r2 == pytest.approx(
        {1: 0.999995559025820, 100: 0.957478440825662, 10_000: 0.224668921574940e-02}[times]
    )


def test_nist_filip() -> None:
    """Degree ten: the condition number is about 10^15, double precision has nothing left of it."""
    found = fit(nist.FILIP_X, nist.FILIP_Y, 10)
    assert found.powers == pytest.approx(nist.FILIP_B, rel=1e-12)
    assert found.u == pytest.approx(nist.FILIP_U, rel=1e-12)
    assert found.s == pytest.approx(0.334801051324544e-02, rel=1e-12)
    assert found.r2 == pytest.approx(0.996727416185620, rel=1e-12)


LINES = st.lists(
    st.tuples(st.decimals(-100, 100, places=2), st.decimals(-100, 100, places=3)),
    min_size=5,
    max_size=15,
    unique_by=lambda p: p[0],
)


@given(LINES, st.randoms())
def test_the_order_of_points_does_not_matter(points: list[tuple[Decimal, Decimal]], rng: random.Random) -> None:
    shuffled = list(points)
    rng.shuffle(shuffled)
    a, b = (fit([p[0] for p in s], [p[1] for p in s]) for s in (points, shuffled))
    assert a.powers == pytest.approx(b.powers, rel=1e-13, abs=1e-13)
    assert a.u == pytest.approx(b.u, rel=1e-13)


@given(LINES, st.sampled_from([Decimal(1000), Decimal("0.001")]), st.decimals(-1000, 1000, places=1))
def test_units_and_origin_of_x(points: list[tuple[Decimal, Decimal]], factor: Decimal, offset: Decimal) -> None:
    """Degrees and kelvin, volt and millivolt: the curve passes through the same places, as uncertain as before."""
    x, y = [p[0] for p in points], [p[1] for p in points]
    plain, changed = fit(x, y, 2), fit([v * factor + offset for v in x], y, 2)
    for v in (min(x), max(x), sum(x, Decimal()) / len(x)):
        a, b = plain.at(float(v), extrapolate=True), changed.at(float(v * factor + offset), extrapolate=True)
        assert b.value == pytest.approx(a.value, rel=1e-9, abs=1e-9)
        assert b.u == pytest.approx(a.u, rel=1e-7, abs=1e-12)
    assert changed.rss == pytest.approx(plain.rss, rel=1e-12, abs=1e-25)


@given(LINES, st.sampled_from([Decimal(1000), Decimal("0.001"), Decimal(-2)]))
def test_units_of_y(points: list[tuple[Decimal, Decimal]], factor: Decimal) -> None:
    x, y = [p[0] for p in points], [p[1] for p in points]
    plain, scaled = fit(x, y), fit(x, [v * factor for v in y])
    assert scaled.powers == pytest.approx([b * float(factor) for b in plain.powers], rel=1e-12, abs=1e-15)
    assert scaled.u == pytest.approx([u * abs(float(factor)) for u in plain.u], rel=1e-12)


def test_equal_weights_give_the_curve_of_the_plain_fit() -> None:
    plain, weighted = fit(X28037, Y28037), fit(X28037, Y28037, u=plain_s())
    assert weighted.powers == pytest.approx(plain.powers, rel=1e-14)
    assert weighted.u == pytest.approx(plain.u, rel=1e-12)
    assert weighted.chi2 == pytest.approx(4)


def plain_s() -> float:
    return fit(X28037, Y28037).s


def test_a_diagonal_covariance_is_a_weighted_fit() -> None:
    u = [0.5, 0.4, 0.3, 0.5, 0.6, 0.7]
    matrix = [[Decimal(str(v)) ** 2 if i == j else 0 for j in range(6)] for i, v in enumerate(u)]
    weighted, full = fit(X28037, Y28037, u=u), fit(X28037, Y28037, u=matrix)
    assert full.powers == pytest.approx(weighted.powers, rel=1e-14)
    assert full.cov[0] == pytest.approx(weighted.cov[0], rel=1e-14)
    assert (weighted.method, full.method) == ("weighted", "covariance")


def test_a_common_error_adds_to_the_intercept_alone() -> None:
    """One standard for all points: its variance stands whole in that of the intercept, the slope does not feel it."""
    own, common = Decimal("0.25"), Decimal("0.09")
    matrix = [[own * (i == j) + common for j in range(6)] for i in range(6)]
    alone, shared = fit(X28037, Y28037, u=0.5), fit(X28037, Y28037, u=matrix)
    assert shared.powers == pytest.approx(alone.powers, rel=1e-13)
    assert shared.cov[0][0] == pytest.approx(alone.cov[0][0] + 0.09, rel=1e-13)
    assert shared.cov[1][1] == pytest.approx(alone.cov[1][1], rel=1e-13)


def test_inverse_and_back() -> None:
    found = fit(X28037, Y28037, u=0.5)
    x = found.inverse(found.curve.value(3.3), 0.5)
    assert x.value == pytest.approx(3.3, rel=1e-14)
    assert found.inverse(7.1, 0).u < found.inverse(7.1, 0.5).u


def test_a_reading_is_less_certain_than_the_curve() -> None:
    found = fit(X28037, Y28037)
    assert found.reading_at(3).u == pytest.approx(math.hypot(found.at(3).u, found.s))
    with pytest.raises(CalculationError, match="scatter of a reading"):
        fit(X28037, Y28037, u=0.5).reading_at(3)


def test_outside_the_range_nothing_is_said() -> None:
    found = fit(X28037, Y28037)
    for x in (0.99, 6.01):
        with pytest.raises(OutsideRange):
            found.at(x)
    with pytest.raises(OutsideRange):
        found.inverse(20, 0.1)
    assert found.at(7, extrapolate=True).u > found.at(6).u


def test_chi_squared_tells_uncertainties_that_are_too_small() -> None:
    assert fit(X28037, Y28037, u=0.5).consistent
    assert not fit(X28037, Y28037, u=0.1).consistent


def test_a_curve_that_turns_back_has_no_inverse() -> None:
    found = fit([0, 1, 2, 3, 4, 5], [0, 3, 4, 4, 3, 0], 2)
    with pytest.raises(CalculationError, match="turns back"):
        found.inverse(2, 0.1)


@pytest.mark.parametrize(
    ("x", "y", "degree", "u", "says"),
    [
        ([1, 2, 3], [1, 2, 3], 1, None, "degrees of freedom"),
        ([1, 2, 3, 4], [1, 2, 3], 1, None, "x has 4, y has 3"),
        ([2, 2, 2, 2], [1, 2, 3, 4], 1, None, "same place"),
        ([1, 1, 2, 2, 1], [1, 2, 3, 4, 5], 2, None, "do not determine"),
        ([1, 2, 3, 4], [1, 2, 3, 4], 1, [1, 1, 1], "3 uncertainties for 4"),
        ([1, 2, 3, 4], [1, 2, 3, 4], 1, 0, "above zero"),
        ([1, 2, 3, 4], [1, 2, 3, 4], 1, [[1, 0], [0, 1]], "2 rows for 4"),
        ([1, 2, 3, 4], [1, 2, 3, 4], 1, [[1] * 4] * 4, "not positive definite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x: list[int], y: list[int], degree: int, u: int | None, says: str) -> None:
    with pytest.raises(CalculationError, match=says):
        fit(x, y, degree, u=u)


def test_two_buffers_make_a_line() -> None:
    line = through([("4.01", "0.1770"), ("9.18", "-0.1290")], u="0.001")
    assert line.powers[1] == pytest.approx(-0.306 / 5.17)
    assert line.nu == 0


def test_one_bad_point_among_large_numbers_keeps_its_digits() -> None:
    """x around a million, a hundredth apart: normal equations in doubles would have nothing left."""
    x = [Decimal(1000000) + Decimal(i) / 100 for i in range(10)]
    y = [3 + 2 * (v - 1000000) for v in x]
    found = fit(x, y)
    assert found.powers[1] == pytest.approx(2, rel=1e-14)
    assert found.powers[0] == pytest.approx(3 - 2000000, rel=1e-14)
