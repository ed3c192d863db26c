"""Typed readings become a performed record: checked against the procedure, the register and common sense."""

import csv
import io
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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
_YES = frozenset({"1", "true", "yes", "y", "x"})
_TEXTS = ("begin", "end", "customer", "laboratory", "place", "received", "adjustment")


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


# --- files -----------------------------------------------------------------------------------------------------------


def from_csv(text: str, rules: Procedure) -> Entered:
    """Columns ``nominal`` and ``I``; also ``x``, ``run``, ``direction``, ``series``, ``check``, ``standards``, ``t``.

    Raises RegisterError naming the line.
    """
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    if not {"nominal", "I"} <= set(rows.fieldnames or ()):
        raise RegisterError("the first line names the columns: nominal, I, and x, run, direction, series, check, t")
    found: dict[RunName, dict[tuple[str, str, int], list[dict[str, Any]]]] = {name: defaultdict(list) for name in RUNS}
    for line, row in enumerate(rows, 2):
        try:
            name, key, sample = _row({k: (v or "").strip() for k, v in row.items() if k}, rules)
        except (RegisterError, ValueError) as e:
            raise RegisterError(f"line {line}: {e}") from e
        found[name][key].append(sample)
    return Entered({name: [_visited(key, rows_) for key, rows_ in groups.items()] for name, groups in found.items()})


def _row(row: Mapping[str, str], rules: Procedure) -> tuple[RunName, tuple[str, str, int], dict[str, Any]]:
    name = row.get("run") or "as_found"
    if name not in RUNS:
        raise RegisterError(f"run is as_found or as_left, not {name!r}")
    nominal = number(row["nominal"])
    value = float(nominal)
    known = {*rules.points.values, *rules.points.check}
    if value not in known:
        raise RegisterError(f"{nominal} is no point of {rules.id}: {', '.join(f'{x:g}' for x in sorted(known))}")
    check = row["check"].casefold() in _YES if row.get("check") else value in rules.points.check
    sample = {"I": number(row["I"]), "x": number(row.get("x") or nominal), "t": row.get("t", ""), "check": check}
    sample["standards"] = row.get("standards", "").replace(";", " ").split()
    direction = row.get("direction") or ("down" if rules.points.order == "down" else "up")
    return ("as_left" if name == "as_left" else "as_found"), (nominal, direction, int(row.get("series") or 1)), sample


def _visited(key: tuple[str, str, int], rows: Sequence[Mapping[str, Any]]) -> Point:
    nominal, direction, series = key
    samples = [{name: row[name] for name in ("I", "x", "t")} for row in rows]
    parts = {"nominal": nominal, "direction": direction, "series": series, "readings": samples}
    try:
        return msgspec.convert({**parts, "check": rows[0]["check"], "standards": rows[0]["standards"]}, Point)
    except msgspec.ValidationError as e:
        raise RegisterError(f"point {nominal}: {str(e).partition(' - at ')[0]}") from e


def from_toml(text: str, rules: Procedure) -> Entered:
    """``[[as_found]]`` and ``[[as_left]]`` with nominal, I = […], x = […]; ``[answers]``, ``[environment.…]``, texts.

    Numbers keep their digits. Raises RegisterError.
    """
    try:
        table = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as e:
        raise RegisterError(f"this is not TOML: {e}") from e
    known = {*RUNS, "eccentricity", "answers", "environment", "deviations", *_TEXTS}
    if unknown := set(table) - known:
        raise RegisterError(f"there is no key {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    try:
        return Entered(
            {name: [_point(part, rules) for part in table.get(name, [])] for name in RUNS},
            {name: _eccentric(part) for name, part in table.get("eccentricity", {}).items() if name in RUNS},
            {str(k): str(v) for k, v in table.get("answers", {}).items()},
            {k: msgspec.convert(_texts(v), Span) for k, v in table.get("environment", {}).items()},
            [str(line) for line in table.get("deviations", [])],
            {name: str(table[name]) for name in _TEXTS if name in table},
        )
    except (msgspec.ValidationError, AttributeError, TypeError, KeyError) as e:
        raise RegisterError(f"the readings cannot be used: {e}") from e


def _point(part: Mapping[str, Any], rules: Procedure) -> Point:
    nominal = number(str(part["nominal"]))
    shown = [str(v) for v in part["I"]]
    reference = part.get("x", nominal)
    references = [str(v) for v in reference] if isinstance(reference, list) else [str(reference)] * len(shown)
    if not shown:
        raise RegisterError(f"point {nominal} has no reading")
    if len(references) != len(shown):
        raise RegisterError(f"point {nominal}: {len(shown)} readings of the item, {len(references)} of the reference")
    rows = [{"nominal": nominal, "I": i, "x": x} for i, x in zip(shown, references, strict=True)]
    rest = {key: str(part[key]) for key in ("direction", "series", "check") if key in part}
    rest |= {"standards": " ".join(part.get("standards", []))}
    made = [_row({**row, **rest}, rules) for row in rows]
    return _visited(made[0][1], [sample for _, _, sample in made])


def _eccentric(part: Mapping[str, Any]) -> Eccentric:
    others = [number(str(v)) for v in part["others"]]
    return Eccentric(load=number(str(part["load"])), centre=number(str(part["centre"])), others=others)


def _texts(part: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in part.items()}
