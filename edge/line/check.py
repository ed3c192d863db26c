"""From the tables of a line-based instrument to its Spec, with every mistake as one sentence. Pure."""

import codecs
import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from broker.config import convert
from broker.messages import Argument, Channel, CommandSpec, Value, fits
from broker.topics import check_channel
from edge.driver import STALE_MS
from edge.line.spec import (
    ArgumentSpec,
    ByPattern,
    BySeparator,
    ChannelSpec,
    LineCommand,
    LineSpec,
    PollSpec,
    Reading,
)
from edge.line.tables import ArgumentTable, ChannelTable, CommandTable, LineTable, PollTable, StreamTable
from edge.mistakes import Mistakes

SHORTEST_PERIOD_MS = 5
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBERS = ("float", "int")

T = TypeVar("T", bound=msgspec.Struct)


def check_line(table: LineTable, timeout_s: float, stale_ms: int, mistakes: Mistakes) -> LineSpec:
    """The instrument that ``table`` describes. Only to be used when ``mistakes`` stayed empty."""
    _check_encoding(table, mistakes)
    periods = _periods(table)
    channels = {name: _channel(name, t, periods.get(name), mistakes) for name, t in table.channels.items()}
    polls = [_poll(k, t, channels, timeout_s, table, mistakes) for k, t in enumerate(table.poll, 1)]
    streams = [_stream(k, t, channels, mistakes) for k, t in enumerate(table.stream, 1)]
    readings = [p.reading for p in polls if p is not None] + [s for s in streams if s is not None]
    _check_sources(channels, readings, mistakes)
    commands = {name: _command(name, t, channels, table, mistakes) for name, t in table.commands.items()}
    terminator = _encoded(table.terminator, table.encoding)
    return LineSpec(
        terminator=terminator,
        send_terminator=terminator
        if table.send_terminator is None
        else _encoded(table.send_terminator, table.encoding),
        encoding=table.encoding,
        init=tuple(table.init),
        init_pause_s=table.init_pause_ms / 1000,
        silence_s=(table.silence_ms or stale_ms or STALE_MS) / 1000,
        polls=tuple(p for p in polls if p is not None),
        streams=tuple(s for s in streams if s is not None),
        channels=channels,
        commands={name: c for name, c in commands.items() if c is not None},
    )


def _check_encoding(table: LineTable, mistakes: Mistakes) -> None:
    try:
        codecs.lookup(table.encoding)
    except LookupError:
        mistakes.add(f"key 'encoding': {table.encoding!r} is not an encoding, e.g. ascii, latin-1 or utf-8")
        return
    if not table.terminator:
        mistakes.add(r"key 'terminator': it may not be empty; usual are \r\n, \n and \r")
    for key, text in [("terminator", table.terminator), ("send_terminator", table.send_terminator or "")]:
        _check_encodable(text, key, table.encoding, mistakes)
    for k, text in enumerate(table.init, 1):
        _check_sent(text, f"init line {k}", table, mistakes)


def _check_encodable(text: str, key: str, encoding: str, mistakes: Mistakes) -> None:
    try:
        text.encode(encoding)
    except UnicodeEncodeError as e:
        mistakes.add(f"key {key!r}: {text[e.start]!r} cannot be written in {encoding}")
    except LookupError:
        return  # said once, at 'encoding'


def _check_sent(text: str, key: str, table: LineTable, mistakes: Mistakes) -> None:
    end = table.terminator if table.send_terminator is None else table.send_terminator
    if end and end in text:
        mistakes.add(f"key {key!r}: {text!r} contains the terminator {end!r}, which is added by itself")
    _check_encodable(text, key, table.encoding, mistakes)


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return b"\n"  # a mistake has been added


# --- channels ---------------------------------------------------------------------------------------------------------


def _periods(table: LineTable) -> Mapping[str, float]:
    """How often each channel is asked for, as far as the tables are whole."""
    found: dict[str, float] = {}
    for poll in table.poll:
        every = poll.get("every_ms")
        names = [*re.findall(r"\?P<(\w+)>", str(poll.get("pattern", ""))), *map(str, poll.get("columns", []) or [])]
        found |= {name: float(every) for name in names if isinstance(every, int)}
    return found


