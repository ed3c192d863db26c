"""From a combined standard uncertainty to an expanded one: degrees of freedom, coverage factor, shapes that are not
normal [GUM G; EA-4/02 S9, S10]."""

import math
from collections.abc import Sequence
from typing import Literal

from calibration.distributions import t_two_sided
from calibration.exact import CalculationError

TWO_SIGMA = 0.9545
"""The usual coverage probability; k is exactly 2 for many degrees of freedom."""

MANY = 1000
DOMINANT = 0.3
KMethod = Literal["t", "rect", "trapezoid", "mcm"]


def effective_nu(parts: Sequence[float], nus: Sequence[float], u: float | None = None) -> float:
    """Welch–Satterthwaite: ν_eff = u⁴ / Σ uᵢ⁴/νᵢ [GUM G.4.1]; inf where no part has finite degrees of freedom.

    ``u`` is the combined uncertainty where it is not the root of the sum of squares.
    """
    total = math.sqrt(math.fsum(p * p for p in parts)) if u is None else u
    if any(nu <= 0 and part for part, nu in zip(parts, nus, strict=True)):
        raise CalculationError("a contribution has no degrees of freedom: one reading says nothing about scatter")
    if not math.isfinite(total):
        raise CalculationError("the combined uncertainty is beyond all numbers")
    if not total:
        return math.inf
    rest = math.fsum((p / total) ** 4 / nu for p, nu in zip(parts, nus, strict=True) if p)
    return 1 / rest if rest else math.inf


def used_nu(nu: float) -> float:
    """Truncated to a whole number, at least 1; above 1000 as good as infinite [GUM G.4.1]."""
    return math.inf if nu > MANY else float(max(1, math.floor(nu + 1e-9)))


def k_t(nu: float, p: float = TWO_SIGMA) -> float:
    """The coverage factor of Student's t for ``nu`` truncated."""
    whole = used_nu(nu)
    if math.isinf(whole) and p == TWO_SIGMA:
        return 2.0
    return t_two_sided(p, whole)


def k_rectangular(p: float = 0.95) -> float:
    """One rectangular contribution dominates: p·√3."""
    return p * math.sqrt(3)


def k_trapezoid(beta: float, p: float = 0.95) -> float:
    """Two rectangular contributions dominate, β = |a₁ − a₂|/(a₁ + a₂); β = 0 triangular, 1 rectangular.

    Where the interval ends on the sloping sides of the trapezoid; else on its flat top.
    """
    if not 0 <= beta <= 1:
        raise CalculationError(f"beta is between 0 and 1, not {beta:g}")
    sigma = math.sqrt((1 + beta * beta) / 6)
    if p < 2 * beta / (1 + beta):
        return p * (1 + beta) / 2 / sigma
    return (1 - math.sqrt((1 - p) * (1 - beta * beta))) / sigma


def beta_of(a1: float, a2: float) -> float:
    """The shape of the sum of two rectangular contributions with half-widths a₁ and a₂."""
    if a1 + a2 <= 0:
        raise CalculationError("two half-widths are needed")
    return abs(a1 - a2) / (a1 + a2)


def shape(parts: Sequence[float], rectangular: Sequence[bool]) -> tuple[KMethod, float]:
    """("rect", 1), ("trapezoid", β) or ("t", 0): whether one or two rectangular contributions dominate [EA-4/02].

    They dominate when the root sum of squares of the rest is at most 0.3 of theirs.
    """
    order = sorted(range(len(parts)), key=lambda i: -abs(parts[i]))
    for count in (1, 2):
        first = order[:count]
        if len(first) < count or not all(rectangular[i] for i in first):
            break
        rest = math.sqrt(math.fsum(parts[i] ** 2 for i in order[count:]))
        if rest <= DOMINANT * math.sqrt(math.fsum(parts[i] ** 2 for i in first)):
            both = [abs(parts[i]) for i in first]
            return ("rect", 1.0) if count == 1 else ("trapezoid", beta_of(*both))
    return "t", 0.0
