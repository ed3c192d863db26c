"""The messages of the contract, version 1: what may stand in a payload, and the one way to read and write it.

Everything here is a frozen struct; past ``decode`` there are no dicts of unknown shape. Unknown keys are ignored, so a
newer sender does not break an older reader. ``tests/contract/*.json`` holds each message once; the dashboard's tests
read the same files.
"""

import hashlib
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from broker.calibration import Calibration as Calibration
from broker.calibration import Due as Due
from broker.calibration_run import CalibrationEvent as CalibrationEvent
from broker.calibration_run import CalibrationRun as CalibrationRun
from broker.samples import Block as Block
from broker.samples import Data as Data
from broker.topics import Kind
from broker.values import MAX_BLOCK_BYTES as MAX_BLOCK_BYTES
from broker.values import MAX_SAFE_INTEGER as MAX_SAFE_INTEGER
from broker.values import MAX_TS_MS as MAX_TS_MS
from broker.values import MAX_TTL_MS as MAX_TTL_MS
from broker.values import ChannelType as ChannelType
from broker.values import Count, Figures, Id, Integer, Milliseconds, Seq, Stamp, Ttl, check_channels, check_identity
from broker.values import MessageError as MessageError
from broker.values import Quality as Quality
from broker.values import Value as Value
from broker.values import finite as finite
from broker.values import fits as fits


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


# --- what an instrument is --------------------------------------------------------------------------------------------


class Channel(_Message, frozen=True):
    """One channel. ``source`` is its original name or path, ``resolution`` the smallest step shown."""

    type: ChannelType = "float"
    unit: str = ""
    label: str = ""
    range: tuple[float, float] | None = None
    resolution: float | None = None
    group: str = ""
    source: str = ""
    period_ms: float | None = None


class Argument(_Message, frozen=True):
    """One argument of a command, with its limits."""

    type: ChannelType = "float"
    unit: str = ""
    label: str = ""
    min: float | None = None
    max: float | None = None
    choices: list[str] = []
    default: Value = None


class CommandSpec(_Message, frozen=True):
    """One command an instrument understands. ``sets`` names the channel that shows the result, where there is one."""

    label: str = ""
    args: dict[str, Argument] = {}
    confirm: bool = False
    timeout_ms: Milliseconds = 5000
    sets: str = ""


class Meta(_Message, frozen=True):
    """What an instrument is; retained. ``rev`` identifies this very description."""

    v: Count = 1
    name: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    edge: str = ""
    simulated: bool = False
    stale_ms: Milliseconds = 5000
    rev: str = ""
    channels: dict[str, Channel] = {}
    commands: dict[str, CommandSpec] = {}

    def __post_init__(self) -> None:
        check_channels(self.channels)


# --- presence ---------------------------------------------------------------------------------------------------------


class Hold(_Message, frozen=True):
    """What the spool still has of one boot: records ``first`` to ``next`` − 1. ``lost`` counts what overflowed."""

    boot: str
    first: Count
    next: Count
    lost: Count = 0

    def __post_init__(self) -> None:
        if self.first > self.next:
            raise ValueError(f"first {self.first} is beyond next {self.next}")


PresenceState = Literal["online", "degraded", "offline", "lost"]


class Status(_Message, frozen=True):
    """Presence and health of an instrument, published again every 30 s, expiring after 90 s. A will has no ``ts``."""

    state: PresenceState
    boot: str
    conn: Count = 0
    ts: Stamp | None = None
    edge: str = ""
    reason: str = ""
    stored_by: str = ""
    hold: list[Hold] = []
    ehold: list[Hold] = []


class EdgeStatus(_Message, frozen=True):
    """Presence and health of an edge daemon. ``figures`` are named numbers: spool_bytes, spool_hours_left, …"""

    state: PresenceState
    boot: str
    conn: Count = 0
    ts: Stamp | None = None
    reason: str = ""
    version: str = ""
    instruments: list[str] = []
    figures: Figures = {}


class ServiceStatus(_Message, frozen=True):
    """State and figures of a service. ``boot`` is the run of the process; ``holding``: the disk is full, send later.

    ``ehold`` is what the service's own spool holds (a bridge keeps notes, runs and its audit there). ``instruments``:
    which a logger is responsible for, as patterns."""

    state: Literal["starting", "online", "holding", "degraded", "offline", "lost"]
    boot: str
    conn: Count = 0
    ts: Stamp | None = None
    reason: str = ""
    version: str = ""
    store: str = ""
    figures: Figures = {}
    stored_by: str = ""
    ehold: list[Hold] = []
    instruments: list[str] = []


# --- commands ---------------------------------------------------------------------------------------------------------


class Command(_Message, frozen=True):
    """A command. ``ttl_ms`` after ``ts`` it is never executed any more. ``by`` is whom the bridge authenticated."""

    id: Id
    name: str
    ts: Integer | None = None
    ttl_ms: Ttl = 5000
    args: dict[str, Value] = {}
    by: str = ""
    via: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= 64:
            raise ValueError("id is 1 to 64 characters long")
        if not 0 < self.ttl_ms <= MAX_TTL_MS:
            raise ValueError(f"ttl_ms {self.ttl_ms} is not within 1…{MAX_TTL_MS}")


class Problem(_Message, frozen=True):
    """Why something was not done: ``code`` for programs, ``message`` for people."""

    code: str
    message: str = ""


ReplyState = Literal["accepted", "running", "done", "failed", "rejected", "expired"]
TERMINAL = frozenset({"done", "failed", "rejected", "expired"})


