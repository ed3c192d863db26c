"""Points from what people, instruments and services said, for annotations and health.

A time is the record's own millisecond and, below it, its number: two records of one millisecond are two points.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from broker.messages import EdgeStatus, Event, MessageError, Note, Reply, Run, ServiceStatus, Status, decode
from broker.topics import Kind, Topic, Topics
from broker.values import Value
from logger.influx.line import point
from logger.store.history import History

MS = 1_000_000
"""Nanoseconds."""
M = TypeVar("M", Note, Run)
RECORDS = (Kind.REPLY, Kind.EVENT, Kind.NOTE, Kind.RUN)


def record(kind: Kind, source: str, payload: bytes, id_: int) -> list[bytes]:
    """The points of a stored record; none when it cannot be read. ``id_`` tells records without a number apart."""
    try:
        message = decode(kind, payload)
    except MessageError:  # written by a version with other rules
        return []
    eseq = getattr(message, "eseq", None)
    below = (id_ if eseq is None else eseq) % MS
    points: list[bytes | None] = []
    match message:
        case Reply():
            points = [_reply(message, source, below)]
        case Event():
            points = [_event(message, source, below)]
        case Note():
            points = _each(_note, message, below)
        case Run():
            points = _each(_run, message, below)
    return [p for p in points if p is not None]


def _reply(r: Reply, instrument: str, below: int) -> bytes | None:
    error = f"{r.error.code}: {r.error.message}" if r.error else None
    said = " ".join([r.name or r.id, *(f"{k}={_plain(v)}" for k, v in r.args.items())])
    fields = {
        "text": f"{said}: {r.state}" + (f" ({error})" if error else ""),
        "id": r.id,
        "name": r.name or None,
        "by": r.by or None,
        "via": r.via or None,
        "args": _json(r.args),
        "result": _json(r.result),
        "error": error,
        "progress": None if r.progress is None else float(r.progress),
    }
    return point("reply", {"instrument": instrument, "state": r.state}, fields, r.ts * MS + below)


def _event(e: Event, instrument: str, below: int) -> bytes | None:
    tags = {"instrument": instrument, "severity": e.severity, "kind": e.kind, "state": e.state}
    return point("event", tags, {"text": e.text, "channel": e.channel or None, "by": e.by or None}, e.ts * MS + below)


def _note(n: Note, instrument: str, below: int) -> bytes | None:
    return point(
        "note", {"instrument": instrument}, {"text": n.text, "by": n.by, "run": n.run or None}, n.ts * MS + below
    )


def _run(r: Run, instrument: str, below: int) -> bytes | None:
    fields = {
        "text": r.name,
        "name": r.name,
        "run": r.run,
        "by": r.by,
        "sample": r.sample or None,
        "start_ms": r.start,
        "end_ms": r.end,
    }
    tags = {"instrument": instrument, "state": "started" if r.end is None else "ended"}
    return point("run", tags, fields, (r.start if r.end is None else r.end) * MS + below)


def _each(make: Callable[[M, str, int], bytes | None], message: M, below: int) -> list[bytes | None]:
    """One point for each instrument it names; one without, when it names none."""
    return [make(message, instrument, below) for instrument in message.instruments or [""]]


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json(values: Mapping[str, Value]) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values else None


# --- presence ---------------------------------------------------------------------------------------------------------

Known = dict[str, str]
"""Instrument → what its last status point said."""


Heard = tuple[Topic, int, bytes]
"""Topic, arrival in ms, payload."""


def heard(history: History, topics: Topics, from_ms: int, to_ms: int) -> list[Heard]:
    """The statuses in the traffic log of a time, both ends included, in order."""
    found = []
    for kind in (Kind.STATUS, Kind.EDGE_STATUS, Kind.SERVICE_STATUS):
        for entry in history.log(topics.all_of(kind), from_ms, to_ms, 1_000_000):
            topic = topics.parse(entry.topic)
            if topic is not None and entry.payload:
                found.append((topic, entry.t_ms, entry.payload))
    return sorted(found, key=lambda h: h[1])


def statuses(heard: Sequence[Heard], known: Known) -> Iterator[bytes]:
    """Points of what was heard: an instrument's status when it changes (``known`` is kept up to
    date), a service's or edge's whenever it is published, with its figures."""
    for topic, arrived_ms, payload in heard:
        try:
            message = decode(topic.kind, payload)
        except MessageError:
            continue
        match message:
            case Status():
                made = _status(topic.name, message, arrived_ms, known)
            case EdgeStatus():
                made = _service("edge", topic.name, message, arrived_ms)
            case ServiceStatus():
                made = _service(topic.part, topic.name, message, arrived_ms)
            case _:
                made = None
        if made is not None:
            yield made


def _status(instrument: str, s: Status, arrived_ms: int, known: Known) -> bytes | None:
    said = f"{s.state}: {s.reason}" if s.reason else s.state
    if known.get(instrument) == said:
        return None
    known[instrument] = said
    up = s.state in ("online", "degraded")
    fields = {"text": said, "reason": s.reason, "edge": s.edge or None, "up": up}
    return point("status", {"instrument": instrument, "state": s.state}, fields, (s.ts or arrived_ms) * MS)


def _service(service: str, name: str, s: EdgeStatus | ServiceStatus, arrived_ms: int) -> bytes | None:
    figures = {k: v if isinstance(v, str) or v is None else float(v) for k, v in s.figures.items()}
    fields = {"state": s.state, "reason": s.reason, "version": s.version or None} | figures
    return point("service", {"service": service, "name": name}, fields, (s.ts or arrived_ms) * MS)
