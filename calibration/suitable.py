"""Whether a standard may be used: not overdue, not too old, of the class and with the uncertainty a procedure asks for.

Days are compared as they are written, ``2026-11-21``; a standard is good on the day it is due.
"""

from collections.abc import Iterable, Sequence

from calibration.exact import CalculationError, exact
from calibration.procedure import Procedure
from calibration.record import Record, Standard
from calibration.reference import Reference


def unsuitable(standard: Standard, procedure: Procedure, day: str, *, strict: bool = False) -> str:
    """Why ``standard`` cannot be used on ``day``, one sentence; "" where it can.

    ``strict``: what the procedure asks for and nobody wrote down is a reason too; so is a day that is not known.
    """
    reasons = (
        _overdue(standard, day, strict),
        _too_old(standard, procedure, day, strict),
        _wrong_class(standard, procedure, strict),
        _too_uncertain(standard, procedure),
    )
    return next(filter(None, reasons), "")


def refused(record: Record, procedure: Procedure, *, strict: bool = False) -> list[str]:
    """The same for every standard of a record, on the days of its work."""
    days = [day[:10] for day in (record.begin, record.end) if day]
    found = [
        unsuitable(standard, procedure, day, strict=strict) for standard in record.standards for day in days or [""]
    ]
    return list(dict.fromkeys(filter(None, found)))


def check(record: Record, procedure: Procedure) -> None:
    """Raises CalculationError with the first reason."""
    for reason in refused(record, procedure):
        raise CalculationError(reason)


def uncovered(standards: Sequence[Standard], procedure: Procedure) -> str:
    """Which of the procedure's points a single standard's certificate does not reach; "" where it reaches all.

    Several standards are used each at its own points: only the record says at which.
    """
    if len(standards) != 1 or not standards[0].points:
        return ""
    reference = Reference(tuple(standards))
    for x in [*procedure.points.values, *procedure.points.check]:
        try:
            reference.u(x)
        except CalculationError as e:
            return str(e)
    return ""


def _overdue(standard: Standard, day: str, strict: bool) -> str:
    if not day:
        return "the day of the work is not known: no standard can be judged" if strict else ""
    if standard.due and standard.due[:10] < day:
        return f"standard {standard.id} was due on {standard.due[:10]}, before the work on {day}"
    if standard.date and standard.date[:10] > day:
        return f"standard {standard.id} has a certificate of {standard.date[:10]}, after the work on {day}"
    return ""


def _too_old(standard: Standard, procedure: Procedure, day: str, strict: bool) -> str:
    limit = procedure.reference.max_age_days
    if limit is None or not day:
        return ""
    if not standard.date:
        return f"standard {standard.id} has a certificate without a date" if strict else ""
    age = ordinal(day) - ordinal(standard.date)
    if age > limit:
        return f"standard {standard.id} was calibrated {age} days before the work, {procedure.id} allows {limit:g}"
    return ""


def _wrong_class(standard: Standard, procedure: Procedure, strict: bool) -> str:
    wanted, has = procedure.reference.class_, standard.class_
    if not wanted or (not has and not strict) or has.casefold() == wanted.casefold():
        return ""
    said = f"is of class {has}" if has else "has no class"
    return f"standard {standard.id} {said}, {procedure.id} asks for {wanted}"


def _too_uncertain(standard: Standard, procedure: Procedure) -> str:
    """The limit is of U with k = 2, at the procedure's points."""
    limit = procedure.reference.max_U
    if limit is None:
        return ""
    largest = max(_u(standard, [*procedure.points.values, *procedure.points.check]), default=0.0)
    # The last digit of a double is no reason to send a standard away.
    if 2 * largest > limit * (1 + 1e-12):
        return f"standard {standard.id} has U = {2 * largest:.3g} (k = 2), {procedure.id} allows {limit:g}"
    return ""


def _u(standard: Standard, points: Iterable[float]) -> Iterable[float]:
    reference = Reference((standard,))
    for x in points:
        try:
            yield reference.u(x)
        except CalculationError:
            continue  # outside the certificate: told by ``uncovered`` and by the computation
    if standard.points:
        return
    k = float(exact(standard.k))
    if k > 0 and standard.U is not None:
        yield float(exact(standard.U)) / k


def ordinal(stamp: str) -> int:
    """The number of a stamp's day, counted from a day long ago [days of the Gregorian calendar]."""
    year, month, day = (int(part) for part in stamp[:10].split("-"))
    years = year - (month <= 2)
    in_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return years * 365 + years // 4 - years // 100 + years // 400 + in_year
