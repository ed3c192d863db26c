"""``edge.toml``: read, checked as a whole, and turned into drivers with addresses."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from broker.config import BrokerConfig, ConfigError, convert, load
from broker.messages import Meta
from broker.mistakes import Mistakes
from broker.topics import check_name
from edge.driver import About, Driver
from edge.line.check import check_line
from edge.line.instrument import LineInstrument
from edge.line.tables import LineTable
from edge.links.address import Address, Flow, Parity, SerialSettings, parse_address
from edge.registry import driver_class

LINE = "line"


class EdgeTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[edge]``: the daemon itself and its disk spool (``broker.agent.AgentConfig``)."""

    name: str
    data_dir: str
    store: Literal["required", "none"] = "required"
    stored_by: str = "main"
    spool_bytes: int = 0


class InstrumentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[instrument]]``: the keys every instrument has. With driver ``line`` those of ``LineTable`` come beside."""

    name: str
    port: str
    driver: str = LINE
    baud: int | None = None
    bytesize: int | None = None
    parity: Parity | None = None
    stopbits: float | None = None
    flow: Flow | None = None
    label: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    simulated: bool = False
    stale_ms: int = 0
    timeout_ms: int = 1000
    correct: bool | list[str] = False
    options: dict[str, Any] = {}


class EdgeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file; each instrument is read on its own, so that its mistakes carry its name."""

    edge: EdgeTable
    broker: BrokerConfig = BrokerConfig()
    instrument: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class Prepared:
    """An instrument ready to run."""

    name: str
    address: Address
    driver: Driver[Any]
    correct: bool | Sequence[str] = False

    @property
    def meta(self) -> Meta:
        return self.driver.meta


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Everything an edge needs to run."""

    edge: EdgeTable
    broker: BrokerConfig
    instruments: tuple[Prepared, ...]


def read_config(path: Path) -> EdgeConfig:
    """Read and check ``path``. Raises ConfigError with every mistake, one a line."""
    mistakes = Mistakes(where=f"{path}: ")
    try:
        file = load(path, EdgeFile)
    except ConfigError as e:
        _look_at_instruments(path, mistakes)
        raise ConfigError("\n".join([str(e), *mistakes.found])) from e
    config = check(file, mistakes)
    if mistakes.found:
        raise ConfigError("\n".join(mistakes.found))
    return config


def _look_at_instruments(path: Path, mistakes: Mistakes) -> None:
    """Of a file that cannot be used as a whole: what is wrong with its instruments, as far as they can be read."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    listed = table.get("instrument")
    for k, raw in enumerate(listed if isinstance(listed, list) else [], 1):
        if isinstance(raw, dict):
            _instrument(k, raw, "", mistakes)


def check(file: EdgeFile, mistakes: Mistakes) -> EdgeConfig:
    """The configuration the file means. Only to be used when ``mistakes`` stayed empty."""
    mistakes.within("[edge]").attempt(check_name, file.edge.name, "edge")
    found = [_instrument(k, raw, file.edge.name, mistakes) for k, raw in enumerate(file.instrument, 1)]
    instruments = tuple(i for i in found if i is not None)
    _check_unique([str(raw.get("name")) for raw in file.instrument], "name", mistakes)
    _check_unique([str(raw.get("port")) for raw in file.instrument], "port", mistakes)
    if not file.instrument:
        mistakes.add("there is no [[instrument]], so there is nothing to do")
    return EdgeConfig(file.edge, file.broker, instruments)


def _check_unique(values: Sequence[str], key: str, mistakes: Mistakes) -> None:
    for value, count in Counter(values).items():
        if count > 1 and value != "None":
            mistakes.add(f"{count} instruments have {key} {value!r}, each needs its own")


