"""Fits of a calibration function: scatter unknown but equal, uncertainties or covariances known.

[GUM H.3, ISO/TS 28037.] All are one linear problem after whitening. x and y may be decimal strings; results are floats.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from calibration.curve import Curve, Estimate
from calibration.distributions import chi2_quantile
from calibration.exact import CalculationError, Number, arithmetic, exact, exacts, same_length
from calibration.linear import Matrix, Solution, Vector, cholesky, convert, solve, whiten

MIN_NU = 2
_NOISE = Decimal("1e-80")
Method = Literal["ordinary", "weighted", "covariance", "both axes"]
Whitener = Callable[[Matrix], Matrix]
Uncertainty = Number | Sequence[Number] | Sequence[Sequence[Number]]


@dataclass(frozen=True, slots=True)
class Fit:
    """``powers`` are the coefficients of x^e for e in ``curve.exponents``, ``cov`` their covariance.

    ``s`` is the residual standard deviation (of weighted residuals where uncertainties were given, there it should be
    near 1). ``r2`` and ``f`` are without a mean where the curve is forced through zero. ``chi2`` is None where the
    scatter was not known beforehand.
    """

    method: Method
    curve: Curve
    powers: tuple[float, ...]
    cov: tuple[tuple[float, ...], ...]
    residuals: tuple[float, ...]
    n: int
    nu: int
    rss: float
    s: float
    r2: float
    f: float
    chi2: float | None = None

    @property
    def u(self) -> tuple[float, ...]:
        """The standard uncertainties of ``powers``."""
        return tuple(math.sqrt(max(0.0, row[i])) for i, row in enumerate(self.cov))

    def correlation(self, i: int, j: int) -> float:
        """Of two coefficients."""
        return self.cov[i][j] / math.sqrt(self.cov[i][i] * self.cov[j][j])

    @property
    def chi2_limit(self) -> float:
        """The value χ² exceeds in 5 % of all cases."""
        return chi2_quantile(0.95, self.nu) if self.nu else math.inf

    @property
    def consistent(self) -> bool:
        """The scatter is explained by the stated uncertainties; always so where none were stated."""
        return self.chi2 is None or self.chi2 <= self.chi2_limit

    def at(self, x: float, *, extrapolate: bool = False) -> Estimate:
        """The curve at ``x``. Raises OutsideRange."""
        return Estimate(self.curve.value(x, extrapolate=extrapolate), self.curve.u(x, extrapolate=extrapolate))

    def reading_at(self, x: float, *, u: float | None = None, extrapolate: bool = False) -> Estimate:
        """One future reading at ``x``: adds its own scatter, ``u`` or by default ``s``. Raises OutsideRange."""
        if u is None and self.chi2 is not None:
            raise CalculationError("the scatter of a reading must be given: the fit had an uncertainty for each point")
        own = self.s if u is None else u
        here = self.at(x, extrapolate=extrapolate)
        return Estimate(here.value, math.hypot(here.u, own))

    def inverse(self, y: float, u: float, *, extrapolate: bool = False) -> Estimate:
        """The x that gives ``y`` ± ``u`` [ISO/TS 28037 6.5]. Raises OutsideRange, CalculationError."""
        x = self.curve.inverse(y, extrapolate=extrapolate)
        spread = math.hypot(u, self.curve.u(x, extrapolate=True))
        return Estimate(x, spread / abs(self.curve.slope(x)))


def fit(
    x: Sequence[Number],
    y: Sequence[Number],
    degree: int = 1,
    *,
    u: Uncertainty | None = None,
    through_zero: bool = False,
    min_nu: int = MIN_NU,
) -> Fit:
    """The polynomial of ``degree`` with the least squared residuals.

    Without ``u`` the points scatter equally and the residuals say how much; ``u`` is the standard uncertainty of the
    y, one for all or each its own, or their covariance matrix. Raises CalculationError, also for fewer than ``min_nu``
    degrees of freedom.
    """
    n = same_length(x=x, y=y)
    exponents = tuple(range(1 if through_zero else 0, degree + 1))
    if n - len(exponents) < min_nu:
        raise CalculationError(
            f"{n} points leave {n - len(exponents)} degrees of freedom for {len(exponents)} coefficients, "
            f"at least {min_nu} are needed"
        )
    if u is None and n == len(exponents):
        raise CalculationError("a curve through every point says nothing about scatter: give the uncertainties")
    with arithmetic():
        basis = Basis.over(exacts(x), exponents)
        ys = exacts(y)
        rows = [basis.row(v) for v in exacts(x)]
        whitener = None if u is None else _whitener(u, n)
        plain = [[*row, value] for row, value in zip(rows, ys, strict=True)]
        ready = plain if whitener is None else whitener(plain)
        solution = _without_noise(solve([row[:-1] for row in ready], [row[-1] for row in ready]), ready)
        return _described(basis, rows, ys, solution, whitener, _method(u))


def through(points: Sequence[tuple[Number, Number]], *, u: Uncertainty) -> Fit:
    """The straight line through two points with known uncertainties, as a pH meter is set with two buffers."""
    x, y = [p[0] for p in points], [p[1] for p in points]
    return fit(x, y, u=u, min_nu=0)


@dataclass(frozen=True, slots=True)
class Basis:
    """Powers of z = (x − x0)/scale."""

    x0: Decimal
    scale: Decimal
    exponents: tuple[int, ...]
    low: Decimal
    high: Decimal

    @classmethod
    def over(cls, x: Vector, exponents: tuple[int, ...]) -> "Basis":
        """Centred and scaled to the points; through zero there is no other centre than zero."""
        # Whole doubles, so that the curve of floats means the same as the one that was fitted.
        x0 = exact(float(sum(x, Decimal()) / len(x))) if 0 in exponents else Decimal()
        scale = max(abs(v - x0) for v in x)
        if not scale:
            raise CalculationError("all points are at the same place")
        return cls(x0, exact(float(scale)), exponents, min(x), max(x))

    def row(self, x: Decimal) -> Vector:
        z = (x - self.x0) / self.scale
        return [z**e if e else Decimal(1) for e in self.exponents]

    def to_powers(self) -> Matrix:
        """The matrix that turns coefficients of z into those of x."""
        rows = []
        for wanted in self.exponents:
            rows.append([self._share(e, wanted) for e in self.exponents])
        return rows

    def _share(self, e: int, wanted: int) -> Decimal:
        if wanted > e:
            return Decimal()
        offset = (-self.x0) ** (e - wanted) if e > wanted else Decimal(1)
        return math.comb(e, wanted) * offset / self.scale**e

    def curve(self, coef: Vector, cov: Matrix) -> Curve:
        return Curve(
            float(self.x0),
            float(self.scale),
            self.exponents,
            floats(coef),
            table(cov),
            float(self.low),
            float(self.high),
        )


def floats(values: Vector) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def table(matrix: Matrix) -> tuple[tuple[float, ...], ...]:
    return tuple(floats(row) for row in matrix)


def apply(matrix: Matrix, vector: Vector) -> Vector:
    """M v."""
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Decimal()) for row in matrix]


def _without_noise(solution: Solution, ready: Matrix) -> Solution:
    """Residuals of the last of fifty digits are none: the curve goes through every point."""
    size = sum((row[-1] * row[-1] for row in ready), Decimal())
    return replace(solution, rss=Decimal()) if solution.rss <= size * _NOISE else solution


def _method(u: Uncertainty | None) -> Method:
    if u is None:
        return "ordinary"
    return "covariance" if _is_matrix(u) else "weighted"


def _is_matrix(u: Uncertainty) -> bool:
    return (
        isinstance(u, Sequence) and not isinstance(u, str) and isinstance(u[0], Sequence) and not isinstance(u[0], str)
    )


def _whitener(u: Uncertainty, n: int) -> Whitener:
    """What makes the points' errors independent with variance 1."""
    if _is_matrix(u):
        matrix = [exacts(row) for row in u]  # type: ignore[union-attr,arg-type]
        if len(matrix) != n:
            raise CalculationError(f"the covariance matrix has {len(matrix)} rows for {n} points")
        whitener = cholesky(matrix)
        return lambda rows: whiten(whitener, rows)
    each = exacts(u) if isinstance(u, Sequence) and not isinstance(u, str) else [exact(u)] * n  # type: ignore[arg-type]
    if len(each) != n:
        raise CalculationError(f"there are {len(each)} uncertainties for {n} points")
    if any(v <= 0 for v in each):
        raise CalculationError("every point needs an uncertainty above zero")
    return lambda rows: [[value / v for value in row] for v, row in zip(each, rows, strict=True)]


