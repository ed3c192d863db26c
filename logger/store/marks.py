"""Notes, runs, events and finished commands, as lines on a plot's time axis."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from broker.messages import TERMINAL, Event, MessageError, Note, Reply, Run, decode
from broker.topics import Kind


@dataclass(frozen=True, slots=True)
class MarkLine:
    """``kind`` is note, run, event or command; ``ts`` ms; ``instrument`` "" for those that concern several or none.

    ``run`` is the id of a run; ``event``, ``severity`` and ``channel`` are what an event says of itself: who reads the
    log must know which start an end belongs to, and which alarm has cleared.
    """

    ts: int
    kind: str
    text: str
    instrument: str = ""
    by: str = ""
    state: str = ""
    run: str = ""
    event: str = ""
    severity: str = ""
    channel: str = ""


def read(db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[MarkLine]:
    """The marks with ``from_ms`` ≤ ts < ``to_ms``, in order of time."""
    rows = db.execute(
        "SELECT kind, payload, name FROM record JOIN source ON source.id = record.source"
        " WHERE t_ms >= ? AND t_ms < ? AND kind IN ('note', 'run', 'event', 'reply') ORDER BY t_ms, record.id",
        (from_ms, to_ms),
    )
    found = (_line(Kind(kind), payload, name) for kind, payload, name in rows)
    return [line for line in found if line is not None]


def _line(kind: Kind, payload: bytes, source: str) -> MarkLine | None:
    try:
        message = decode(kind, payload)
    except MessageError:  # written by a version with other rules
        return None
    return _LINES[kind](message, source)


def _note(note: Note, _source: str) -> MarkLine:
    return MarkLine(note.ts, "note", note.text, _only(note.instruments), note.by)


def _run(run: Run, _source: str) -> MarkLine:
    ts, state = (run.start, "started") if run.end is None else (run.end, "stopped")
    text = f"{run.name} – {run.sample}" if run.sample else run.name
    return MarkLine(ts, "run", text, _only(run.instruments), run.by, state, run=run.run)


def _event(event: Event, source: str) -> MarkLine:
    line = MarkLine(event.ts, "event", event.text, source, event.by, event.state)
    return replace(line, event=event.kind, severity=event.severity, channel=event.channel)


def _command(reply: Reply, source: str) -> MarkLine | None:
    if reply.state not in TERMINAL:
        return None
    args = ", ".join(f"{name} {value}" for name, value in reply.args.items())
    text = f"{reply.name} {args}".strip() or reply.id
    if reply.error is not None:
        text += f": {reply.error.message or reply.error.code}"
    return MarkLine(reply.ts, "command", text, source, reply.by, reply.state)


def _only(instruments: list[str]) -> str:
    return instruments[0] if len(instruments) == 1 else ""


_LINES: dict[Kind, Callable[[Any, str], MarkLine | None]] = {
    Kind.NOTE: _note,
    Kind.RUN: _run,
    Kind.EVENT: _event,
    Kind.REPLY: _command,
}
