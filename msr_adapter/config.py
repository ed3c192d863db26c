"""``msr.toml``: read and checked as a whole; every mistake is one sentence."""

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from broker.config import ConfigError, load
from broker.mistakes import Mistakes
from broker.topics import check_channel, check_name
from msr_adapter.tables import AnyRate, ChannelTable, InstrumentTable, MsrFile, ParameterTable, Rate, SetTable

MAX_BLOCK_MS = 60_000


def read_config(path: Path) -> MsrFile:
    """Read and check ``path``. Raises ConfigError with every mistake, one a line."""
    file = load(path, MsrFile)
    mistakes = Mistakes(where=f"{path}: ")
    check(file, mistakes)
    if mistakes.found:
        raise ConfigError("\n".join(mistakes.found))
    return file


def check(file: MsrFile, mistakes: Mistakes) -> None:
    """Add a sentence for everything that is wrong whatever the server offers."""
    msr = mistakes.within("[msr]")
    msr.attempt(check_name, file.msr.name, "adapter")
    if not file.msr.host:
        msr.add("key 'host' is empty, the name or address of the EtherLab machine was expected")
    for key in ("ca_file", "cert_file", "key_file"):
        if getattr(file.msr, key) and not file.msr.tls:
            msr.add(f"{key} is set and tls is not: the connection would not be encrypted")
    if file.msr.key_file and not file.msr.cert_file:
        msr.add("key_file is set and cert_file is not: a key alone says nothing")
    if file.msr.spool_bytes < 0:
        msr.add(f"key 'spool_bytes': {file.msr.spool_bytes} is negative")
    if not file.instrument:
        mistakes.add("there is no [[instrument]], so there is nothing to do")
    _check_unique([i.name for i in file.instrument], "instruments have the name", mistakes)
    for instrument in file.instrument:
        _check_instrument(instrument, mistakes.within(f"instrument {instrument.name!r}"))


def _check_unique(values: Sequence[str], have: str, mistakes: Mistakes) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            mistakes.add(f"{count} {have} {value!r}, each needs its own")


def _check_instrument(table: InstrumentTable, here: Mistakes) -> None:
    here.attempt(check_name, table.name)
    if table.stale_ms is not None and table.stale_ms <= 0:
        here.add(f"key 'stale_ms': {table.stale_ms} is not greater than 0")
    if not any((table.signals, table.set, table.parameters, table.parameter, table.messages)):
        here.add("it names no signals, parameters or messages, so there is nothing to read")
    for name in table.correct if isinstance(table.correct, list) else ():
        here.within("key 'correct'").attempt(check_channel, name)
    _check_patterns(table.exclude, here.within("key 'exclude'"))
    _check_patterns(table.parameters, here.within("key 'parameters'"))
    _check_patterns(table.messages, here.within("key 'messages'"))
    _check_patterns(list(table.texts), here.within("table 'texts'"))
    for number, set_ in enumerate(table.sets):
        _check_set(set_, here.within(f"set {number}") if number else here)
    for pattern, channel in table.channels.items():
        _check_channel(pattern, channel, here.within(f"channels {pattern!r}"))
    _check_names(table, here)
    _check_unique([p.path for p in table.parameter], "parameters have the path", here)
    for parameter in table.parameter:
        _check_parameter(parameter, here.within(f"parameter {parameter.path!r}"))


def _check_patterns(patterns: Sequence[str], here: Mistakes) -> None:
    for pattern in patterns:
        if not pattern.startswith(("/", "*")):
            here.add(f"{pattern!r} does not begin with '/', as every path of an EtherLab machine does")


def _check_set(set_: SetTable, here: Mistakes) -> None:
    _check_patterns(set_.signals, here.within("key 'signals'"))
    _check_rate(set_.rate, here.within("key 'rate'"))
    if not 0 < set_.block_ms <= MAX_BLOCK_MS:
        here.add(f"key 'block_ms': {set_.block_ms:g} is not between 0 and {MAX_BLOCK_MS}")


def _check_rate(rate: AnyRate, here: Mistakes) -> None:
    if not isinstance(rate, Rate):
        return
    if (rate.every is None) == (rate.per_second is None):
        here.add("either { every = N } or { per_second = X } was expected")
    if rate.every is not None and not 1 <= rate.every < 2**31:
        here.add(f"every = {rate.every} is not a number of cycles from 1 on")
    if rate.per_second is not None and not (isfinite(rate.per_second) and rate.per_second > 0):
        here.add(f"per_second = {rate.per_second} is not greater than 0")


def _check_names(table: InstrumentTable, here: Mistakes) -> None:
    _check_unique([c.name for c in table.channels.values() if c.name], "channels have the name", here)
    for pattern, channel in table.channels.items():
        if channel.name:
            inside = here.within(f"channels {pattern!r}")
            inside.attempt(check_channel, channel.name)
            if "*" in pattern or "?" in pattern:
                inside.add(f"name {channel.name!r} was expected for one path, this is a pattern")


def _check_channel(pattern: str, channel: ChannelTable, here: Mistakes) -> None:
    _check_patterns([pattern], here)
    if channel.range and not channel.range[0] < channel.range[1]:
        here.add(f"key 'range': {channel.range[0]:g} is not below {channel.range[1]:g}")
    if channel.resolution is not None and not channel.resolution > 0:
        here.add(f"key 'resolution': {channel.resolution:g} is not greater than 0")


def _check_parameter(table: ParameterTable, here: Mistakes) -> None:
    _check_patterns([table.path], here)
    if table.type:
        if (table.min, table.max, table.max_step) != (None, None, None) or table.non_finite:
            here.add(f"a {table.type} has no min, max, max_step or non_finite")
        return
    if table.min is None or table.max is None:
        here.add("min and max are needed: nothing is written that nobody has limited")
    elif not (isfinite(table.min) and isfinite(table.max)):
        here.add(f"min {table.min} and max {table.max} were expected as finite numbers")
    elif table.min > table.max:
        here.add(f"min {table.min} is above max {table.max}")
    if table.max_step is not None and not (isfinite(table.max_step) and table.max_step > 0):
        here.add(f"max_step {table.max_step} is not greater than 0")
