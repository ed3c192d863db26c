"""From the text of an answer to values, and from a command's arguments to the text that is sent. Pure."""

import math
import re
from collections.abc import Mapping, Sequence

from broker.commands import CommandFailed
from broker.messages import Quality, Value, finite, fits
from edge.line.spec import ByPattern, ChannelSpec, LineCommand, Reading

Values = tuple[dict[str, Value], dict[str, Quality]]

_TRUE = frozenset({"1", "true", "on", "yes"})
_FALSE = frozenset({"0", "false", "off", "no"})
_APART = re.compile(r"^([-+])\s+")
"""A sign in the first column and the digits in the last, as on balances: ``-   0.0012``."""


class NotUnderstoodError(ValueError):
    """A text that is not what the configuration promises; says which channel and what was expected."""


def read(reading: Reading, text: str) -> Values:
    """The values of one line and the quality of those that are not good. Raises NotUnderstoodError."""
    values: dict[str, Value] = {}
    q: dict[str, Quality] = {}
    for channel, field in _fields(reading, text):
        if field is None:  # an optional group that did not take part: not sampled
            continue
        value, quality = convert(channel, field)
        values[channel.name] = value
        if quality is not None:
            q[channel.name] = quality
    return values, q


def _fields(reading: Reading, text: str) -> Sequence[tuple[ChannelSpec, str | None]]:
    if isinstance(reading, ByPattern):
        match = reading.pattern.fullmatch(text)
        if match is None:
            raise NotUnderstoodError(f"{_short(text)} does not match '{reading.pattern.pattern}'")
        return [(c, match[c.name]) for c in reading.channels]
    parts = text.split(reading.separator)
    if len(parts) != len(reading.columns):
        raise NotUnderstoodError(f"{_short(text)} has {len(parts)} columns, {len(reading.columns)} were expected")
    return [(c, part) for c, part in zip(reading.columns, parts, strict=True) if c is not None]


def convert(channel: ChannelSpec, text: str) -> tuple[Value, Quality | None]:
    """The value a channel's text means, and its quality when it is not good. Raises NotUnderstoodError.

    A text listed under ``quality`` is no value but a state; a number outside the channel's range is ``uncertain``.
    """
    text = text.strip()
    if channel.quality and text in channel.quality:
        return None, channel.quality[text]
    if channel.words:
        if text not in channel.words:
            raise NotUnderstoodError(f"{_short(text)} is not in the map of channel {channel.name!r}")
        return channel.words[text], None
    match channel.shown.type:
        case "bool":
            return _bool(channel, text), None
        case "str":
            return text, None
        case "int64" | "uint64":
            return _long(channel, text), None
        case _:
            return _number(channel, text)


def _bool(channel: ChannelSpec, text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise NotUnderstoodError(f"{_short(text)} is neither true nor false (channel {channel.name!r})")
    return word in _TRUE


def _long(channel: ChannelSpec, text: str) -> str:
    if not fits(text.removeprefix("+"), channel.shown.type):
        raise NotUnderstoodError(f"{_short(text)} is not {channel.shown.type} (channel {channel.name!r})")
    return text.removeprefix("+")


def _number(channel: ChannelSpec, text: str) -> tuple[Value, Quality | None]:
    try:
        if "_" in text:  # Python's own notation, no instrument's
            raise ValueError
        number = float(_APART.sub(r"\1", text)) * channel.scale + channel.offset
    except ValueError:
        raise NotUnderstoodError(f"{_short(text)} is not a number (channel {channel.name!r})") from None
    if not math.isfinite(number):
        return finite(number)
    value: Value = number
    if channel.shown.type == "int":
        value = _whole(channel, text, number)
    low_high = channel.shown.range
    outside = low_high is not None and not low_high[0] <= number <= low_high[1]
    return value, "uncertain" if outside else None


def _whole(channel: ChannelSpec, text: str, number: float) -> int:
    whole = round(number)
    scaled = channel.scale != 1 or channel.offset != 0
    if (whole != number and not scaled) or not fits(whole, "int"):
        raise NotUnderstoodError(f"{_short(text)} is not a whole number within 2^53 (channel {channel.name!r})")
    return whole


def command_text(command: LineCommand, args: Mapping[str, Value]) -> str:
    """The line to send for ``command``; a missing argument has its default. Raises CommandFailed."""
    filled = {name: _sendable(name, spec.words, args.get(name, spec.shown.default), spec.shown.type)
              for name, spec in command.args.items()}  # fmt: skip
    try:
        return command.send.format_map(filled)
    except (ValueError, KeyError, IndexError) as e:
        raise CommandFailed("bad_argument", f"{command.name}: {e}") from e


def _sendable(name: str, words: Mapping[str, str], value: Value, type_: str) -> Value:
    """The value as the format string gets it: its word if it has one, a float for type float, clean text."""
    key = str(value).lower() if isinstance(value, bool) else str(value)
    if key in words:
        return words[key]
    if value is None:
        raise CommandFailed("bad_argument", f"argument {name!r} is missing")
    if isinstance(value, str):
        if not value.isprintable():
            raise CommandFailed("bad_argument", f"argument {name!r} contains a control character")
        return int(value) if type_ in ("int64", "uint64") else value
    return float(value) if type_ == "float" else value


def _short(text: str) -> str:
    """In quotes and cut. Only what cannot be shown is escaped: a text decoded with escapes already has its own."""
    cut = text if len(text) <= 60 else text[:57] + "…"
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut) + "'"
