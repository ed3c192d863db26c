"""The tables of ``edge.toml`` that describe a line-based instrument. Only shapes; ``check`` turns them into a Spec."""

from typing import Any

import msgspec

from broker.messages import ChannelType, Quality, Value


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration."""


class ChannelTable(Table, frozen=True):
    """``[instrument.channels.<name>]``: what a value is called, means and looks like."""

    type: ChannelType = "float"
    unit: str = ""
    label: str = ""
    group: str = ""
    range: tuple[float, float] | None = None
    resolution: float | None = None
    source: str = ""
    scale: float = 1.0
    offset: float = 0.0
    map: dict[str, bool | int | float | str] = {}
    quality: dict[str, Quality] = {}


class PollTable(Table, frozen=True):
    """``[[instrument.poll]]``: a question asked every ``every_ms`` and how its answer is read."""

    send: str
    every_ms: int
    pattern: str = ""
    separator: str = ""
    columns: list[str] = []
    timeout_ms: int = 0


class StreamTable(Table, frozen=True):
    """``[[instrument.stream]]``: a line the instrument sends without being asked, and how it is read."""

    pattern: str = ""
    separator: str = ""
    columns: list[str] = []


class ArgumentTable(Table, frozen=True):
    """``[instrument.commands.<name>.args.<arg>]``: an argument with its limits; ``words``: text sent for a value."""

    type: ChannelType = "float"
    unit: str = ""
    label: str = ""
    min: float | None = None
    max: float | None = None
    choices: list[str] = []
    default: Value = None
    words: dict[str, str] = {}


class CommandTable(Table, frozen=True):
    """``[instrument.commands.<name>]``: what is sent, and which answer means done or failed."""

    send: str
    label: str = ""
    args: dict[str, dict[str, Any]] = {}
    done: str = ""
    failed: str = ""
    sets: str = ""
    confirm: bool = False
    timeout_ms: int = 5000


class LineTable(Table, frozen=True):
    """The keys of ``[[instrument]]`` that belong to driver ``line``."""

    terminator: str = "\r\n"
    send_terminator: str | None = None
    encoding: str = "ascii"
    init: list[str] = []
    init_pause_ms: int = 100
    silence_ms: int = 0
    poll: list[dict[str, Any]] = []
    stream: list[dict[str, Any]] = []
    channels: dict[str, dict[str, Any]] = {}
    commands: dict[str, dict[str, Any]] = {}
