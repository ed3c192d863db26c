"""What one visit shows as soon as it is read: means, error, scatter, and what a person should know about it. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from broker.calibration_run import Visited
from calibration.applied import Correction
from calibration.exact import CalculationError, arithmetic, exact
from calibration.live.plan import Setup, Visit
from calibration.procedure import Procedure
from calibration.record import Sample
from calibration.reference import Reference
from calibration.stats import autocorrelation, differences, mean, sd

SERIAL_FROM = 10
"""From so many samples on correlation of neighbours can be told from chance; as where results are computed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``row`` is for people; ``error`` is the mean paired difference."""

    row: Visited
    error: float


def judge(
    procedure: Procedure, setup: Setup, visit: Visit, readings: Sequence[Sample], correction: Correction
) -> Verdict:
    """Raises CalculationError, as where a standard is not certified there."""
    used = setup.used.get(visit.nominal, [])
    reference = Reference(tuple(s for s in setup.standards if not used or s.id in used))
    xs = [reference.corrected(sample.x) for sample in readings]
    shown = [correction.shown(sample.I) for sample in readings]
    errors = differences(shown, xs)
    error, s = mean(errors), sd(errors) if len(errors) > 1 else None
    r1 = autocorrelation(errors, 1) if len(errors) >= SERIAL_FROM else None
    digits = max(setup.source.digits, *(digits_of(v) for sample in readings for v in (sample.I, sample.x))) + 1
    row = Visited(
        part=visit.part,
        nominal=visit.nominal,
        direction=visit.direction,
        series=visit.series,
        check=visit.check,
        n=len(readings),
        x=f"{mean(xs):.{digits}f}",
        I=f"{mean(shown):.{digits}f}",
        E=f"{error:+.{digits}f}",
        s="" if s is None else f"{s:.2g}",
        r1=None if r1 is None else round(r1, 2),
        within=_within(procedure, error, mean(xs), mean(shown)),
        warnings=_warnings(procedure, readings, s, r1),
    )
    return Verdict(row, error)


def _warnings(procedure: Procedure, readings: Sequence[Sample], s: float | None, r1: float | None) -> list[str]:
    found, n = [], len(readings)
    limit = procedure.reading.max_s
    if limit is not None and s is not None and s > limit:
        found.append(f"scatter {s:.2g} is more than {limit:g} {procedure.unit}")
    if r1 is not None and r1 >= 2 / math.sqrt(n):
        found.append(
            f"neighbouring samples are correlated (r₁ = {r1:.2f}): their mean is worth fewer than {n} readings"
        )
    return found


def _within(procedure: Procedure, error: float, x: float, indication: float) -> bool | None:
    """The error itself within the tolerance; the decision with its rule comes with the results."""
    try:
        limits = procedure.limits(x, indication)
    except CalculationError:
        return None
    return None if limits is None else limits.low <= error <= limits.high


def digits_of(text: str) -> int:
    """Digits after the point."""
    exponent = Decimal(text).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def padded(value: float, digits: int) -> str:
    """A value that came as a number, with the digits its instrument shows: 100 of a balance is 100.0000."""
    return padded_text(str(exact(value)), digits)


def padded_text(text: str, digits: int) -> str:
    """The same for a numeral; no digit is taken away."""
    number = exact(text)
    with arithmetic():
        return f"{number:.{digits}f}" if digits_of(text) < digits else f"{number:f}"