class Reply(_Message, frozen=True):
    """One state of a command; exactly one of them is terminal (TERMINAL). ``boot``/``eseq`` are its identity."""

    id: str
    state: ReplyState
    ts: Stamp
    name: str = ""
    by: str = ""
    via: str = ""
    args: dict[str, Value] = {}
    result: dict[str, Value] = {}
    progress: float | None = None
    error: Problem | None = None
    boot: Id | None = None
    eseq: Seq | None = None

    def __post_init__(self) -> None:
        check_identity(self.boot, self.eseq)


class Event(_Message, frozen=True):
    """Something that happened: an alarm raised or cleared, a message of the instrument or its driver."""

    ts: Stamp
    kind: str
    text: str
    severity: Literal["debug", "info", "warning", "error", "critical"] = "info"
    channel: str = ""
    state: Literal["", "raised", "cleared"] = ""
    by: str = ""
    boot: Id | None = None
    eseq: Seq | None = None

    def __post_init__(self) -> None:
        check_identity(self.boot, self.eseq)


class Note(_Message, frozen=True):
    """An operator's note."""

    ts: Stamp
    text: str
    by: str
    instruments: list[str] = []
    run: str = ""
    boot: Id | None = None
    eseq: Seq | None = None

    def __post_init__(self) -> None:
        check_identity(self.boot, self.eseq)


class Run(_Message, frozen=True):
    """A batch or experiment while it runs; retained. The message with ``end`` is the last."""

    run: str
    name: str
    start: Stamp
    by: str
    end: Stamp | None = None
    sample: str = ""
    instruments: list[str] = []
    boot: Id | None = None
    eseq: Seq | None = None

    def __post_init__(self) -> None:
        check_identity(self.boot, self.eseq)


class Audit(_Message, frozen=True):
    """What a service did for a person or refused: sessions, subscriptions, downloads, commands. Never a token."""

    ts: Stamp
    action: str
    by: str
    text: str = ""
    instrument: str = ""
    client: str = ""
    boot: Id | None = None
    eseq: Seq | None = None

    def __post_init__(self) -> None:
        check_identity(self.boot, self.eseq)


# --- delivery ---------------------------------------------------------------------------------------------------------


class Mark(_Message, frozen=True):
    """What of one boot is stored: everything up to and including ``upto``, and the later ranges ``have``."""

    upto: Annotated[int, msgspec.Meta(ge=-1, le=MAX_SAFE_INTEGER)]
    have: list[tuple[Count, Count]] = []

    def __post_init__(self) -> None:
        for low, high in self.have:
            if low > high:
                raise ValueError(f"have begins at {low} and ends at {high}")


class Commit(_Message, frozen=True):
    """The logger's watermarks for one source; ``boots`` for samples, ``eboots`` for replies, events and notes.

    ``store`` was made with the database, ``run`` with the process. ``want_since``: ms since the epoch; older records
    are not asked for.
    """

    store: str
    run: str
    boots: dict[str, Mark] = {}
    eboots: dict[str, Mark] = {}
    want_since: Stamp = 0


class Request(_Message, frozen=True):
    """The logger asks for records ``from_`` to ``to`` (inclusive) of one boot again."""

    boot: str
    from_: Count = msgspec.field(name="from")
    to: Count
    stream: Literal["samples", "events"] = "samples"

    def __post_init__(self) -> None:
        if self.from_ > self.to:
            raise ValueError(f"from {self.from_} is beyond to {self.to}")


Last = dict[str, Value]
"""Flat latest values with ``ts``."""

TYPES: dict[Kind, Any] = {
    Kind.DATA: Data,
    Kind.BLOCK: Block,
    Kind.LAST: Last,
    Kind.META: Meta,
    Kind.STATUS: Status,
    Kind.CMD: Command,
    Kind.REPLY: Reply,
    Kind.EVENT: Event,
    Kind.CALIBRATION: dict[str, Calibration],
    Kind.EDGE_STATUS: EdgeStatus,
    Kind.SERVICE_STATUS: ServiceStatus,
    Kind.COMMIT: Commit,
    Kind.REQUEST: Request,
    Kind.AUDIT: Audit,
    Kind.RUN: Run,
    Kind.NOTE: Note,
    Kind.CAL_STATE: CalibrationRun,
    Kind.CAL_CMD: Command,
    Kind.CAL_EVENT: CalibrationEvent,
    Kind.CAL_DUE: Due,
}
_DECODERS: dict[Kind, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(t) for kind, t in TYPES.items()}
_encoder = msgspec.json.Encoder()

M = TypeVar("M")


def decode(kind: Kind, payload: bytes | memoryview) -> Any:
    """Read a payload of ``kind``: the struct of that name (Last and calibration: a dict). Raises MessageError."""
    try:
        return _DECODERS[kind].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:  # ValidationError is a DecodeError
        raise MessageError(f"not a valid {kind} message: {e}") from e
    except RecursionError as e:
        raise MessageError(f"not a valid {kind} message: nested too deeply") from e


def decode_as(type_: type[M], payload: bytes | memoryview) -> M:
    """Read a payload as the message class ``type_``. Raises MessageError."""
    try:
        return msgspec.json.decode(payload, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise MessageError(f"not a valid {type_.__name__} message: {e}") from e


def encode(message: Any) -> bytes:
    """Write a message; numbers that are not finite become null (say why in ``q``)."""
    return _encoder.encode(message)


def with_rev(meta: Meta) -> Meta:
    """The same description with ``rev`` set to the hash of its content."""
    bare = msgspec.structs.replace(meta, rev="")
    digest = hashlib.blake2b(_encoder.encode(bare), digest_size=6).hexdigest()
    return msgspec.structs.replace(meta, rev=digest)
