"""The messages of the contract, version 1: what may stand in a payload, and the one way to read and write it.

Everything here is a frozen struct; past ``decode`` there are no dicts of unknown shape. Unknown keys are ignored, so a
newer sender does not break an older reader. ``tests/contract/*.json`` holds each message once; the dashboard's tests
read the same files.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from broker.topics import RESERVED_CHANNELS, Kind

Value = float | int | bool | str | None
"""One value of a channel; None with no quality means "not sampled"."""

Quality = Literal["good", "uncertain", "bad", "nan", "+inf", "-inf", "extrapolated", "clock"]
ChannelType = Literal["float", "int", "int64", "uint64", "bool", "str"]

MAX_SAFE_INTEGER = 2**53
"""Integers beyond this travel as decimal strings (type int64 or uint64): JSON readers in browsers round them."""

MAX_BLOCK_BYTES = 64 * 1024
MAX_TTL_MS = 60_000
MAX_TS_MS = 2**43
"""The year 2248: a later stamp is a mistake (microseconds or nanoseconds sent as milliseconds)."""


class MessageError(ValueError):
    """A payload that is not what its topic promises; the text says where and what was expected."""


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


# --- samples ----------------------------------------------------------------------------------------------------------


class Data(_Message, frozen=True):
    """One sample set. ``ts`` in ms since the epoch (UTC), ``us`` the microseconds below it, ``boot``/``seq`` its
    identity; without them no gap detection and no end-to-end delivery."""

    ts: int
    values: dict[str, Value]
    boot: str | None = None
    seq: int | None = None
    us: int = 0
    fold: int = 0
    rev: str | None = None
    q: dict[str, Quality] = {}
    u: dict[str, float] = {}
    cal: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not 0 <= self.ts < MAX_TS_MS:
            raise ValueError(f"ts {self.ts} is not milliseconds since 1970")
        if not 0 <= self.us <= 999:
            raise ValueError(f"us {self.us} is not within 0…999")
        _check_identity(self.boot, self.seq)
        _check_channels(self.values)

    @property
    def t_us(self) -> int:
        """The instant in microseconds since the epoch."""
        return self.ts * 1000 + self.us


class Block(_Message, frozen=True):
    """Many sample sets, column by column; row ``k`` is (boot, seq + k).

    Regular times are ``t0_us + k·dt_us``, irregular ones ``t_us[k]``. ``late`` marks rows sent again from a spool:
    history, not now. ``q`` is sparse: channel → row number as text → code. ``u`` is one number or one a row.
    """

    boot: str
    seq: int
    n: int
    cols: dict[str, list[Value]]
    t0_us: int | None = None
    dt_us: int | None = None
    t_us: list[int] | None = None
    late: bool = False
    fold: int = 0
    rev: str | None = None
    q: dict[str, dict[str, Quality]] = {}
    u: dict[str, float | list[float | None]] = {}
    cal: dict[str, str] = {}

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.seq)
        if self.n < 1:
            raise ValueError(f"n {self.n} is not at least 1")
        for name, col in self.cols.items():
            if len(col) != self.n:
                raise ValueError(f"column {name!r} has {len(col)} rows, n says {self.n}")
        _check_times(self)
        _check_sparse(self)
        _check_channels(self.cols)

    def times_us(self) -> list[int]:
        """The instants of all rows, µs since the epoch."""
        if self.t_us is not None:
            return self.t_us
        t0, dt = self.t0_us or 0, self.dt_us or 0
        return [t0 + k * dt for k in range(self.n)]


def _check_times(block: Block) -> None:
    limit = MAX_TS_MS * 1000
    if block.t_us is not None:
        if len(block.t_us) != block.n:
            raise ValueError(f"t_us has {len(block.t_us)} entries, n says {block.n}")
        if min(block.t_us) < 0 or max(block.t_us) >= limit:
            raise ValueError("t_us is not microseconds since 1970")
        return
    if block.t0_us is None or block.dt_us is None:
        raise ValueError("t0_us and dt_us, or t_us, are needed")
    if block.dt_us < 0 or block.t0_us < 0 or block.t0_us + (block.n - 1) * block.dt_us >= limit:
        raise ValueError("t0_us and dt_us are not microseconds since 1970")


def _check_sparse(block: Block) -> None:
    for name, rows in block.q.items():
        for row in rows:
            if not (row.isascii() and row.isdigit() and len(row) < 9 and int(row) < block.n):
                raise ValueError(f"q of {name!r} names row {row!r}, n is {block.n}")
    for name, u in block.u.items():
        if isinstance(u, list) and len(u) != block.n:
            raise ValueError(f"u of {name!r} has {len(u)} rows, n says {block.n}")


def _check_identity(boot: str | None, seq: int | None) -> None:
    if (boot is None) != (seq is None):
        raise ValueError("boot and seq come together or not at all")
    if boot is not None and not 0 < len(boot) <= 64:
        raise ValueError("boot is 1 to 64 characters long")
    if seq is not None and not 0 <= seq < MAX_SAFE_INTEGER:
        raise ValueError(f"seq {seq} is not within 0…2^53")


def _check_channels(columns: Mapping[str, object]) -> None:
    for name in columns:
        if name in RESERVED_CHANNELS or not name or not name.isascii() or not name.isidentifier():
            raise ValueError(f"{name!r} is not a channel name")


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
    timeout_ms: int = 5000
    sets: str = ""


class Meta(_Message, frozen=True):
    """What an instrument is; retained. ``rev`` identifies this very description."""

    v: int = 1
    name: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    edge: str = ""
    simulated: bool = False
    stale_ms: int = 5000
    rev: str = ""
    channels: dict[str, Channel] = {}
    commands: dict[str, CommandSpec] = {}


# --- presence ---------------------------------------------------------------------------------------------------------


class Hold(_Message, frozen=True):
    """What the spool still has of one boot: records ``first`` to ``next`` − 1. ``lost`` counts what overflowed."""

    boot: str
    first: int
    next: int
    lost: int = 0


PresenceState = Literal["online", "degraded", "offline", "lost"]


class Status(_Message, frozen=True):
    """Presence and health of an instrument, published again every 30 s, expiring after 90 s. A will has no ``ts``."""

    state: PresenceState
    boot: str
    conn: int = 0
    ts: int | None = None
    edge: str = ""
    reason: str = ""
    stored_by: str = ""
    hold: list[Hold] = []
    ehold: list[Hold] = []


class EdgeStatus(_Message, frozen=True):
    """Presence and health of an edge daemon. ``figures`` are named numbers: spool_bytes, spool_hours_left, …"""

    state: PresenceState
    boot: str
    conn: int = 0
    ts: int | None = None
    reason: str = ""
    version: str = ""
    instruments: list[str] = []
    figures: dict[str, float | int | str | None] = {}


class ServiceStatus(_Message, frozen=True):
    """State and figures of a service. ``boot`` is the run of the process; ``holding``: the disk is full, send later.

    ``ehold`` is what the service's own spool holds (a bridge keeps notes, runs and its audit there)."""

    state: Literal["starting", "online", "holding", "degraded", "offline", "lost"]
    boot: str
    conn: int = 0
    ts: int | None = None
    reason: str = ""
    version: str = ""
    store: str = ""
    figures: dict[str, float | int | str | None] = {}
    stored_by: str = ""
    ehold: list[Hold] = []


