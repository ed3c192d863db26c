"""A fitted calibration curve: its value, its uncertainty, its inverse, and what it refuses.

The curve is kept as a polynomial in z = (x − x0)/scale with the covariance of its coefficients, so that value and
uncertainty do not suffer from cancellation; ``powers`` are the same coefficients for plain powers of x.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from calibration.exact import CalculationError


class OutsideRange(CalculationError):
    """A value outside the range that was calibrated."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard uncertainty."""

    value: float
    u: float


@dataclass(frozen=True, slots=True)
class Curve:
    """y = Σ coef[i] z^exponents[i] over ``low`` ≤ x ≤ ``high``; cov is that of ``coef``."""

    x0: float
    scale: float
    exponents: tuple[int, ...]
    coef: tuple[float, ...]
    cov: tuple[tuple[float, ...], ...] = field(repr=False)
    low: float = -math.inf
    high: float = math.inf

    def value(self, x: float, *, extrapolate: bool = False) -> float:
        """y at ``x``. Raises OutsideRange."""
        self._inside(x, extrapolate)
        return math.fsum(b * g for b, g in zip(self.coef, self._basis(x), strict=True))

    def slope(self, x: float) -> float:
        """dy/dx."""
        z = (x - self.x0) / self.scale
        terms = zip(self.coef, self.exponents, strict=True)
        return math.fsum(b * e * z ** (e - 1) for b, e in terms if e) / self.scale

    def u(self, x: float, *, extrapolate: bool = False) -> float:
        """The standard uncertainty of the curve itself at ``x``: √(gᵀ C g). Raises OutsideRange."""
        self._inside(x, extrapolate)
        g = self._basis(x)
        return math.sqrt(max(0.0, quadratic(g, self.cov)))

    def inverse(self, y: float, *, extrapolate: bool = False) -> float:
        """The x whose curve value is ``y``, by bisection where the curve is monotone. Raises OutsideRange."""
        low, high = (self.low, self.high) if not extrapolate else self._wider()
        if not self._monotone(low, high):
            raise CalculationError("the curve turns back within its range: a value has no single inverse")
        below, above = self.value(low, extrapolate=True), self.value(high, extrapolate=True)
        if not min(below, above) <= y <= max(below, above):
            raise OutsideRange(f"{y:g} is outside the curve's values {min(below, above):g} to {max(below, above):g}")
        return self._bisect(y, low, high, rising=above > below)

    def _bisect(self, y: float, low: float, high: float, *, rising: bool) -> float:
        while True:
            middle = (low + high) / 2
            if middle in (low, high):
                break
            if (self.value(middle, extrapolate=True) < y) == rising:
                low = middle
            else:
                high = middle
        return min((low, high), key=lambda x: abs(self.value(x, extrapolate=True) - y))

    def _basis(self, x: float) -> list[float]:
        z = (x - self.x0) / self.scale
        return [z**e for e in self.exponents]

    def _wider(self) -> tuple[float, float]:
        width = self.high - self.low
        return self.low - width, self.high + width

    def _monotone(self, low: float, high: float) -> bool:
        slopes = [self.slope(low + (high - low) * i / 200) for i in range(201)]
        return all(s > 0 for s in slopes) or all(s < 0 for s in slopes)

    def _inside(self, x: float, extrapolate: bool) -> None:
        if not extrapolate and not self.low <= x <= self.high:
            raise OutsideRange(f"{x:g} is outside the calibrated range {self.low:g} to {self.high:g}")


def quadratic(g: Sequence[float], cov: Sequence[Sequence[float]]) -> float:
    """gᵀ C g."""
    return math.fsum(a * c * b for a, row in zip(g, cov, strict=True) for b, c in zip(g, row, strict=True))
