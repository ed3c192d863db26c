"""The uncertainty budget of one point: contributions, correlations, degrees of freedom, expanded uncertainty.

[GUM 5 and G.4, EA-4/02.] A budget is made for each point: what depends on the point is evaluated there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from calibration.coverage import TWO_SIGMA, KMethod, effective_nu, k_rectangular, k_t, k_trapezoid, shape, used_nu
from calibration.exact import CalculationError

Shape = Literal["normal", "rectangular", "triangular", "u", "trapezoidal", "t"]
DIVISORS: dict[Shape, float] = {
    "normal": 1.0,
    "t": 1.0,
    "rectangular": math.sqrt(3),
    "triangular": math.sqrt(6),
    "u": math.sqrt(2),
}


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line: standard uncertainty ``u`` of the input, sensitivity ``c``, degrees of freedom ``nu``."""

    name: str
    u: float
    c: float = 1.0
    nu: float = math.inf
    dist: Shape = "normal"

    @property
    def part(self) -> float:
        """c·u, with its sign: that matters where contributions are correlated."""
        return self.c * self.u


def contribution(
    name: str,
    *,
    half: float | None = None,
    expanded: float | None = None,
    k: float = 2.0,
    dist: Shape = "rectangular",
    beta: float = 0.0,
    c: float = 1.0,
    nu: float = math.inf,
) -> Contribution:
    """A contribution from limits ±``half`` of a distribution, or from a certificate's ``expanded`` and ``k``.

    ``dist="trapezoidal"`` has a top ``beta`` times as wide as its base. Raises CalculationError.
    """
    if (half is None) == (expanded is None):
        raise CalculationError(f"{name}: either the half-width or the expanded uncertainty is needed")
    if expanded is not None:
        if k <= 0:
            raise CalculationError(f"{name}: the coverage factor is positive, not {k:g}")
        return Contribution(name, abs(expanded) / k, c, nu, "normal")
    return Contribution(name, abs(half or 0.0) / divisor(dist, beta), c, nu, dist)


def divisor(dist: Shape, beta: float = 0.0) -> float:
    """Half-width divided by standard uncertainty [EA-4/02 3.3]."""
    return math.sqrt(6 / (1 + beta * beta)) if dist == "trapezoidal" else DIVISORS[dist]


@dataclass(frozen=True, slots=True)
class Expanded:
    """The result of a budget; ``nu`` is the effective number as it came out, ``k`` used it truncated."""

    u: float
    nu: float
    k: float
    U: float
    p: float
    k_method: KMethod

    @property
    def nu_used(self) -> float:
        return used_nu(self.nu)


@dataclass(frozen=True, slots=True)
class Budget:
    """Contributions and what correlates them. ``second_order`` are the products' standard uncertainties [GUM 5.1.2]."""

    lines: tuple[Contribution, ...]
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    second_order: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines]
        if len(set(names)) != len(names):
            raise CalculationError("two contributions have the same name")
        for (a, b), r in self.correlations.items():
            if a not in names or b not in names or a == b or not -1 <= r <= 1:
                raise CalculationError(f"a correlation of {a} and {b} of {r:g} cannot be")

    @property
    def u(self) -> float:
        """The combined standard uncertainty."""
        square = self._square(self.lines) + math.fsum(v * v for v in self.second_order)
        return math.sqrt(max(0.0, square))

    @property
    def nu(self) -> float:
        """Effective degrees of freedom.

        Correlated contributions count as one: observed together they share their number, else the smallest is taken.
        """
        groups = self._groups()
        parts = [math.sqrt(max(0.0, self._square(group))) for group in groups]
        return effective_nu(parts, [min(line.nu for line in group if line.part) for group in groups], self.u)

    def shares(self) -> dict[str, float]:
        """How much of the variance each contribution explains, with its share of the correlations; sums to 1."""
        total = self._square(self.lines)
        return {
            line.name: math.fsum(line.part * other.part * self._r(line, other) for other in self.lines) / total
            if total
            else 0.0
            for line in self.lines
        }

    def expand(self, p: float = TWO_SIGMA, method: Literal["t", "auto"] = "t") -> Expanded:
        """``"t"`` is Student's t, conservative where limits dominate; ``"auto"`` takes their shape into account."""
        u, nu = self.u, self.nu
        kind, beta = self._shape() if method == "auto" else ("t", 0.0)
        if kind == "rect":
            k = k_rectangular(p)
        elif kind == "trapezoid":
            k = k_trapezoid(beta, p)
        else:
            kind, k = "t", k_t(nu, p)
        return Expanded(u, nu, k, k * u, p, kind)

    def _shape(self) -> tuple[KMethod, float]:
        if self.correlations or self.second_order:
            return "t", 0.0
        return shape([line.part for line in self.lines], [line.dist == "rectangular" for line in self.lines])

    def correlation(self, a: str, b: str) -> float:
        """Of two contributions, by name; 0 where nothing was said."""
        return 1.0 if a == b else self.correlations.get((a, b), self.correlations.get((b, a), 0.0))

    def _r(self, a: Contribution, b: Contribution) -> float:
        return self.correlation(a.name, b.name)

    def _square(self, lines: Sequence[Contribution]) -> float:
        return math.fsum(a.part * b.part * self._r(a, b) for a in lines for b in lines)

    def _groups(self) -> list[list[Contribution]]:
        """Contributions joined by correlations; those of size zero are left out."""
        groups: list[list[Contribution]] = []
        for line in self.lines:
            if not line.part:
                continue
            joined = [group for group in groups if any(self._r(line, other) for other in group)]
            groups = [group for group in groups if group not in joined]
            groups.append([line, *(other for group in joined for other in group)])
        return groups


def combine(parts: Sequence[float], nus: Sequence[float] | None = None, p: float = TWO_SIGMA) -> Expanded:
    """The budget of contributions c·u that are already known, by position."""
    each = nus if nus is not None else [math.inf] * len(parts)
    lines = [Contribution(str(i), part, 1.0, nu) for i, (part, nu) in enumerate(zip(parts, each, strict=True))]
    return Budget(tuple(lines)).expand(p)
