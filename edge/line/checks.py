"""What the checks of readings and of commands share. Pure."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from broker.config import convert
from broker.mistakes import Mistakes
from edge.line.spec import ChannelSpec
from edge.line.tables import LineTable

T = TypeVar("T", bound=msgspec.Struct)
NUMBERS = ("float", "int")


def check_encodable(text: str, key: str, encoding: str, mistakes: Mistakes) -> None:
    """Every letter must exist in the encoding."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as e:
        mistakes.add(f"key {key!r}: {text[e.start]!r} cannot be written in {encoding}")
    except LookupError:
        return  # said once, at 'encoding'


def check_sent(text: str, key: str, table: LineTable, mistakes: Mistakes) -> None:
    """A text to send: in the encoding, and without the terminator that is added."""
    end = table.terminator if table.send_terminator is None else table.send_terminator
    if end and end in text:
        mistakes.add(f"key {key!r}: {text!r} contains the terminator {end!r}, which is added by itself")
    check_encodable(text, key, table.encoding, mistakes)


def compiled(text: str, key: str, here: Mistakes) -> re.Pattern[str] | None:
    """The regular expression, or None with the mistake added."""
    try:
        return re.compile(text)
    except re.error as e:
        here.add(f"key {key!r}: {text!r} is not a regular expression: {e}")
        return None


def known(name: str, channels: Mapping[str, ChannelSpec], here: Mistakes, what: str) -> ChannelSpec | None:
    """The channel of that name, or None with the mistake added."""
    if name not in channels:
        here.add(f"{what} names channel {name!r}, which has no table [instrument.channels.{name}]")
    return channels.get(name)


def converted(raw: Mapping[str, Any], type_: type[T]) -> T:
    """``broker.config.convert`` without a place in front: the Mistakes say where."""
    return convert(raw, type_, "")
