"""NIST's Longley, and the polynomial room as an oracle."""

import math

import pytest

from calibration.exact import CalculationError
from calibration.fit import fit
from calibration.terms import fit_terms

LONGLEY = """60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962"""


def test_nist_longley() -> None:
    table = [line.split() for line in LONGLEY.splitlines()]
    found = fit_terms([["1", *row[1:]] for row in table], [row[0] for row in table])
    b: tuple[float, ...] = (-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683)
    b += (-1.03322686717359, -0.511041056535807e-01, 1829.15146461355)
    u: tuple[float, ...] = (890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699)
    u += (0.214274163161675, 0.226073200069370, 455.478499142212)
    assert found.coef == pytest.approx(b, rel=1e-12)
    assert found.u == pytest.approx(u, rel=1e-12)
    assert found.s == pytest.approx(304.854073561965, rel=1e-12)
    assert found.r2 == pytest.approx(0.995479004577296, rel=1e-12)
    assert found.f == pytest.approx(330.285339234588, rel=1e-12)
    assert found.rss == pytest.approx(836424.055505915, rel=1e-12)


@pytest.mark.parametrize("u", [None, [0.1, 0.2, 0.1, 0.3, 0.2, 0.1]])
def test_a_line_is_the_line_of_the_other_room(u: list[float] | None) -> None:
    x, y = [1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1]
    terms, line = fit_terms([[1, v] for v in x], y, u=u), fit(x, y, u=u)
    assert terms.coef == pytest.approx(line.powers, rel=1e-13)
    assert terms.cov[0] == pytest.approx(line.cov[0], rel=1e-12)
    assert (terms.r2, terms.f, terms.s) == pytest.approx((line.r2, line.f, line.s), rel=1e-12)
    assert terms.chi2 == (None if u is None else pytest.approx(line.chi2, rel=1e-12))
    assert terms.at([1, 3.5]) == pytest.approx((line.at(3.5).value, line.at(3.5).u), rel=1e-12)
    zero = fit_terms([[v] for v in x], y, u=u)
    assert (zero.coef[0], zero.r2) == pytest.approx((fit(x, y, u=u, through_zero=True).powers[0], 0.99), rel=0.02)


def test_a_thermistor() -> None:
    """Steinhart and Hart: 1/T = a + b ln R + c (ln R)³."""
    a, b, c = 1.129e-3, 2.341e-4, 8.775e-8
    r = [30000.0, 20000.0, 10000.0, 5000.0, 2000.0, 1000.0]
    terms = [[1.0, math.log(v), math.log(v) ** 3] for v in r]
    found = fit_terms(terms, [a + b * t[1] + c * t[2] for t in terms])
    assert found.coef == pytest.approx((a, b, c), rel=1e-9)


def test_units_of_a_term_change_only_its_coefficient() -> None:
    rows, y = [[1, v, v * v] for v in range(7)], [0.1, 1.2, 3.9, 9.2, 16.1, 24.8, 36.3]
    plain, milli = fit_terms(rows, y), fit_terms([[1, 1000 * a, b] for _, a, b in rows], y)
    assert milli.coef[1] * 1000 == pytest.approx(plain.coef[1], rel=1e-12)
    assert (milli.coef[0], milli.u[2]) == pytest.approx((plain.coef[0], plain.u[2]), rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "y", "u", "says"),
    [
        ([[1], [1]], [1, 2, 3], None, "as many rows"),
        ([], [], None, "as many rows"),
        ([[1, 2], [1]], [1, 2], None, "as many rows"),
        ([[1, 2]] * 3, [1, 2, 3], None, "degrees of freedom"),
        ([[1, 2]] * 5, [1, 2, 3, 4, 5], None, "do not determine"),
        ([[1]] * 4, [1, 2, 3, 4], [1, 1], "2 uncertainties"),
        ([[1]] * 4, [1, 2, 3, 4], [1, 1, 0, 1], "above zero"),
    ],
)
def test_what_cannot_be_fitted(rows: list[list[int]], y: list[int], u: list[int] | None, says: str) -> None:
    with pytest.raises(CalculationError, match=says):
        fit_terms(rows, y, u=u)


def test_as_many_terms_as_were_fitted() -> None:
    with pytest.raises(CalculationError, match="1 terms"):
        fit_terms([[1]] * 4, [1, 2, 3, 4]).at([1, 2])
