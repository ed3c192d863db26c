"""Typed readings become a performed record: checked against the procedure, the register and common sense."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from calibration import procedure as procedures
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.procedure import Procedure
from calibration.record import (
    Eccentric,
    Item,
    Person,
    Point,
    ProcedureRef,
    Record,
    RecordError,
    RunData,
    Sample,
    Span,
    Standard,
    advance,
    numeral,
)
from calibration.register import when
from calibration.register.errors import RegisterError
from calibration.register.life import stamped
from calibration.register.register import Register
from calibration.suitable import uncovered, unsuitable

RunName = Literal["as_found", "as_left"]
RUNS: tuple[RunName, ...] = ("as_found", "as_left")


@dataclass(frozen=True)
class Entered:
    """What a person typed. ``about`` are keys of the record: begin, end, customer, place, …"""

    points: Mapping[RunName, Sequence[Point]]
    eccentricity: Mapping[RunName, Eccentric] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Span] = field(default_factory=dict)
    deviations: Sequence[str] = ()
    about: Mapping[str, str] = field(default_factory=dict)


def read_procedure(text: str) -> Procedure:
    """Raises RegisterError."""
    try:
        return procedures.read(text)
    except procedures.ProcedureError as e:
        raise RegisterError(f"the procedure cannot be used: {e}") from e


def begin(
    register: Register, text: str, item: str, standards: Sequence[str], day: str
) -> tuple[Procedure, list[Standard]]:
    """The procedure and the standards, where the work may begin on ``day``. Raises RegisterError, one sentence."""
    rules = read_procedure(text)
    if register.item(item).state == "retired":
        raise RegisterError(f"item {item} is retired")
    if not standards:
        raise RegisterError("a calibration needs a standard: --standard ID")
    chosen = [register.standard(id_) for id_ in dict.fromkeys(standards)]
    for entry in chosen:
        if entry.state == "retired":
            raise RegisterError(f"standard {entry.id} is retired")
        if reason := unsuitable(entry.standard, rules, when.day(day).isoformat(), strict=True):
            raise RegisterError(reason)
    made = [entry.standard for entry in chosen]
    if reason := uncovered(made, rules):
        raise RegisterError(reason)
    return rules, made


def performed(
    register: Register, text: str, item: str, standards: Sequence[str], entered: Entered, by: Person
) -> Record:
    """The record, saved. Raises RegisterError; nothing is saved then."""
    by = stamped(register, by)
    about = {"begin": by.at, "end": by.at, **entered.about}
    _check_times(about["begin"], about["end"], by.at)
    rules, chosen = begin(register, text, item, standards, about["begin"])
    begin(register, text, item, standards, about["end"])
    unknown = set(entered.answers) - set(rules.asks)
    if unknown:
        raise RegisterError(f"{rules.id} does not ask for {', '.join(sorted(unknown))}")
    entry = register.item(item)
    made = _record(register, rules, text, entry.item, chosen, entered, {"customer": entry.customer, **about})
    _computes(made, rules)
    number = register.next_number()
    register.keep_procedure(text)
    done = advance(msgspec.structs.replace(made, id=number), "performed", by)
    register.save(done, "performed", by)
    return done


def _check_times(begun: str, ended: str, now: str) -> None:
    """A day alone is the whole of it: work of today may end later today."""
    if when.day(begun) > when.day(now) or when.day(ended) > when.day(now):
        raise RegisterError("the work has not been done yet: --begin and --end are in the future")
    if when.parse(ended) < when.parse(begun) and ended[:10] != begun[:10]:
        raise RegisterError(f"the work ended on {ended}, before it began on {begun}")


def _record(
    register: Register,
    rules: Procedure,
    text: str,
    item: Item,
    standards: list[Standard],
    entered: Entered,
    about: Mapping[str, str],
) -> Record:
    runs = {
        name: RunData(points=list(points), eccentricity=entered.eccentricity.get(name))
        for name, points in entered.points.items()
        if points
    }
    if not runs:
        raise RegisterError("no reading was entered")
    parts = {
        "schema": "labwire.calibration/1",
        "id": "entered",
        "procedure": ProcedureRef(id=rules.id, rev=rules.rev, sha256=procedures.sha256(text)),
        "item": item,
        "laboratory": register.lab.name,
        "place": register.lab.place,
        "standards": standards,
        "environment": dict(entered.environment),
        "answers": dict(entered.answers),
        "deviations": list(entered.deviations),
    }
    try:
        return msgspec.convert(msgspec.to_builtins({**parts, **about, **runs}), Record)
    except msgspec.ValidationError as e:
        where = str(e).replace(" - at `$.", " (at ").replace("`", ")")
        raise RegisterError(f"what was entered makes no record: {where}") from e


def _computes(made: Record, rules: Procedure) -> None:
    try:
        compute(made, rules)
    except CalculationError as e:
        raise RegisterError(f"nothing can be computed from this: {e}") from e


# --- the points a procedure asks for ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """One point of the work, in its order."""

    nominal: str
    direction: Literal["up", "down"]
    series: int
    check: bool


def visits(rules: Procedure) -> Iterator[Visit]:
    """Every point in the order of the work, check points among the others."""
    rising = sorted({*rules.points.values, *rules.points.check})
    ways: dict[str, tuple[Literal["up", "down"], ...]] = {"up": ("up",), "down": ("down",), "up-down": ("up", "down")}
    for series in range(1, rules.points.series + 1):
        for way in ways[rules.points.order]:
            for value in rising if way == "up" else reversed(rising):
                yield Visit(numeral(f"{value:.15g}"), way, series, value in rules.points.check)


def named(words: Sequence[str], rules: Procedure) -> tuple[list[str], dict[str, list[str]]]:
    """``ID`` or ``ID@POINT`` of each standard: (ids, point → the ids used there). Raises RegisterError."""
    ids: list[str] = []
    used: dict[str, list[str]] = {}
    known = {visit.nominal for visit in visits(rules)}
    for word in words:
        id_, at, place = word.partition("@")
        ids += [] if id_ in ids else [id_]
        if at and place not in known:
            raise RegisterError(f"{place} is no point of {rules.id}: {', '.join(sorted(known, key=float))}")
        if at:
            used.setdefault(place, []).append(id_)
    if used and (missing := sorted(known - set(used), key=float)):
        raise RegisterError(f"no standard is named for {', '.join(missing)}: ID@{missing[0]}")
    return ids, used


def placed(entered: Entered, used: Mapping[str, Sequence[str]]) -> Entered:
    """With the standards of each point, where the readings do not name their own."""
    if not used:
        return entered
    points = {name: [_at(p, used) for p in of] for name, of in entered.points.items()}
    return replace(entered, points=points)


def _at(point: Point, used: Mapping[str, Sequence[str]]) -> Point:
    ids = point.standards or list(used.get(f"{float(point.nominal):.15g}", []))
    return msgspec.structs.replace(point, standards=ids)


def point(visit: Visit, readings: Sequence[tuple[str, str]], standards: Sequence[str] = ()) -> Point:
    """Typed pairs (indication, reference); an empty reference is the nominal value. Raises RegisterError."""
    samples = [Sample(I=number(i), x=number(x or visit.nominal)) for i, x in readings]
    return Point(
        nominal=visit.nominal,
        readings=samples,
        direction=visit.direction,
        series=visit.series,
        check=visit.check,
        standards=list(standards),
    )


def number(text: str) -> str:
    """A typed number as it is kept, with all its digits; a decimal comma is a point. Raises RegisterError."""
    try:
        return numeral(text.strip().replace("\u2212", "-").replace(",", "."))
    except RecordError as e:
        raise RegisterError(str(e)) from e