# --- commands ---------------------------------------------------------------------------------------------------------


class Command(_Message, frozen=True):
    """A command. ``ttl_ms`` after ``ts`` it is never executed any more. ``by`` is whom the bridge authenticated."""

    id: str
    name: str
    ts: int | None = None
    ttl_ms: int = 5000
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
    ts: int
    name: str = ""
    by: str = ""
    via: str = ""
    args: dict[str, Value] = {}
    result: dict[str, Value] = {}
    progress: float | None = None
    error: Problem | None = None
    boot: str | None = None
    eseq: int | None = None

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.eseq)


class Event(_Message, frozen=True):
    """Something that happened: an alarm raised or cleared, a message of the instrument or its driver."""

    ts: int
    kind: str
    text: str
    severity: Literal["debug", "info", "warning", "error", "critical"] = "info"
    channel: str = ""
    state: Literal["", "raised", "cleared"] = ""
    by: str = ""
    boot: str | None = None
    eseq: int | None = None

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.eseq)


class Note(_Message, frozen=True):
    """An operator's note."""

    ts: int
    text: str
    by: str
    instruments: list[str] = []
    run: str = ""
    boot: str | None = None
    eseq: int | None = None

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.eseq)


class Run(_Message, frozen=True):
    """A batch or experiment while it runs; retained. The message with ``end`` is the last."""

    run: str
    name: str
    start: int
    by: str
    end: int | None = None
    sample: str = ""
    instruments: list[str] = []
    boot: str | None = None
    eseq: int | None = None

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.eseq)


