"""Typed readings out of a file: CSV for the readings alone, TOML for the rest too."""

import csv
import io
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from calibration.procedure import Procedure
from calibration.record import Eccentric, Point, Span
from calibration.register import when
from calibration.register.entering import RUNS, Entered, RunName, number
from calibration.register.errors import RegisterError

_YES = frozenset({"1", "true", "yes", "y", "x"})
_TEXTS = ("begin", "end", "customer", "laboratory", "place", "received", "adjustment")


def from_csv(text: str, rules: Procedure) -> Entered:
    """Columns ``nominal`` and ``I``; also ``x``, ``run``, ``direction``, ``series``, ``check``, ``standards``, ``t``.

    Raises RegisterError naming the line.
    """
    text = text.removeprefix("\ufeff")  # of a spreadsheet, which may also part columns by semicolons
    parted = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True, delimiter=parted)
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
    sample = {"I": number(row["I"]), "x": number(row.get("x") or nominal), "t": _time(row.get("t", "")), "check": check}
    sample["standards"] = row.get("standards", "").replace(";", " ").split()
    direction = row.get("direction") or ("down" if rules.points.order == "down" else "up")
    return ("as_left" if name == "as_left" else "as_found"), (nominal, direction, int(row.get("series") or 1)), sample


def _time(text: str) -> str:
    """A day and time, or nothing."""
    if text:
        when.parse(text)
    return text


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
