"""Pearson's data with York's weights; ISO/TS 28037's covariances; limits in which it must become a plain fit."""

from decimal import Decimal

import pytest

from calibration.both_axes import fit_both, fit_covariance
from calibration.exact import CalculationError
from calibration.fit import fit

X = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
WX = [1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1]
WY = [1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]
UX, UY = [w**-0.5 for w in WX], [w**-0.5 for w in WY]


def test_pearson_with_yorks_weights() -> None:
    """York et al. 2004: a = 5.47991, b = −0.48053, S = 11.8664; the classic test of both-axes fits."""
    found = fit_both(X, Y, UX, UY)
    assert found.powers == pytest.approx((5.479910224, -0.480533407), rel=1e-9)
    assert found.u == pytest.approx((0.294971, 0.057985), abs=1e-6)
    assert found.chi2 == pytest.approx(11.8664, abs=1e-4)
    assert found.nu == 8


def test_without_uncertainty_in_x_it_is_the_weighted_fit() -> None:
    both, plain = fit_both(X, Y, 0, UY), fit(X, Y, u=UY)
    assert both.powers == pytest.approx(plain.powers, rel=1e-13)
    assert both.cov[0] == pytest.approx(plain.cov[0], rel=1e-13)
    assert both.chi2 == pytest.approx(plain.chi2)


def test_exchanged_axes_are_the_same_line() -> None:
    a, b = fit_both(X, Y, UX, UY), fit_both(Y, X, UY, UX)
    assert b.powers[1] == pytest.approx(1 / a.powers[1], rel=1e-12)
    assert b.chi2 == pytest.approx(a.chi2, rel=1e-12)


@pytest.mark.parametrize("degree", [1, 2])
def test_the_full_covariance_agrees_with_pairs(degree: int) -> None:
    n, cov = 6, Decimal("0.01")
    x, y, ux, uy = X[:n], Y[:n], Decimal("0.2"), Decimal("0.3")
    matrix = [[Decimal() for _ in range(2 * n)] for _ in range(2 * n)]
    for i in range(n):
        matrix[i][i], matrix[n + i][n + i] = ux * ux, uy * uy
        matrix[i][n + i] = matrix[n + i][i] = cov
    pairs, full = fit_both(x, y, ux, uy, degree, cov=cov), fit_covariance(x, y, matrix, degree)
    assert full.powers == pytest.approx(pairs.powers, rel=1e-12)
    assert full.chi2 == pytest.approx(pairs.chi2, rel=1e-12)
    if degree == 1:
        assert full.u == pytest.approx(pairs.u, rel=1e-12)


def test_units_change_nothing() -> None:
    plain = fit_both(X, Y, UX, UY)
    milli = fit_both([1000 * v for v in X], Y, [1000 * u for u in UX], UY)
    assert milli.powers[1] * 1000 == pytest.approx(plain.powers[1], rel=1e-12)
    assert milli.u[0] == pytest.approx(plain.u[0], rel=1e-12)


def test_a_point_must_be_uncertain_somehow() -> None:
    with pytest.raises(CalculationError, match="point 1 has no uncertainty"):
        fit_both(X, Y, 0, [0, *UY[1:]])
    with pytest.raises(CalculationError, match="20 rows"):
        fit_covariance(X, Y, [[1]])


def test_iso_ts_28037_with_covariances_of_all() -> None:
    """Clause 10: covariance matrices of the x and of the y, a = 0.342 4, b = 1.001 2, chi-squared 1.772."""
    x, y = [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1], [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2]
    matrix = [[0.0] * 14 for _ in range(14)]
    for i, row in enumerate(UX28037):
        for j, value in enumerate(row):
            matrix[i][j], matrix[7 + i][7 + j] = value, 5.0 if i == j else 1.0
    found = fit_covariance(x, y, matrix)
    assert found.powers == pytest.approx((0.3424, 1.0012), abs=0.00005)
    assert found.u == pytest.approx((2.0569, 0.0090), abs=0.00005)
    assert found.cov[0][1] == pytest.approx(-0.0129, abs=0.00005)
    assert found.chi2 == pytest.approx(1.772, abs=0.0005)
    assert found.chi2_limit == pytest.approx(11.070, abs=0.0005)


UX28037 = [
    [0.5, 0, 0.25, 0, 0.25, 0, 0.25],
    [0, 1.25, 1, 0, 0, 1, 1],
    [0.25, 1, 1.5, 0, 0.25, 1, 1.25],
    [0, 0, 0, 1.25, 1, 1, 1],
    [0.25, 0, 0.25, 1, 1.5, 1, 1.25],
    [0, 1, 1, 1, 1, 2.25, 2],
    [0.25, 1, 1.25, 1, 1.25, 2, 2.5],
]