def _channel(name: str, raw: Mapping[str, Any], period_ms: float | None, mistakes: Mistakes) -> ChannelSpec:
    here = mistakes.within(f"channel {name!r}")
    here.attempt(check_channel, name)
    table = here.attempt(_convert, raw, ChannelTable)
    if table is None:
        return ChannelSpec(name, Channel())
    _check_channel(table, here)
    shown = Channel(
        type=table.type,
        unit=table.unit,
        label=table.label,
        group=table.group,
        range=table.range,
        resolution=table.resolution,
        source=table.source,
        period_ms=period_ms,
    )
    words: dict[str, Value] = dict(table.map)
    return ChannelSpec(name, shown, table.scale, table.offset, words or None, table.quality or None)


def _check_channel(table: ChannelTable, here: Mistakes) -> None:
    if table.range is not None and not table.range[0] < table.range[1]:
        here.add(f"key 'range': {list(table.range)} was expected as [lowest, highest]")
    if table.resolution is not None and table.resolution <= 0:
        here.add(f"key 'resolution': {table.resolution:g} is not greater than 0")
    if table.scale == 0:
        here.add("key 'scale': 0 would make every value the same")
    if table.type not in _NUMBERS:
        for key, given in [("scale", table.scale != 1), ("offset", table.offset != 0), ("range", table.range),
                           ("resolution", table.resolution)]:  # fmt: skip
            if given:
                here.add(f"key {key!r}: only for a channel of type float or int, this one is {table.type}")
    for text, value in table.map.items():
        if not fits(value, table.type):
            here.add(f"key 'map.{text}': {value!r} is not {table.type}, which is the channel's type")


# --- polls and streams ------------------------------------------------------------------------------------------------


def _poll(k: int, raw: Mapping[str, Any], channels: Mapping[str, ChannelSpec], timeout_s: float, line: LineTable,
          mistakes: Mistakes) -> PollSpec | None:  # fmt: skip
    here = mistakes.within(f"poll {k} ({raw['send']!r})" if "send" in raw else f"poll {k}")
    table = here.attempt(_convert, raw, PollTable)
    if table is None:
        return None
    _check_sent(table.send, "send", line, here)
    if table.every_ms < SHORTEST_PERIOD_MS:
        here.add(f"key 'every_ms': {table.every_ms} is less than {SHORTEST_PERIOD_MS}")
    if table.timeout_ms < 0:
        here.add(f"key 'timeout_ms': {table.timeout_ms} is negative")
    reading = _reading(table, channels, here)
    if reading is None:
        return None
    return PollSpec(table.send, table.every_ms / 1000, reading, table.timeout_ms / 1000 or timeout_s)


def _stream(k: int, raw: Mapping[str, Any], channels: Mapping[str, ChannelSpec], mistakes: Mistakes) -> Reading | None:
    here = mistakes.within(f"stream {k}")
    table = here.attempt(_convert, raw, StreamTable)
    return None if table is None else _reading(table, channels, here)


def _reading(table: PollTable | StreamTable, channels: Mapping[str, ChannelSpec], here: Mistakes) -> Reading | None:
    if bool(table.pattern) == bool(table.columns):
        here.add("give either 'pattern' or 'separator' with 'columns'")
        return None
    if table.pattern:
        return _by_pattern(table.pattern, channels, here)
    if not table.separator:
        here.add("key 'separator': it may not be empty; usual are ',' ';' and ' ' (any white space)")
        return None
    columns = [_known(name, channels, here, "key 'columns'") if name else None for name in table.columns]
    for name, count in Counter(n for n in table.columns if n).items():
        if count > 1:
            here.add(f"key 'columns': channel {name!r} stands there {count} times")
    return BySeparator(None if table.separator == " " else table.separator, tuple(columns))


def _by_pattern(text: str, channels: Mapping[str, ChannelSpec], here: Mistakes) -> ByPattern | None:
    pattern = _regex(text, "pattern", here)
    if pattern is None:
        return None
    if not pattern.groupindex:
        here.add(f"key 'pattern': {text!r} has no named group like (?P<volts>…), so nothing would be read")
        return None
    found = [_known(name, channels, here, "key 'pattern': the group") for name in pattern.groupindex]
    return ByPattern(pattern, tuple(c for c in found if c is not None))


def _regex(text: str, key: str, here: Mistakes) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error as e:
        here.add(f"key {key!r}: {text!r} is not a regular expression: {e}")
        return None


def _known(name: str, channels: Mapping[str, ChannelSpec], here: Mistakes, what: str) -> ChannelSpec | None:
    if name not in channels:
        here.add(f"{what} names channel {name!r}, which has no table [instrument.channels.{name}]")
    return channels.get(name)