class Audit(_Message, frozen=True):
    """What a service did for a person or refused: sessions, subscriptions, downloads, commands. Never a token."""

    ts: int
    action: str
    by: str
    text: str = ""
    instrument: str = ""
    client: str = ""
    boot: str | None = None
    eseq: int | None = None

    def __post_init__(self) -> None:
        _check_identity(self.boot, self.eseq)


# --- delivery ---------------------------------------------------------------------------------------------------------


class Mark(_Message, frozen=True):
    """What of one boot is stored: everything up to and including ``upto``, and the later ranges ``have``."""

    upto: int
    have: list[tuple[int, int]] = []


class Commit(_Message, frozen=True):
    """The logger's watermarks for one source; ``boots`` for samples, ``eboots`` for replies, events and notes.

    ``store`` was made with the database, ``run`` with the process. ``want_since``: ms since the epoch; older records
    are not asked for.
    """

    store: str
    run: str
    boots: dict[str, Mark] = {}
    eboots: dict[str, Mark] = {}
    want_since: int = 0


class Request(_Message, frozen=True):
    """The logger asks for records ``from_`` to ``to`` (inclusive) of one boot again."""

    boot: str
    from_: int = msgspec.field(name="from")
    to: int
    stream: Literal["samples", "events"] = "samples"


class Calibration(_Message, frozen=True):
    """The calibration in force of one channel."""

    id: str
    certificate: str = ""
    correction: list[float] = []
    u: float | None = None
    due: int | None = None
    released: int | None = None


Last = dict[str, Value]
"""Flat latest values with ``ts``."""

_TYPES: dict[Kind, Any] = {
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
}
_DECODERS: dict[Kind, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(t) for kind, t in _TYPES.items()}
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


def finite(value: Value) -> tuple[Value, Quality | None]:
    """The value as it may travel, and the quality code that says what was lost: NaN → (None, "nan")."""
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None, "nan"
        return None, "+inf" if value > 0 else "-inf"
    return value, None


def fits(value: Value, type_: ChannelType) -> bool:
    """Whether ``value`` is what a channel of ``type_`` promises (an int is a float; a bool is neither)."""
    if value is None:
        return True
    match type_:
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_SAFE_INTEGER
        case "int64" | "uint64":
            return _integer_within(value, -(2**63), 2**63) if type_ == "int64" else _integer_within(value, 0, 2**64)
        case "bool":
            return isinstance(value, bool)
        case "str":
            return isinstance(value, str)


def _integer_within(value: Value, low: int, high: int) -> bool:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
            return False
        value = int(value)
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < high


def with_rev(meta: Meta) -> Meta:
    """The same description with ``rev`` set to the hash of its content."""
    bare = msgspec.structs.replace(meta, rev="")
    digest = hashlib.blake2b(_encoder.encode(bare), digest_size=6).hexdigest()
    return msgspec.structs.replace(meta, rev=digest)
