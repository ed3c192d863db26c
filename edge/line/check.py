"""From the tables of a line-based instrument to its Spec, with every mistake as one sentence. Pure."""

import codecs
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from broker.messages import Channel, Value, fits
from broker.mistakes import Mistakes
from broker.topics import check_channel
from edge.driver import STALE_MS
from edge.line.check_command import check_command
from edge.line.checks import NUMBERS, check_encodable, check_sent, compiled, converted, known
from edge.line.spec import (
    ByPattern,
    BySeparator,
    ChannelSpec,
    LineSpec,
    PollSpec,
    Reading,
)
from edge.line.tables import ChannelTable, LineTable, PollTable, StreamTable

SHORTEST_PERIOD_MS = 5


def check_line(table: LineTable, timeout_s: float, stale_ms: int, mistakes: Mistakes) -> LineSpec:
    """The instrument that ``table`` describes. Only to be used when ``mistakes`` stayed empty."""
    _check_encoding(table, mistakes)
    periods = _periods(table)
    channels = {name: _channel(name, t, periods.get(name), mistakes) for name, t in table.channels.items()}
    polls = [_poll(k, t, channels, timeout_s, table, mistakes) for k, t in enumerate(table.poll, 1)]
    streams = [_stream(k, t, channels, mistakes) for k, t in enumerate(table.stream, 1)]
    readings = [p.reading for p in polls if p is not None] + [s for s in streams if s is not None]
    _check_sources(channels, readings, mistakes)
    commands = {name: check_command(name, t, channels, table, mistakes) for name, t in table.commands.items()}
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
        check_encodable(text, key, table.encoding, mistakes)
    for k, text in enumerate(table.init, 1):
        check_sent(text, f"init line {k}", table, mistakes)


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
        every, pattern, columns = poll.get("every_ms"), poll.get("pattern"), poll.get("columns")
        names = re.findall(r"\?P<(\w+)>", pattern) if isinstance(pattern, str) else []
        names += [c for c in columns if isinstance(c, str)] if isinstance(columns, list) else []
        found |= {name: float(every) for name in names if isinstance(every, int)}
    return found


def _channel(name: str, raw: Mapping[str, Any], period_ms: float | None, mistakes: Mistakes) -> ChannelSpec:
    here = mistakes.within(f"channel {name!r}")
    here.attempt(check_channel, name)
    table = here.attempt(converted, raw, ChannelTable)
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
    if table.type not in NUMBERS:
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
    table = here.attempt(converted, raw, PollTable)
    if table is None:
        return None
    check_sent(table.send, "send", line, here)
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
    table = here.attempt(converted, raw, StreamTable)
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
    columns = [known(name, channels, here, "key 'columns'") if name else None for name in table.columns]
    for name, count in Counter(n for n in table.columns if n).items():
        if count > 1:
            here.add(f"key 'columns': channel {name!r} stands there {count} times")
    return BySeparator(None if table.separator == " " else table.separator, tuple(columns))


def _by_pattern(text: str, channels: Mapping[str, ChannelSpec], here: Mistakes) -> ByPattern | None:
    pattern = compiled(text, "pattern", here)
    if pattern is None:
        return None
    if not pattern.groupindex:
        here.add(f"key 'pattern': {text!r} has no named group like (?P<volts>…), so nothing would be read")
        return None
    found = [known(name, channels, here, "key 'pattern': the group") for name in pattern.groupindex]
    return ByPattern(pattern, tuple(c for c in found if c is not None))


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
