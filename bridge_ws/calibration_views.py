"""Calibrations, items and standards as the page and programs read them: JSON from the register's own structs. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from calibration.compute import PointResult, RunResult
from calibration.decide import Limits
from calibration.interval import Interval
from calibration.procedure import Procedure
from calibration.record import Change, Record
from calibration.register import ItemEntry, Placement, StandardEntry
from calibration.register.history import Calibration, drifts

Json = dict[str, Any]


def summary(record: Record, rules: Procedure | None, passed: bool | None, documents: list[str]) -> Json:
    """One line of the list. ``passed`` null: no tolerance was stated, or nothing can be computed yet."""
    return {
        "id": record.id,
        "rev": record.rev,
        "state": record.state,
        "procedure": record.procedure.id,
        "title": rules.title if rules else "",
        "item": record.item.id,
        "model": " ".join(filter(None, (record.item.maker, record.item.model))),
        "serial": record.item.serial,
        "channel": record.item.channel,
        "begin": record.begin,
        "end": record.end,
        "released": _when(record, "released"),
        "by": _who(record, "performed"),
        "passed": passed,
        "documents": documents,
    }


def detail(record: Record, rules: Procedure, results: Mapping[str, RunResult] | None, problem: str) -> Json:
    """The whole record, what it comes to, and who did what. ``problem``: why nothing could be computed."""
    return {
        "record": msgspec.to_builtins(record),
        "unit": rules.unit,
        "quantity": rules.quantity,
        "title": rules.title,
        "results": {name: outcome(run) for name, run in (results or {}).items()},
        "problem": problem,
        "history": [_step(change) for change in record.history],
    }


def outcome(run: RunResult) -> Json:
    return {
        "passed": run.passed,
        "points": [point(p) for p in run.points],
        "hysteresis": None if run.hysteresis is None else run.hysteresis.largest,
        "checks": [{"nominal": x, "error": e} for x, e in run.checks],
        "warnings": list(run.warnings),
    }


def point(p: PointResult) -> Json:
    """Numbers for a plot beside the strings that are printed."""
    return {
        "nominal": p.nominal,
        "check": p.check,
        "n": p.n,
        "reference": p.reference,
        "indication": p.indication,
        "error": p.error,
        "U": p.expanded.U,
        "k": p.expanded.k,
        "printed": {"error": p.printed.y, "U": p.printed.U},
        "verdict": None if p.decision is None else p.decision.verdict,
        "limits": None if p.decision is None else _limits(p.decision.limits),
        "p_conform": None if p.decision is None else p.decision.p_conform,
        "correlated": p.correlated,
    }


def item(entry: ItemEntry) -> Json:
    return {
        **msgspec.to_builtins(entry.item),
        "state": entry.state,
        "months": entry.months,
        "customer": entry.customer,
        "placements": [placement(p) for p in entry.placements],
        "externals": [msgspec.to_builtins(e) for e in entry.externals],
        "plan": None if entry.plan is None else msgspec.to_builtins(entry.plan),
    }


def past(made: Sequence[Calibration], suggested: Interval | None) -> Json:
    """An item's calibrations, oldest first, and what changed from one to the next."""
    return {
        "calibrations": [_calibration(one) for one in made],
        "drifts": [asdict(d) | {"agree": d.agree} for d in drifts(list(made))],
        "interval": None if suggested is None else asdict(suggested),
    }


def _calibration(made: Calibration) -> Json:
    found = made.found
    return {
        "id": made.record.id,
        "day": made.day,
        "unit": made.unit,
        "found": None if found is None else outcome(found),
        "left": outcome(made.left),
    }


def standard(entry: StandardEntry) -> Json:
    return {
        **msgspec.to_builtins(entry.standard),
        "state": entry.state,
        "placements": [placement(p) for p in entry.placements],
        "certificates": len(entry.certificates),
    }


def placement(p: Placement) -> Json:
    return {"instrument": p.instrument, "channel": p.channel, "from": p.start, "to": p.end or None}


def _limits(limits: Limits) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in (limits.low, limits.high)]


def _step(change: Change) -> Json:
    return {
        "state": change.state,
        "by": change.by.name,
        "authenticated": change.by.authenticated,
        "at": change.by.at,
        "reason": change.reason,
    }


def _when(record: Record, state: str) -> str | None:
    return next((c.by.at for c in reversed(record.history) if c.state == state), None)


def _who(record: Record, state: str) -> str | None:
    return next((c.by.name for c in reversed(record.history) if c.state == state), None)
