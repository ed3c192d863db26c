"""Conformity: limits, guard bands, verdicts, and the risk of a wrong one [JCGM 106, ILAC-G8].

Everything here takes unrounded numbers.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from calibration.distributions import normal_cdf, normal_pdf, normal_quantile, t_cdf, t_two_sided
from calibration.exact import CalculationError

Verdict = Literal["pass", "conditionalPass", "conditionalFail", "fail"]
Statement = Literal["binary", "nonbinary"]
Base = Literal["reference", "indication", "span"]
FEW = 30
_NODES = 2000

RULES: dict[str, float] = {"simple": 0.0, "guarded": 1.0, "iso14253": 0.83}
"""Guard band as a multiple of U (k = 2)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Tolerance limits; either may be missing."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise CalculationError(f"the lower limit {self.low:g} is not below the upper one {self.high:g}")

    @property
    def half(self) -> float:
        """Half the width; inf where a limit is missing."""
        return (self.high - self.low) / 2

    def inward(self, w: float) -> "Limits | None":
        """The acceptance limits for a guard band ``w``; None where nothing is left of the interval."""
        low, high = self.low + w, self.high - w
        return Limits(low, high) if low < high else None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """± (absolute + percent of a base that must be named)."""

    absolute: float = 0.0
    percent: float = 0.0
    of: Base = "reference"

    def at(self, *, reference: float, indication: float, span: float) -> float:
        """The half-width at a point."""
        base = {"reference": reference, "indication": indication, "span": span}[self.of]
        return self.absolute + self.percent / 100 * abs(base)


@dataclass(frozen=True, slots=True)
class Rule:
    """How far inside the limits a result must be: ``r`` times U, or a ``fixed`` width."""

    r: float = 1.0
    fixed: float | None = None
    statement: Statement = "binary"

    def guard(self, U: float) -> float:  # noqa: N803 - the symbol of the field
        """The guard band w."""
        return self.r * U if self.fixed is None else self.fixed


def rule(name: str, *, r: float | None = None, fixed: float | None = None, statement: Statement = "binary") -> Rule:
    """A rule by its name: simple, guarded, iso14253, ``r`` with a number, ``fixed`` with a width."""
    if name == "fixed" and fixed is not None:
        return Rule(0.0, fixed, statement)
    if name == "r" and r is not None:
        return Rule(r, None, statement)
    if name in RULES:
        # guarded with another r is that r: the name says the kind, the number how much.
        return Rule(r if name == "guarded" and r is not None else RULES[name], None, statement)
    raise CalculationError(f"there is no decision rule {name!r}; there are {', '.join(RULES)}, r, fixed")


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with the limits it was made with and the probability that the true value conforms."""

    verdict: Verdict
    limits: Limits
    accept: Limits | None
    guard: float
    p_conform: float

    @property
    def passed(self) -> bool:
        return self.verdict in ("pass", "conditionalPass")


def decide(y: float, u: float, U: float, limits: Limits, by: Rule, nu: float = math.inf) -> Decision:  # noqa: N803
    """The verdict on ``y`` with standard uncertainty ``u`` and expanded ``U``; a result on a limit is inside."""
    guard = by.guard(U)
    accept = limits.inward(guard)
    conform = conformance(y, u, limits, nu)
    return Decision(_verdict(y, limits, accept, guard, by.statement), limits, accept, guard, conform)


def _verdict(y: float, limits: Limits, accept: Limits | None, guard: float, statement: Statement) -> Verdict:
    if accept is not None and accept.low <= y <= accept.high:
        return "pass"
    if statement == "binary":
        return "fail"
    if limits.low <= y <= limits.high:
        return "conditionalPass"
    return "conditionalFail" if limits.low - guard <= y <= limits.high + guard else "fail"


def conformance(y: float, u: float, limits: Limits, nu: float = math.inf) -> float:
    """The probability that the true value is within the limits; Student's t below 30 degrees of freedom."""
    return max(0.0, 1 - nonconformance(y, u, limits, nu))


def nonconformance(y: float, u: float, limits: Limits, nu: float = math.inf) -> float:
    """The probability that it is not: the specific consumer's risk when ``y`` was accepted [JCGM 106 9.3]."""
    if u <= 0:
        return 0.0 if limits.low <= y <= limits.high else 1.0

    def below(z: float) -> float:
        return normal_cdf(z) if nu >= FEW else t_cdf(z, nu)

    return below((limits.low - y) / u) + below((y - limits.high) / u)


def false_accept_at_limit(r: float, k: float = 2.0) -> float:
    """The probability of a wrong pass for a result just accepted, guard band r·U, one limit near."""
    return normal_cdf(-r * k)


def guard_for(probability: float, u: float, nu: float = math.inf) -> float:
    """The guard band that leaves at most ``1 − probability`` of a false accept at one limit."""
    z = normal_quantile(probability) if nu >= FEW else t_two_sided(2 * probability - 1, nu)
    return z * u


def tur(limits: Limits, U: float) -> float:  # noqa: N803
    """Test uncertainty ratio (TU − TL)/(2U)."""
    return limits.half / U if U else math.inf


@dataclass(frozen=True, slots=True)
class Risk:
    """Over many items: accepted though outside, rejected though inside [JCGM 106 9.5]."""

    false_accept: float
    false_reject: float


def global_risk(process: float, sigma: float, u: float, limits: Limits, accept: Limits | None = None) -> Risk:
    """Items scatter normally about ``process`` with ``sigma``, measurements with ``u`` about the item.

    ``accept`` defaults to the limits themselves. Integrated over ten standard deviations by Simpson's rule.
    """
    inside = accept or limits
    edges = sorted({process - 10 * sigma, process + 10 * sigma, *_within(limits, process, 10 * sigma)})
    wrong_pass = wrong_fail = 0.0
    for low, high in pairwise(edges):
        good = limits.low <= (low + high) / 2 <= limits.high
        share = _simpson(low, high, process, sigma, u, inside, accepted=not good)
        wrong_fail, wrong_pass = (wrong_fail + share, wrong_pass) if good else (wrong_fail, wrong_pass + share)
    return Risk(wrong_pass, wrong_fail)


def _within(limits: Limits, middle: float, reach: float) -> list[float]:
    return [limit for limit in (limits.low, limits.high) if abs(limit - middle) < reach]


def _simpson(
    low: float, high: float, process: float, sigma: float, u: float, inside: Limits, *, accepted: bool
) -> float:
    def density(x: float) -> float:
        passes = 1 - nonconformance(x, u, inside)
        return normal_pdf((x - process) / sigma) / sigma * (passes if accepted else 1 - passes)

    h = (high - low) / _NODES
    values = [density(low + i * h) for i in range(_NODES + 1)]
    return h / 3 * (values[0] + values[-1] + 4 * math.fsum(values[1:-1:2]) + 2 * math.fsum(values[2:-1:2]))
