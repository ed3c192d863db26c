"""The text messages of the WebSocket protocol ``labwire.v1``, one struct each.

A message is a JSON object whose ``op`` says which it is. Unknown keys are ignored, as everywhere in the contract.
"""

from typing import Annotated, Any, Literal

import msgspec

from broker.calibration import DueLine
from broker.messages import MAX_SAFE_INTEGER, MAX_TTL_MS, Calibration, Meta, Problem, Quality, Status, Value

SUBPROTOCOL = "labwire.v1"
VERSION = 1

MOST_BYTES = 64 * 1024
MOST_SUBSCRIPTIONS = 100
MOST_CHANNELS = 1000
HELLO_WITHIN_S = 5

CLOSE_NO_TOKEN = 4401
CLOSE_BAD_MESSAGE = 4400
CLOSE_OVERLOAD = 1013


SubscriptionId = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]


class OpError(ValueError):
    """A message that is not one of the protocol's; ``code`` for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Hello(msgspec.Struct, frozen=True, tag_field="op", tag="hello"):
    """The first message, within HELLO_WITHIN_S."""

    token: str | None = None


class Sub(msgspec.Struct, frozen=True, tag_field="op", tag="sub"):
    """Ask for samples. ``since`` (ms) resumes from there; ``step_ms`` asks for smallest and largest per bucket."""

    id: SubscriptionId
    filter: str
    channels: list[str] | None = None
    mode: Literal["latest", "samples"] = "latest"
    since: float | None = None
    step_ms: float | None = None
    encoding: Literal["binary", "json"] = "binary"

    def __post_init__(self) -> None:
        if self.channels is not None and len(self.channels) > MOST_CHANNELS:
            raise ValueError(f"at most {MOST_CHANNELS} channels")
        if self.step_ms is not None and not 0 <= self.step_ms <= 86_400_000:
            raise ValueError("step_ms is not within 0…86400000")
        if self.since is not None and not 0 <= self.since < 2**43:
            raise ValueError("since is not milliseconds since 1970")


class Unsub(msgspec.Struct, frozen=True, tag_field="op", tag="unsub"):
    id: SubscriptionId


class DoCommand(msgspec.Struct, frozen=True, tag_field="op", tag="command"):
    """Command an instrument; ``id`` is the client's own and comes back in the states."""

    id: str
    instrument: str
    name: str
    args: dict[str, Value] = {}
    ttl_ms: int = 5000

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= 64:
            raise ValueError("id is 1 to 64 characters long")
        if not 0 < self.ttl_ms <= MAX_TTL_MS:
            raise ValueError(f"ttl_ms is not within 1…{MAX_TTL_MS}")


class DoCalibration(msgspec.Struct, frozen=True, tag_field="op", tag="calibration"):
    """A command to calibration run ``run``; ``id`` is the client's own and comes back when it was handed in."""

    id: str
    run: str
    name: str
    args: dict[str, Value] = {}

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= 64:
            raise ValueError("id is 1 to 64 characters long")


FromClient = Hello | Sub | Unsub | DoCommand | DoCalibration

_decoder = msgspec.json.Decoder(FromClient)


def parse(text: str) -> FromClient:
    """Read one message of a client. Raises OpError."""
    try:
        message: FromClient = _decoder.decode(text)
    except msgspec.ValidationError as e:
        raise OpError("bad_message", f"not a message of {SUBPROTOCOL}: {e}") from e
    except (msgspec.DecodeError, UnicodeError, RecursionError) as e:
        raise OpError("bad_message", f"not JSON: {e}") from e
    return message


# --- from the bridge --------------------------------------------------------------------------------------------------


class _Op(msgspec.Struct, frozen=True, tag_field="op"):
    pass


class Limits(msgspec.Struct, frozen=True):
    """What a client may ask for."""

    message_bytes: int = MOST_BYTES
    subscriptions: int = MOST_SUBSCRIPTIONS
    channels: int = MOST_CHANNELS
    samples_per_s: int = 100_000
    frames_per_s: int = 20
    ring_s: int = 60
    history_points: int = 20_000
    ttl_ms: int = MAX_TTL_MS


class Welcome(_Op, frozen=True, tag="welcome"):
    version: int
    session: str
    now: int
    role: str
    name: str
    limits: Limits
    root: str


class Describe(_Op, frozen=True, tag="describe"):
    """An instrument as it is: what it can do, how it is, which calibrations are in force."""

    instrument: str
    meta: Meta | None
    status: Status | None
    state: str
    calibration: dict[str, Calibration]


class Gone(_Op, frozen=True, tag="gone"):
    instrument: str


Latest = tuple[float, Value, Quality | None] | tuple[float, Value, Quality | None, float]
"""Time in ms since the epoch, value, quality (None: good); where it is known, the standard uncertainty."""


class Values(_Op, frozen=True, tag="values"):
    """Latest values by channel number."""

    now: int
    v: dict[str, Latest]


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an instrument is. ``clock_ms``: its clock is wrong by so much."""

    state: str
    age_ms: int | None
    reason: str
    clock_ms: int | None = None


class Peer(msgspec.Struct, frozen=True):
    """How an edge or a service is."""

    state: str
    reason: str
    figures: dict[str, float | int | str | None]


class Links(_Op, frozen=True, tag="links"):
    """All connections; ``since`` (ms): how long the broker has been up or down."""

    now: int
    broker: Literal["up", "down"]
    since: int
    reason: str
    instruments: dict[str, Link]
    edges: dict[str, Peer]
    services: dict[str, Peer]


class Lag(_Op, frozen=True, tag="lag"):
    """So many sample frames were dropped because the client was too slow."""

    dropped: int


class BackfillOp(_Op, frozen=True, tag="backfill"):
    """Rows of this time were stored late: fetch the buckets again."""

    instrument: str
    from_: int = msgspec.field(name="from")
    to: int


class TooOld(_Op, frozen=True, tag="too_old"):
    """Subscription ``id`` cannot be resumed completely: samples before ``from`` (ms) are in the history only."""

    id: int
    from_: int = msgspec.field(name="from")


class MessageOp(_Op, frozen=True, tag="message"):
    """One MQTT message for a plain client."""

    topic: str
    payload: msgspec.Raw


class CalibrationSent(_Op, frozen=True, tag="calibration_sent"):
    """What became of a client's ``calibration`` op: handed in as ``command``, or ``error``."""

    id: str
    run: str
    command: str = ""
    error: Problem | None = None


class CalibrationGone(_Op, frozen=True, tag="calibration_gone"):
    run: str


class CalibrationDue(_Op, frozen=True, tag="calibration_due"):
    """What must be calibrated or checked next."""

    lines: list[DueLine]


class ErrorOp(_Op, frozen=True, tag="error"):
    """``id``: of the subscription, where there is one."""

    code: str
    text: str
    id: int | None = None


def text(message: Any) -> str:
    """A message as the text that is sent."""
    return msgspec.json.encode(message).decode()


def tagged(op: str, message: msgspec.Struct, **more: str) -> str:
    """A message of the contract as an op: its own keys, ``op`` and ``more``."""
    body: dict[str, Any] = msgspec.to_builtins(message)
    return text({"op": op, **more, **body})
