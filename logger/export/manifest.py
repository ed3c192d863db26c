"""The manifest: what a file of samples does not say of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from broker.messages import TERMINAL, Meta, Reply
from broker.topics import Kind, Topics
from logger import daybook
from logger.daybook import Daybook
from logger.export.csvfile import iso
from logger.export.fields import Field
from logger.export.plan import Plan, Scope
from logger.store import History, listing

FORMAT = "labwire-export 1"
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Written:
    """One file as it was written."""

    name: str
    rows: int
    size: int
    sha256: str
    fields: Sequence[Field]


@dataclass(slots=True)
class Manifest:
    """What is known before anything is written; ``text`` adds the files."""

    body: dict[str, Any]
    files: list[Written] = field(default_factory=list)

    def text(self) -> bytes:
        """JSON for people and programs."""
        files = {w.name: _file(w) for w in self.files}
        return msgspec.json.format(msgspec.json.encode(self.body | {"files": files}), indent=2) + b"\n"


def make(history: History, plan: Plan, topics: Topics, now_us: int) -> Manifest:
    """Raises HistoryError."""
    ask, zone = plan.ask, ZoneInfo(plan.ask.zone)
    book = Daybook(history, topics, now_us)
    about = listing.about(history)
    head: dict[str, Any] = {
        "format": FORMAT,
        "labwire": version("labwire"),
        "store": about.id,
        "made": _iso(now_us, zone),
        "from": _iso(plan.from_us, zone),
        "to": _iso(plan.to_us, zone),
        "zone": ask.zone,
        "content": _content(plan),
    }
    if plan.run is not None:
        head["run"] = plan.run
    head["instruments"] = {s.instrument: _instrument(history, book, s, plan, topics) for s in plan.scopes}
    return Manifest(head | _records(history, plan))


def _content(plan: Plan) -> dict[str, Any]:
    ask = plan.ask
    if not ask.every_us:
        return {"rows": "sample sets as recorded", "values": ask.values}
    return {"rows": "steps", "step_us": ask.every_us, "aggregates": ask.aggregates, "values": ask.values}


def _instrument(history: History, book: Daybook, scope: Scope, plan: Plan, topics: Topics) -> dict[str, Any]:
    meta = history.meta(scope.instrument) or Meta()
    ids: dict[str, list[str]] = {}
    for channel, id_ in history.calibrations(scope.instrument, plan.from_us, plan.to_us):
        ids.setdefault(channel, []).append(id_)
    said = history.log(topics.of(scope.instrument, Kind.CALIBRATION), None, plan.to_us // 1000 - 1, 1)
    found: dict[str, Any] = {
        "name": meta.name,
        "channels": meta.channels,
        "calibrations": ids,
        "descriptions": [
            {"since": d.since_ms, "rev": d.meta.rev, "meta": d.meta}
            for d in listing.descriptions(history, scope.instrument)
        ],
        "ledger": daybook.as_json(book.account(scope.instrument, plan.from_us, plan.to_us)),
    }
    if said and said[0].payload and said[0].readable:
        found["calibration"] = {"said": said[0].t_ms, "of": msgspec.Raw(said[0].payload)}
    return found


_PLACES: Mapping[Kind, str] = {Kind.REPLY: "commands", Kind.EVENT: "events", Kind.NOTE: "notes", Kind.RUN: "runs"}


def _records(history: History, plan: Plan) -> dict[str, list[Any]]:
    """What people and instruments said in this time, of the instruments in it or of none."""
    names = {s.instrument for s in plan.scopes}
    found: dict[str, list[Any]] = {place: [] for place in _PLACES.values()}
    for r in listing.records(history, set(_PLACES), plan.from_us // 1000, -(-plan.to_us // 1000)):
        if isinstance(r.message, Reply) and r.message.state not in TERMINAL:
            continue
        if r.kind in (Kind.REPLY, Kind.EVENT):
            if r.source in names:
                found[_PLACES[r.kind]].append({"instrument": r.source} | msgspec.to_builtins(r.message))
        elif not r.message.instruments or names & set(r.message.instruments):
            found[_PLACES[r.kind]].append(r.message)
    return found


def _file(w: Written) -> dict[str, Any]:
    columns = [{"name": f.name, "type": f.type} | ({"unit": f.unit} if f.unit else {}) for f in w.fields]
    return {"rows": w.rows, "bytes": w.size, "sha256": w.sha256, "columns": columns}


def _iso(t_us: int, zone: ZoneInfo) -> str:
    return iso(np.array([t_us], "<i8"), zone)[0]
