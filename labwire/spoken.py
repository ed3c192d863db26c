"""One message as one line for people, with units from its instrument's description. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from broker.client import Message
from broker.messages import (
    MAX_TS_MS,
    Audit,
    Block,
    Calibration,
    CalibrationEvent,
    CalibrationRun,
    Command,
    Commit,
    Data,
    Due,
    EdgeStatus,
    Event,
    Last,
    MessageError,
    Meta,
    Note,
    Reply,
    Request,
    Run,
    ServiceStatus,
    Status,
    Value,
    decode,
)
from broker.topics import Kind, Topic, Topics
from labwire.numbers import number_text
from labwire.shown import printable, span

MOST = 400
"""Characters of a text that is not ours."""


@dataclass(slots=True)
class Spoken:
    """What is needed to read a message: the topics' root, and the descriptions heard so far."""

    topics: Topics
    metas: dict[str, Meta] = field(default_factory=dict)


def line(message: Message, spoken: Spoken, at: datetime) -> str:
    """``time  topic  text``; the time is the message's own where it has one, else ``at``, its arrival."""
    topic = spoken.topics.parse(message.topic)
    own, text = _said(message, topic, spoken)
    stamp = at if own is None else datetime.fromtimestamp(own / 1000, at.tzinfo)
    mark = " [retained]" if message.retain else ""
    return printable(f"{stamp:%H:%M:%S}.{stamp.microsecond // 1000:03d}  {message.topic}{mark}  {text}")


def json_line(message: Message, spoken: Spoken, at: datetime) -> str:
    """The same for programs: the payload as it came, the units beside it. What is no JSON is text."""
    topic = spoken.topics.parse(message.topic)
    told: dict[str, Any] = {
        "arrived": at.isoformat(timespec="milliseconds"),
        "topic": message.topic,
        "qos": message.qos,
        "retain": message.retain,
    }
    if topic is not None:
        told |= {"kind": str(topic.kind), "name": topic.name}
        units = {name: c.unit for name, c in _channels(spoken, topic).items() if c.unit}
        told |= {"units": units} if units and topic.kind in (Kind.DATA, Kind.BLOCK, Kind.LAST) else {}
    try:
        told["payload"] = json.loads(message.payload)
    except ValueError:  # also text that is no UTF-8
        told["text"] = message.payload.decode("utf-8", "replace")
    return json.dumps(told, ensure_ascii=False)


def _said(message: Message, topic: Topic | None, spoken: Spoken) -> tuple[float | None, str]:
    """The message's own time in ms since the epoch, and its text."""
    if not message.payload:
        return None, "(cleared)"
    if topic is None:
        return None, message.payload[: 4 * MOST].decode("utf-8", "replace")[:MOST]
    try:
        content = decode(topic.kind, message.payload)
    except MessageError as e:
        return None, f"{e}: {message.payload[:MOST].decode('utf-8', 'replace')}"
    if topic.kind is Kind.LAST:
        ts = content.get("ts")
        return _instant(ts), _last(content, _channels(spoken, topic))
    if topic.kind is Kind.CALIBRATION:
        return None, _calibrations(content)
    return _own(content), _TEXTS[type(content)](content, _channels(spoken, topic))


def _own(content: Any) -> float | None:
    if isinstance(content, Block):
        return content.times_us()[0] / 1000
    return _instant(getattr(content, "ts", None))


def _instant(ts: Any) -> float | None:
    """``ts`` where it is ms since the epoch: some send other units, which no calendar holds."""
    return ts if isinstance(ts, int | float) and 0 <= ts < MAX_TS_MS else None


def _channels(spoken: Spoken, topic: Topic) -> Mapping[str, Any]:
    meta = spoken.metas.get(topic.name)
    return meta.channels if meta else {}


def _value(name: str, value: Value, channels: Mapping[str, Any]) -> str:
    channel = channels.get(name)
    text = number_text(value, channel.resolution if channel else None)
    return f"{name} {text} {channel.unit}".rstrip() if channel else f"{name} {text}"


def _data(data: Data, channels: Mapping[str, Any]) -> str:
    parts = []
    for name, value in data.values.items():
        more = f" ± {data.u[name]:.2g}" if name in data.u else ""
        more += f" ({data.q[name]})" if name in data.q else ""
        parts.append(_value(name, value, channels) + more)
    return "  ".join(parts) or "no values"


def _last(last: Last, channels: Mapping[str, Any]) -> str:
    return "  ".join(_value(name, value, channels) for name, value in last.items() if name != "ts")


