"""What may stand in a message: the values of channels, their limits, and whether one fits its channel."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from broker.topics import RESERVED_CHANNELS

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a database column can hold: 400 digits in one message must not end the service that reads it."""

Value = float | Integer | bool | str | None
"""One value of a channel; None with no quality means "not sampled"."""

Figures = dict[str, float | Integer | str | None]
"""Named numbers of a status."""

Quality = Literal["good", "uncertain", "bad", "nan", "+inf", "-inf", "extrapolated", "clock"]
ChannelType = Literal["float", "int", "int64", "uint64", "bool", "str"]

MAX_SAFE_INTEGER = 2**53
"""Integers beyond this travel as decimal strings (type int64 or uint64): JSON readers in browsers round them."""

MAX_BLOCK_BYTES = 64 * 1024
MAX_TTL_MS = 60_000
MAX_TS_MS = 2**43
"""The year 2248: a later stamp is a mistake (microseconds or nanoseconds sent as milliseconds)."""

Stamp = Annotated[int, msgspec.Meta(ge=0, lt=MAX_TS_MS)]
"""Milliseconds since the epoch, UTC."""

Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
"""A span of time that is not nothing."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]


def _told(**limits: int) -> msgspec.Meta:
    """Limits for the published schema; the message's own check has the better sentence."""
    return msgspec.Meta(extra_json_schema=limits)


Id = Annotated[str, _told(minLength=1, maxLength=64)]
Seq = Annotated[int, _told(minimum=0, maximum=MAX_SAFE_INTEGER - 1)]
Ttl = Annotated[int, _told(minimum=1, maximum=MAX_TTL_MS)]
Micros = Annotated[int, _told(minimum=0, maximum=MAX_TS_MS * 1000 - 1)]
"""Microseconds since the epoch, UTC."""
Millis = Annotated[int, _told(minimum=0, maximum=MAX_TS_MS - 1)]
"""Milliseconds since the epoch, UTC; ``Below`` are the microseconds below them."""
Below = Annotated[int, _told(minimum=0, maximum=999)]
Rows = Annotated[int, _told(minimum=1)]


class MessageError(ValueError):
    """A payload that is not what its topic promises; the text says where and what was expected."""


def finite(value: float | int | bool | str | None) -> tuple[Value, Quality | None]:
    """The value as it may travel, and the quality code that says what was lost: NaN → (None, "nan").

    An integer of more than 64 bits becomes a float; half a character (a lone surrogate) becomes "?".
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        value = _as_float(value)
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None, "nan"
        return None, "+inf" if value > 0 else "-inf"
    if isinstance(value, str) and not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value, None


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


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


def check_identity(boot: str | None, seq: int | None) -> None:
    """Raise ValueError unless both or neither are there and within their limits."""
    if (boot is None) != (seq is None):
        raise ValueError("boot and seq come together or not at all")
    if boot is not None and not 0 < len(boot) <= 64:
        raise ValueError("boot is 1 to 64 characters long")
    if seq is not None and not 0 <= seq < MAX_SAFE_INTEGER:
        raise ValueError(f"seq {seq} is not within 0…2^53")


def check_channels(columns: Mapping[str, object]) -> None:
    """Raise ValueError unless every key may be a channel's name (``topics.check_channel`` is stricter)."""
    for name in columns:
        if name in RESERVED_CHANNELS or not name or not name.isascii() or not name.isidentifier():
            raise ValueError(f"{name!r} is not a channel name")