def _instrument(k: int, raw: Mapping[str, Any], edge: str, mistakes: Mistakes) -> Prepared | None:
    here = mistakes.within(f"instrument {raw['name']!r}" if "name" in raw else f"instrument {k}")
    driver_name = raw.get("driver", LINE)
    common = {key: v for key, v in raw.items() if key in InstrumentTable.__struct_fields__}
    rest = {key: v for key, v in raw.items() if key not in InstrumentTable.__struct_fields__}
    table = here.attempt(convert, common, InstrumentTable, "")
    line = here.attempt(_line_table, rest, driver_name, here)
    if table is None and line is not None:
        check_line(line, 1.0, 0, here)
    if table is None or (driver_name == LINE and line is None):
        return None
    here.attempt(check_name, table.name)
    _check_numbers(table, here)
    driver = _driver(table, line, edge, here)
    if driver is None:
        return None
    _check_correct(table, driver.meta, here)
    address = here.attempt(parse_address, table.port, _serial(table, driver.serial))
    if address is not None:
        here.attempt(driver.check_address, address)
    return None if address is None else Prepared(table.name, address, driver, table.correct)


def _check_correct(table: InstrumentTable, meta: Meta, here: Mistakes) -> None:
    for channel in table.correct if isinstance(table.correct, list) else ():
        if channel not in meta.channels:
            here.add(f"key 'correct': there is no channel {channel!r}; there are {', '.join(meta.channels)}")


def _line_table(rest: Mapping[str, Any], driver: str, here: Mistakes) -> LineTable | None:
    """The keys beside the common ones; an unknown one is a mistake, with a suggestion among all there are. Raises
    ConfigError."""
    line_keys = set(LineTable.__struct_fields__)
    here.attempt(convert, {key: None for key in rest if key not in line_keys}, _AnyKey, "")
    if driver == LINE:
        return convert({key: value for key, value in rest.items() if key in line_keys}, LineTable, "")
    for key in rest.keys() & line_keys:
        here.add(f"key {key!r} belongs to driver 'line'; driver {driver!r} has its keys in [instrument.options]")
    return None


_KEYS = (*InstrumentTable.__struct_fields__, *LineTable.__struct_fields__)
_AnyKey = msgspec.defstruct("_AnyKey", [(key, Any, None) for key in _KEYS])


def _check_numbers(table: InstrumentTable, here: Mistakes) -> None:
    if table.timeout_ms <= 0:
        here.add(f"key 'timeout_ms': {table.timeout_ms} is not greater than 0")
    if table.stale_ms < 0:
        here.add(f"key 'stale_ms': {table.stale_ms} is negative")
    if table.baud is not None and table.baud <= 0:
        here.add(f"key 'baud': {table.baud} is not greater than 0")
    if table.bytesize not in (None, 5, 6, 7, 8):
        here.add(f"key 'bytesize': {table.bytesize} was expected as 5, 6, 7 or 8")
    if table.stopbits not in (None, 1, 1.5, 2):
        here.add(f"key 'stopbits': {table.stopbits} was expected as 1, 1.5 or 2")


def _driver(table: InstrumentTable, line: LineTable | None, edge: str, here: Mistakes) -> Driver[Any] | None:
    about = About(
        name=table.name,
        label=table.label,
        vendor=table.vendor,
        model=table.model,
        serial=table.serial,
        edge=edge,
        simulated=table.simulated,
        stale_ms=table.stale_ms,
        timeout_s=table.timeout_ms / 1000,
    )
    if line is not None:
        return _line_instrument(about, table, line, here)
    class_ = here.attempt(driver_class, table.driver)
    if class_ is None:
        return None
    options = here.within("options").attempt(convert, table.options, class_.Options, "")
    return None if options is None else class_(about, options)


def _line_instrument(about: About, table: InstrumentTable, line: LineTable, here: Mistakes) -> LineInstrument | None:
    if table.options:
        here.add("[instrument.options] is for drivers in Python; driver 'line' has its keys in [[instrument]] itself")
    before = len(here.found)
    spec = check_line(line, about.timeout_s, about.stale_ms, here)
    return LineInstrument(about, spec) if len(here.found) == before else None


def _serial(table: InstrumentTable, factory: SerialSettings) -> SerialSettings:
    """The factory's settings, overridden by the file."""
    given = {
        key: value
        for key in ("baud", "bytesize", "parity", "stopbits", "flow")
        if (value := getattr(table, key)) is not None
    }
    return msgspec.convert({**msgspec.to_builtins(factory), **given}, SerialSettings)
