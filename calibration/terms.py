"""A curve that is a sum of any given terms, each with a coefficient: Steinhart and Hart's thermistor, a compensation by
temperature, several inputs at once [GUM H.3.2, in general].

Polynomials have a room of their own (``fit``), which centres and scales them and knows their range.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from calibration.exact import CalculationError, Number, arithmetic, exacts
from calibration.fit import MIN_NU, apply, floats, table
from calibration.linear import Matrix, Vector, solve

_NOISE = Decimal("1e-80")


@dataclass(frozen=True, slots=True)
class TermFit:
    """``coef`` in the order of the terms, ``cov`` their covariance, ``s`` the residual standard deviation.

    Where uncertainties were given ``cov`` follows from them and ``chi2`` is the sum of the weighted squares. ``r2`` and
    ``f`` are against the mean where ``mean`` says that one term is constant, else against zero.
    """

    coef: tuple[float, ...]
    cov: tuple[tuple[float, ...], ...]
    residuals: tuple[float, ...]
    n: int
    nu: int
    rss: float
    s: float
    r2: float
    f: float
    mean: bool
    chi2: float | None = None

    @property
    def u(self) -> tuple[float, ...]:
        """The standard uncertainties of ``coef``."""
        return tuple(math.sqrt(max(0.0, row[i])) for i, row in enumerate(self.cov))

    def at(self, terms: Sequence[float]) -> tuple[float, float]:
        """(value, standard uncertainty) where the terms have these values."""
        if len(terms) != len(self.coef):
            raise CalculationError(f"{len(self.coef)} terms are needed, not {len(terms)}")
        value = math.fsum(b * g for b, g in zip(self.coef, terms, strict=True))
        square = math.fsum(
            a * c * b for a, row in zip(terms, self.cov, strict=True) for b, c in zip(terms, row, strict=True)
        )
        return value, math.sqrt(max(0.0, square))


def fit_terms(
    rows: Sequence[Sequence[Number]], y: Sequence[Number], *, u: Sequence[Number] | None = None, min_nu: int = MIN_NU
) -> TermFit:
    """``rows[i]`` are the values of the terms at the point ``y[i]``; a constant term is a column of ones.

    ``u`` are standard uncertainties of the y; without them the residuals say how much they scatter. Raises
    CalculationError, also for fewer than ``min_nu`` degrees of freedom.
    """
    n, p = len(y), len(rows[0]) if rows else 0
    if len(rows) != n or not p or any(len(row) != p for row in rows):
        raise CalculationError("as many rows as y are needed, each with the same terms")
    if u is not None and len(u) != n:
        raise CalculationError(f"{len(u)} uncertainties for {n} points")
    if n - p < max(min_nu, 0 if u is not None else 1):
        raise CalculationError(
            f"{n} points leave {n - p} degrees of freedom for {p} terms, at least {min_nu} are needed"
        )
    with arithmetic():
        weights = exacts(u) if u is not None else [Decimal(1)] * n
        if any(w <= 0 for w in weights):
            raise CalculationError("uncertainties of the points are above zero")
        return _fitted([exacts(row) for row in rows], exacts(y), weights, given=u is not None)


def _fitted(rows: Matrix, y: Vector, u: Vector, *, given: bool) -> TermFit:
    scales = [max(abs(row[j]) for row in rows) or Decimal(1) for j in range(len(rows[0]))]
    ready = [[v / s / w for v, s in zip(row, scales, strict=True)] for row, w in zip(rows, u, strict=True)]
    right = [v / w for v, w in zip(y, u, strict=True)]
    solution = solve(ready, right)
    n, p = len(y), len(scales)
    size = sum((v * v for v in right), Decimal())
    rss = solution.rss if solution.rss > size * _NOISE else Decimal()
    coef = [b / s for b, s in zip(solution.coef, scales, strict=True)]
    s2 = rss / (n - p) if n > p else Decimal()
    factor = Decimal(1) if given else s2
    cov = [
        [c * factor / a / b for c, b in zip(row, scales, strict=True)]
        for row, a in zip(solution.inverse, scales, strict=True)
    ]
    mean = any(len({row[j] for row in rows}) == 1 for j in range(p))
    r2, f = _explained(right, u, rss, n - p, terms=p - int(mean), mean=mean)
    residuals = [v - fitted for v, fitted in zip(y, apply(rows, coef), strict=True)]
    return TermFit(
        coef=floats(coef),
        cov=table(cov),
        residuals=floats(residuals),
        n=n,
        nu=n - p,
        rss=float(rss),
        s=float(s2.sqrt()),
        r2=r2,
        f=f,
        mean=mean,
        chi2=float(rss) if given else None,
    )


def _explained(right: Vector, u: Vector, rss: Decimal, nu: int, *, terms: int, mean: bool) -> tuple[float, float]:
    """(R², F)."""
    total = solve([[1 / w] for w in u], right).rss if mean else sum((v * v for v in right), Decimal())
    if not total:
        return 1.0, math.nan
    explained = total - rss
    if not terms or not nu:
        return float(explained / total), math.nan
    return float(explained / total), float(explained / terms / (rss / nu)) if rss else math.inf
