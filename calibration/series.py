"""Several series up and down: hysteresis, repeatability, zero; linearity and eccentricity [DKD-R 6-1, IEC 61298-2]."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from calibration.exact import CalculationError, Number, exact, same_length
from calibration.fit import fit
from calibration.stats import mean

Line = Literal["best", "terminal", "zero"]


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect found at each point, its largest value, and u = largest/(2√3)."""

    each: tuple[float, ...]

    @property
    def largest(self) -> float:
        return max(self.each)

    @property
    def u(self) -> float:
        return self.largest / (2 * math.sqrt(3))


def hysteresis(up: Sequence[Sequence[Number]], down: Sequence[Sequence[Number]]) -> Effect:
    """|mean up − mean down| at each point; each point has one or more readings in each direction."""
    same_length(up=up, down=down)
    return Effect(tuple(abs(mean(a) - mean(b)) for a, b in zip(up, down, strict=True)))


def repeatability(first: Sequence[Number], again: Sequence[Number]) -> Effect:
    """|(I₃ⱼ − I₃₀) − (I₁ⱼ − I₁₀)|: the same direction twice, each less its zero reading, which is the first."""
    same_length(first=first, again=again)
    a, b = [float(exact(v)) for v in first], [float(exact(v)) for v in again]
    return Effect(tuple(abs((y - b[0]) - (x - a[0])) for x, y in zip(a, b, strict=True)))


def zero(starts: Sequence[Number], ends: Sequence[Number]) -> Effect:
    """Deviation of zero |I₀,end − I₀,start| of each series."""
    same_length(starts=starts, ends=ends)
    return Effect(tuple(abs(float(exact(e)) - float(exact(s))) for s, e in zip(starts, ends, strict=True)))


def error_span(error: float, U: float) -> float:  # noqa: N803 - the symbol of the field
    """|E| + U."""
    return abs(error) + U


@dataclass(frozen=True, slots=True)
class Linearity:
    """Residuals to a line, and the largest as a share of the span of y. ``line`` says which it is."""

    line: Line
    residuals: tuple[float, ...]
    span: float

    @property
    def largest(self) -> float:
        return max(map(abs, self.residuals))

    @property
    def of_span(self) -> float:
        return self.largest / self.span


def linearity(x: Sequence[Number], y: Sequence[Number], line: Line = "best") -> Linearity:
    """Deviation from the best line, the line through the end points, or the best one through zero."""
    same_length(x=x, y=y)
    values = [float(exact(v)) for v in y]
    span = max(values) - min(values)
    if not span:
        raise CalculationError("all readings are equal: linearity has no span")
    if line == "terminal":
        return Linearity(line, _terminal([float(exact(v)) for v in x], values), span)
    return Linearity(line, fit(x, y, through_zero=line == "zero", min_nu=1).residuals, span)


def _terminal(x: list[float], y: list[float]) -> tuple[float, ...]:
    first, last = x.index(min(x)), x.index(max(x))
    b = (y[last] - y[first]) / (x[last] - x[first])
    return tuple(v - (y[first] + b * (place - x[first])) for place, v in zip(x, y, strict=True))


@dataclass(frozen=True, slots=True)
class Eccentricity:
    """Of a balance: the largest |I − I_centre|, and its relative standard uncertainty dI/(2 L √3)."""

    largest: float
    u_rel: float


def eccentricity(centre: Number, others: Sequence[Number], load: float) -> Eccentricity:
    """``load`` was set on the centre and on the other positions [cg-18 7.1.1]."""
    if not others or load <= 0:
        raise CalculationError("eccentricity needs a load and readings off the centre")
    largest = max(abs(float(exact(v) - exact(centre))) for v in others)
    return Eccentricity(largest, largest / (2 * load * math.sqrt(3)))