def _block(block: Block, channels: Mapping[str, Any]) -> str:
    times = block.times_us()
    seconds = (times[-1] - times[0]) / 1e6
    rate = f" ({(block.n - 1) / seconds:.4g}/s)" if seconds > 0 else ""
    head = f"{block.n} rows{rate}" + (" late" if block.late else "")
    return "  ".join([head, *(_column(name, col, channels) for name, col in block.cols.items())])


def _column(name: str, column: list[Value], channels: Mapping[str, Any]) -> str:
    numbers = [v for v in column if isinstance(v, int | float) and not isinstance(v, bool)]
    if not numbers:
        return _value(name, column[-1], channels)
    low, mean, high = min(numbers), sum(numbers) / len(numbers), max(numbers)
    channel = channels.get(name)
    step = channel.resolution if channel else None
    unit = f" {channel.unit}" if channel and channel.unit else ""
    return f"{name} {number_text(low, step)} … {number_text(high, step)}{unit} (mean {number_text(mean, step)})"


def _calibrations(found: Mapping[str, Calibration]) -> str:
    return "  ".join(f"{name} {calibration.id}" for name, calibration in found.items()) or "none in force"


def _args(values: Mapping[str, Value]) -> str:
    return "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _state(status: Status | EdgeStatus | ServiceStatus, _: Mapping[str, Any]) -> str:
    where = f" at {status.edge}" if isinstance(status, Status) and status.edge else ""
    reason = f": {status.reason}" if status.reason else ""
    figures = {} if isinstance(status, Status) else status.figures
    return f"{status.state}{where}{reason}" + "".join(f"  {k} {v}" for k, v in figures.items() if v not in (None, 0))


def _meta(meta: Meta, _: Mapping[str, Any]) -> str:
    maker = " ".join(filter(None, (meta.vendor, meta.model, meta.serial)))
    commands = ", ".join(meta.commands) or "none"
    return f"{meta.name or maker or 'an instrument'}: {', '.join(meta.channels)}; commands: {commands}"


def _command(command: Command, _: Mapping[str, Any]) -> str:
    by = f" by {command.by}" if command.by else ""
    return f"{command.name}{_args(command.args)}{by}, within {span(command.ttl_ms / 1000)}"


def _reply(reply: Reply, _: Mapping[str, Any]) -> str:
    what = f" {reply.name}{_args(reply.args)}" if reply.name else f" {reply.id}"
    result = f" →{_args(reply.result)}" if reply.result else ""
    error = f": {reply.error.message or reply.error.code}" if reply.error else ""
    progress = f" {reply.progress:.0%}" if reply.progress is not None else ""
    return f"{reply.state}{progress}{what}{result}{error}"


def _event(event: Event, _: Mapping[str, Any]) -> str:
    state = f" {event.state}" if event.state else ""
    return f"{event.severity} {event.kind}{state}: {event.text}"


def _note(note: Note, _: Mapping[str, Any]) -> str:
    return f"{note.by}: {note.text}"


def _run(run: Run, _: Mapping[str, Any]) -> str:
    return f"run {run.run} {run.name!r} by {run.by} {'ended' if run.end else 'begun'}"


def _audit(audit: Audit, _: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (audit.by, audit.action, audit.instrument, audit.text)))


def _commit(commit: Commit, _: Mapping[str, Any]) -> str:
    samples = [f"{boot} up to {mark.upto}" for boot, mark in commit.boots.items()]
    records = [f"{boot} records up to {mark.upto}" for boot, mark in commit.eboots.items()]
    return "stored: " + (", ".join([*samples, *records]) or "nothing yet")


def _request(request: Request, _: Mapping[str, Any]) -> str:
    return f"asks for {request.stream} {request.from_} to {request.to} of {request.boot} again"


def _cal_run(run: CalibrationRun, _: Mapping[str, Any]) -> str:
    return f"{run.phase}: {run.text or run.title}"


def _cal_event(event: CalibrationEvent, _: Mapping[str, Any]) -> str:
    return f"{event.severity} {event.kind}: {event.text}"


def _due(due: Due, _: Mapping[str, Any]) -> str:
    return ", ".join(f"{d.id} {d.status}" for d in due.lines) or "nothing is due"


_TEXTS: dict[type[msgspec.Struct], Callable[[Any, Mapping[str, Any]], str]] = {
    Data: _data,
    Block: _block,
    Meta: _meta,
    Status: _state,
    EdgeStatus: _state,
    ServiceStatus: _state,
    Command: _command,
    Reply: _reply,
    Event: _event,
    Note: _note,
    Run: _run,
    Audit: _audit,
    Commit: _commit,
    Request: _request,
    CalibrationRun: _cal_run,
    CalibrationEvent: _cal_event,
    Due: _due,
}
