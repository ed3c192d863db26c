"""Fits where x is uncertain too: generalised distance regression [ISO/TS 28037 7 to 10], any polynomial.

Gauss-Newton: at the present estimate of the true x the curve is a straight line in each of them; the linear problem
that follows is solved by QR, until nothing moves. Pairs with their own 2 × 2 covariance are eliminated one by one, so a
hundred points cost milliseconds; a full covariance matrix of all x and y is one large problem.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from calibration.exact import CalculationError, Number, arithmetic, exact, exacts, same_length
from calibration.fit import MIN_NU, Basis, Fit, apply, fit, floats, table
from calibration.linear import Matrix, Solution, Vector, cholesky, convert, solve, whiten

_STEPS = 200
_SETTLED = Decimal("1e-20")
Each = Number | Sequence[Number]


def fit_both(
    x: Sequence[Number],
    y: Sequence[Number],
    ux: Each,
    uy: Each,
    degree: int = 1,
    *,
    cov: Each = 0,
    through_zero: bool = False,
    min_nu: int = MIN_NU,
) -> Fit:
    """The polynomial nearest to points whose x and y have uncertainties, and maybe a covariance ``cov`` in each pair.

    Of ``ux`` and ``uy`` either may be 0 in a point, but not both. Raises CalculationError.
    """
    start = _start(x, y, degree, through_zero, min_nu)
    with arithmetic():
        n = len(x)
        xs, ys = exacts(x), exacts(y)
        pairs = list(zip(_each(ux, n, "ux"), _each(uy, n, "uy"), _each(cov, n, "cov"), strict=True))
        basis = Basis.over(xs, start.curve.exponents)
        coef, true = exacts(start.curve.coef), list(xs)
        for _ in range(_STEPS):
            solution, true, moved = _pairwise(basis, coef, true, xs, ys, pairs)
            coef = solution.coef
            if moved:
                continue
            return _finished(start, basis, solution, xs, ys)
    raise CalculationError("the fit does not settle: the points hardly determine the curve")


def fit_covariance(
    x: Sequence[Number],
    y: Sequence[Number],
    covariance: Sequence[Sequence[Number]],
    degree: int = 1,
    *,
    through_zero: bool = False,
    min_nu: int = MIN_NU,
) -> Fit:
    """The same with the full 2m × 2m covariance matrix of (x₁ … xₘ, y₁ … yₘ) [ISO/TS 28037 10].

    Raises CalculationError.
    """
    start = _start(x, y, degree, through_zero, min_nu)
    n = len(x)
    if len(covariance) != 2 * n:
        raise CalculationError(f"the covariance matrix of {n} points has {2 * n} rows, not {len(covariance)}")
    with arithmetic():
        xs, ys = exacts(x), exacts(y)
        lower = cholesky([exacts(row) for row in covariance])
        basis = Basis.over(xs, start.curve.exponents)
        coef, true = exacts(start.curve.coef), list(xs)
        for _ in range(_STEPS):
            solution, true, moved = _together(basis, coef, true, xs, ys, lower)
            coef = solution.coef
            if not moved:
                return _finished(start, basis, solution, xs, ys)
    raise CalculationError("the fit does not settle: the points hardly determine the curve")


def _start(x: Sequence[Number], y: Sequence[Number], degree: int, through_zero: bool, min_nu: int) -> Fit:
    if same_length(x=x, y=y) == degree + int(not through_zero) and not min_nu:
        return fit(x, y, degree, u=1, through_zero=through_zero, min_nu=0)
    return fit(x, y, degree, u=1, through_zero=through_zero, min_nu=min_nu)


def _each(value: Each, n: int, name: str) -> Vector:
    values = exacts(value) if isinstance(value, Sequence) and not isinstance(value, str) else [exact(value)] * n
    if len(values) != n:
        raise CalculationError(f"{name} has {len(values)} values for {n} points")
    return values


def _slope(basis: Basis, coef: Vector, x: Decimal) -> Decimal:
    z = (x - basis.x0) / basis.scale
    terms = zip(coef, basis.exponents, strict=True)
    return sum((b * e * (z ** (e - 1) if e > 1 else 1) for b, e in terms if e), Decimal()) / basis.scale


def _pairwise(
    basis: Basis, coef: Vector, true: Vector, x: Vector, y: Vector, pairs: list[tuple[Decimal, Decimal, Decimal]]
) -> tuple[Solution, Vector, bool]:
    """One step: new coefficients (as the solution), new true x, whether anything moved."""
    slopes = [_slope(basis, coef, v) for v in true]
    rows, right, roots = [], [], []
    for i, (ux, uy, cov) in enumerate(pairs):
        variance = uy * uy + slopes[i] ** 2 * ux * ux - 2 * slopes[i] * cov
        if variance <= 0:
            raise CalculationError(f"point {i + 1} has no uncertainty in either direction")
        roots.append(variance.sqrt())
        # y seen from the true x along the tangent; the curve is linear in its coefficients there.
        rows.append([v / roots[i] for v in basis.row(true[i])])
        right.append((y[i] - slopes[i] * (x[i] - true[i])) / roots[i])
    solution = solve(rows, right)
    rest = [r - f for r, f in zip(right, apply(rows, solution.coef), strict=True)]
    new = []
    for i, (ux, _, cov) in enumerate(pairs):
        new.append(x[i] - (cov - slopes[i] * ux * ux) * rest[i] / roots[i])
    return solution, new, _moves(coef, solution.coef) or _moves(true, new)


def _together(
    basis: Basis, coef: Vector, true: Vector, x: Vector, y: Vector, lower: Matrix
) -> tuple[Solution, Vector, bool]:
    """One step with the true x among the unknowns: x = ξ + …, y = f(ξ₀) + f′(ξ₀)(ξ − ξ₀) + …"""
    n, zero = len(x), Decimal()
    rows = [[Decimal(int(i == j)) for j in range(n)] + [zero] * len(coef) + [x[i]] for i in range(n)]
    for i, value in enumerate(true):
        slope = _slope(basis, coef, value)
        tangent = [slope if i == j else zero for j in range(n)]
        rows.append([*tangent, *basis.row(value), y[i] + slope * value])
    ready = whiten(lower, rows)
    whole = solve([row[:-1] for row in ready], [row[-1] for row in ready])
    part = Solution(whole.coef[n:], [row[n:] for row in whole.inverse[n:]], whole.rss)
    return part, whole.coef[:n], _moves(coef, part.coef) or _moves(true, whole.coef[:n])


def _moves(old: Vector, new: Vector) -> bool:
    size = max(map(abs, new)) or Decimal(1)
    return any(abs(a - b) > size * _SETTLED for a, b in zip(old, new, strict=True))


def _finished(start: Fit, basis: Basis, solution: Solution, x: Vector, y: Vector) -> Fit:
    factors = basis.to_powers()
    fitted = apply([basis.row(v) for v in x], solution.coef)
    rss = float(solution.rss)
    return replace(
        start,
        method="both axes",
        curve=basis.curve(solution.coef, solution.inverse),
        powers=floats(apply(factors, solution.coef)),
        cov=table(convert(factors, solution.inverse)),
        residuals=floats([a - b for a, b in zip(y, fitted, strict=True)]),
        rss=rss,
        s=math.sqrt(rss / start.nu) if start.nu else 0.0,
        r2=math.nan,
        f=math.nan,
        chi2=rss,
    )