def _described(
    basis: Basis, rows: Matrix, y: Vector, solution: Solution, whitener: Whitener | None, method: Method
) -> Fit:
    n, p = len(y), len(basis.exponents)
    s2 = solution.rss / (n - p) if n > p else Decimal()
    scale = s2 if whitener is None else Decimal(1)
    cov = [[scale * v for v in row] for row in solution.inverse]
    factors = basis.to_powers()
    residuals = [v - f for v, f in zip(y, apply(rows, solution.coef), strict=True)]
    r2, f = _explained(y, solution.rss, n - p, whitener, mean=0 in basis.exponents, terms=p)
    return Fit(
        method=method,
        curve=basis.curve(solution.coef, cov),
        powers=floats(apply(factors, solution.coef)),
        cov=table(convert(factors, cov)),
        residuals=floats(residuals),
        n=n,
        nu=n - p,
        rss=float(solution.rss),
        s=float(s2.sqrt()),
        r2=r2,
        f=f,
        chi2=None if whitener is None else float(solution.rss),
    )


def _explained(
    y: Vector, rss: Decimal, nu: int, whitener: Whitener | None, *, mean: bool, terms: int
) -> tuple[float, float]:
    """(R², F) against the weighted mean, or against zero for a curve through zero."""
    ready = [[Decimal(1), v] for v in y]
    ready = ready if whitener is None else whitener(ready)
    values = [row[1] for row in ready]
    total = solve([[row[0]] for row in ready], values).rss if mean else sum((v * v for v in values), Decimal())
    if not total:
        return 1.0, math.nan
    explained, count = total - rss, terms - int(mean)
    if not count or not nu:
        return float(explained / total), math.nan
    return float(explained / total), float(explained / count / (rss / nu)) if rss else math.inf
