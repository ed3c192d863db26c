"""A line-based instrument, checked and ready: what its configuration means. Frozen, no I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from broker.messages import Argument, Channel, CommandSpec, Quality, Value


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """How a channel's text becomes its value: the map first, then number · scale + offset."""

    name: str
    shown: Channel
    scale: float = 1.0
    offset: float = 0.0
    words: Mapping[str, Value] | None = None
    quality: Mapping[str, Quality] | None = None


@dataclass(frozen=True, slots=True)
class ByPattern:
    """An answer read by a regular expression that must match the whole line; each named group is a channel."""

    pattern: re.Pattern[str]
    channels: tuple[ChannelSpec, ...]


@dataclass(frozen=True, slots=True)
class BySeparator:
    """An answer cut at a separator (None: at white space); a column without channel is skipped."""

    separator: str | None
    columns: tuple[ChannelSpec | None, ...]

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        return tuple(c for c in self.columns if c is not None)


Reading = ByPattern | BySeparator


@dataclass(frozen=True, slots=True)
class PollSpec:
    send: str
    every_s: float
    reading: Reading
    timeout_s: float


@dataclass(frozen=True, slots=True)
class ArgumentSpec:
    """An argument as meta shows it, and the text sent for values that have one."""

    shown: Argument
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineCommand:
    """A command: the text to send, and the answers that mean done and failed (None: not asked for)."""

    name: str
    shown: CommandSpec
    send: str
    args: Mapping[str, ArgumentSpec]
    done: re.Pattern[str] | None
    failed: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class LineSpec:
    """A whole instrument."""

    terminator: bytes
    send_terminator: bytes
    encoding: str
    init: tuple[str, ...]
    init_pause_s: float
    silence_s: float
    polls: tuple[PollSpec, ...]
    streams: tuple[Reading, ...]
    channels: Mapping[str, ChannelSpec]
    commands: Mapping[str, LineCommand]