def _check_sources(channels: Mapping[str, ChannelSpec], readings: Sequence[Reading], mistakes: Mistakes) -> None:
    """Each channel must come from somewhere; two polls that fill the same one would make its time line nonsense."""
    if not readings and not mistakes.found:
        mistakes.add("it has neither a poll nor a stream, so nothing would ever be read")
    counted = Counter(c.name for reading in readings for c in reading.channels)
    for name in channels:
        if counted[name] == 0 and readings:
            mistakes.add(f"channel {name!r}: no poll and no stream reads it")
        if counted[name] > 1:
            mistakes.add(f"channel {name!r}: it is read by {counted[name]} polls or streams, one was expected")


# --- commands ---------------------------------------------------------------------------------------------------------


def _command(name: str, raw: Mapping[str, Any], channels: Mapping[str, ChannelSpec], line: LineTable,
             mistakes: Mistakes) -> LineCommand | None:  # fmt: skip
    here = mistakes.within(f"command {name!r}")
    if not _NAME.fullmatch(name):
        here.add("the name was expected as a-z, 0-9 and '_', beginning with a letter")
    table = here.attempt(_convert, raw, CommandTable)
    if table is None:
        return None
    if table.sets:
        _known(table.sets, channels, here, "key 'sets'")
    if table.timeout_ms <= 0:
        here.add(f"key 'timeout_ms': {table.timeout_ms} is not greater than 0")
    args = {arg: spec for arg, t in table.args.items() if (spec := _argument(arg, t, here)) is not None}
    if len(args) == len(table.args):
        _check_format(table.send, args, here)
    _check_sent(table.send, "send", line, here)
    shown = CommandSpec(
        label=table.label,
        args={arg: spec.shown for arg, spec in args.items()},
        confirm=table.confirm,
        timeout_ms=table.timeout_ms,
        sets=table.sets,
    )
    done = _regex(table.done, "done", here) if table.done else None
    failed = _regex(table.failed, "failed", here) if table.failed else None
    return LineCommand(name, shown, table.send, args, done, failed)


def _argument(name: str, raw: Mapping[str, Any], mistakes: Mistakes) -> ArgumentSpec | None:
    here = mistakes.within(f"argument {name!r}")
    if not _NAME.fullmatch(name):
        here.add("the name was expected as a-z, 0-9 and '_', beginning with a letter")
    table = here.attempt(_convert, raw, ArgumentTable)
    if table is None:
        return None
    if table.min is not None and table.max is not None and table.min > table.max:
        here.add(f"key 'min': {table.min:g} is above 'max', {table.max:g}")
    if (table.min is not None or table.max is not None) and table.type not in _NUMBERS:
        here.add(f"keys 'min' and 'max' are for float and int, this argument is {table.type}")
    if table.choices and table.type != "str":
        here.add(f"key 'choices' is for type str, this argument is {table.type}")
    if not fits(table.default, table.type):
        here.add(f"key 'default': {table.default!r} is not {table.type}")
    shown = Argument(
        type=table.type,
        unit=table.unit,
        label=table.label,
        min=table.min,
        max=table.max,
        choices=table.choices,
        default=table.default,
    )
    return ArgumentSpec(shown, table.words)


_EXAMPLES: Mapping[str, Value] = {"float": 1.0, "int": 1, "int64": 1, "uint64": 1, "bool": True, "str": "x"}


def _check_format(send: str, args: Mapping[str, ArgumentSpec], here: Mistakes) -> None:
    """Only plain fields with a format that fits the argument's type; no attributes, so nothing can be reached."""
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(send) if name is not None}
    except ValueError as e:
        here.add(f"key 'send': {send!r} is not a format string: {e}; write braces that are to be sent twice")
        return
    for name in sorted(fields - args.keys()):
        here.add(f"key 'send': {{{name}}} in {send!r} is not one of the command's arguments")
    for name in sorted(args.keys() - fields):
        here.add(f"argument {name!r} does not occur in 'send', {send!r}")
    if fields == args.keys():
        example = {name: "x" if a.words else _EXAMPLES[a.shown.type] for name, a in args.items()}
        try:
            send.format_map(example)
        except (ValueError, KeyError, IndexError) as e:
            here.add(f"key 'send': {send!r} does not fit its arguments' types: {e}")


def _convert(raw: Mapping[str, Any], type_: type[T]) -> T:
    """``broker.config.convert`` without a place in front: the Mistakes say where."""
    return convert(raw, type_, "")
