"""What is shown of a recorded message, and as what: a topic below the stage, a payload, another time. Pure.

A command is never published as one. It becomes an event with its text, so that it stands in the log of whoever
watches, and no program that obeys commands can take it for one. What senders obey (watermarks, requests) and what
services say of themselves is not shown at all; a status comes without what its spool held, a description without the
commands it had.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from broker.messages import (
    Block,
    Command,
    Data,
    EdgeStatus,
    Event,
    MessageError,
    Meta,
    Note,
    Reply,
    Run,
    Status,
    decode,
    encode,
)
from broker.topics import INSTRUMENT_KINDS, Kind, Topic, Topics
from logger.replay.shift import Shift

STATUS_EXPIRY_S = 90
COMMAND = "command"
"""The kind of the event that a command becomes."""

SHOWN = frozenset({*INSTRUMENT_KINDS, Kind.EDGE_STATUS, Kind.RUN, Kind.NOTE})
_RETAINED = frozenset({Kind.META, Kind.STATUS, Kind.CALIBRATION, Kind.LAST, Kind.EDGE_STATUS, Kind.RUN})
_EXPIRING = frozenset({Kind.STATUS, Kind.EDGE_STATUS})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message as the traffic log has it; ``payload`` None: the samples it carried are no longer stored."""

    t_ms: int
    topic: str
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Cue:
    """One message to publish. ``t_ms``: when it came, on the record's clock."""

    t_ms: int
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None


@dataclass(slots=True)
class Script:
    """Makes cues. ``wanted`` says which instruments are shown; ``skipped`` counts what is not, by reason."""

    live: Topics
    stage: Topics
    wanted: Callable[[str], bool]
    shift: Shift | None = None
    skipped: Counter[str] = field(default_factory=Counter)

    def cue(self, recorded: Recorded) -> Cue | None:
        """What to publish for a message; None for nothing."""
        topic = self.live.parse(recorded.topic)
        if topic is None or topic.kind not in SHOWN:
            self.skipped["not of the contract" if topic is None else "for senders and services"] += 1
            return None
        if topic.kind in INSTRUMENT_KINDS and not self.wanted(topic.name):
            return None
        if recorded.payload is None:
            self.skipped["no longer in the store"] += 1
            return None
        if not recorded.payload:  # a retained message was deleted
            return self._made(recorded, topic, b"") if topic.kind in _RETAINED else None
        try:
            message = decode(topic.kind, recorded.payload)
        except MessageError:
            self.skipped["cannot be read"] += 1
            return None
        return self._shown(recorded, topic, message)

    def _shown(self, recorded: Recorded, topic: Topic, message: Any) -> Cue | None:
        if isinstance(message, Command):
            return self._made(recorded, Topic(Kind.EVENT, topic.name), encode(self._command(recorded, topic, message)))
        if isinstance(message, (Run, Note)) and message.instruments and not any(map(self.wanted, message.instruments)):
            return None
        return self._made(recorded, topic, self._payload(recorded.payload or b"", message))

    def _made(self, recorded: Recorded, topic: Topic, payload: bytes) -> Cue:
        return Cue(
            recorded.t_ms,
            _on(self.stage, topic),
            payload,
            qos=0 if topic.kind is Kind.LAST else 1,
            retain=topic.kind in _RETAINED,
            expiry_s=STATUS_EXPIRY_S if topic.kind in _EXPIRING and payload else None,
        )

    def _command(self, recorded: Recorded, topic: Topic, command: Command) -> Event:
        args = ", ".join(f"{name} {value}" for name, value in command.args.items())
        text = f"command shown, not sent: {command.name} {args}".rstrip()
        at = recorded.t_ms if self.shift is None else self.shift.ms(recorded.t_ms)
        return Event(ts=at, kind=COMMAND, text=text, by=command.by or topic.part)

    def _payload(self, payload: bytes, message: Any) -> bytes:
        if isinstance(message, Status):
            message = msgspec.structs.replace(message, hold=[], ehold=[], stored_by="")
        elif isinstance(message, Meta):  # a page shall not offer what nobody would do
            message = msgspec.structs.replace(message, commands={})
        elif self.shift is None:
            return payload
        if self.shift is not None:
            message = _moved(message, self.shift)
        return encode(message)


def _on(stage: Topics, topic: Topic) -> str:
    match topic.kind:
        case Kind.EDGE_STATUS:
            return stage.edge_status(topic.name)
        case Kind.RUN:
            return stage.run(topic.name)
        case Kind.NOTE:
            return stage.note(topic.name)
        case _:
            return stage.of(topic.name, topic.kind)


def _moved(message: Any, shift: Shift) -> Any:
    """The same message at another time; what has another time has another boot, or it would be taken for known."""
    made = message
    match message:
        case Data():
            ms, us = divmod(shift.us(message.t_us), 1000)
            made = msgspec.structs.replace(message, ts=ms, us=us)
        case Block():
            made = _moved_block(message, shift)
        case Status() | EdgeStatus() | Reply() | Event() | Note() if message.ts is not None:
            made = msgspec.structs.replace(message, ts=shift.ms(message.ts))
        case Run():
            end = None if message.end is None else shift.ms(message.end)
            made = msgspec.structs.replace(message, start=shift.ms(message.start), end=end)
        case dict() if isinstance(message.get("ts"), int):
            made = message | {"ts": shift.ms(message["ts"])}
        case _:
            pass
    boot = getattr(message, "boot", None)
    return made if boot is None else msgspec.structs.replace(made, boot=shift.boot(boot))


def _moved_block(block: Block, shift: Shift) -> Block:
    times = [shift.us(t) for t in block.times_us()]
    step = times[1] - times[0] if len(times) > 1 else 0
    if times == [times[0] + k * step for k in range(len(times))]:
        return msgspec.structs.replace(block, t0_us=times[0], dt_us=step, t_us=None)
    return msgspec.structs.replace(block, t0_us=None, dt_us=None, t_us=times)
