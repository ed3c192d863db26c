"""From what the server offers and what ``msr.toml`` wants: what is subscribed, and what the instruments are. Pure.

A ``Stream`` is what the server sends in one kind of frame: signals of one task, one reduction, one block length, in a
group of its own, so that every frame names its stream. Frames become sample sets of just these channels: signals of
other tasks and rates travel in sample sets of their own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from broker.messages import Channel, CommandSpec
from msr_adapter import naming, settings
from msr_adapter.catalog import Catalog, Signal
from msr_adapter.describe import Column, described
from msr_adapter.names import matches
from msr_adapter.settings import Watched, listed
from msr_adapter.tables import InstrumentTable, Rate, SetTable
from msr_adapter.wire.requests import MAX_BLOCK

Mode = Literal["sample", "block", "change"]

SLOW_HZ = 20.0
"""Up to here a sample set is a message of its own."""
MAX_REDUCTION = 2**31
STALE_MS = 5000
FRESH = 0.6
"""Of the time after which a value counts as stale: then what does not stream is read again."""
READS_PER_S = 200.0
_ROOM = 60_000  # bytes of JSON that one message should not exceed
_NUMBER = 21  # a double with its comma, and something to spare
_CHANGES_PER_S = 20.0


class Stream(msgspec.Struct, frozen=True):
    """One subscription. ``period_s`` between two samples, of "change" the shortest."""

    group: int
    instrument: str
    mode: Mode
    task: int
    reduction: int
    blocksize: int
    period_s: float
    columns: tuple[Column, ...]

    @property
    def indices(self) -> list[int]:
        return [c.index for c in self.columns]

    @property
    def name(self) -> str:
        """Tells the streams of an instrument apart; the same in every session."""
        return f"/{self.columns[0].channels[0]}"


class Planned(msgspec.Struct, frozen=True):
    """One instrument: its streams, its parameters, what meta says of both, and sentences about what is not there.

    ``stale_ms``: as configured, else what its slowest signal needs.
    """

    table: InstrumentTable
    streams: tuple[Stream, ...]
    watched: tuple[Watched, ...]
    channels: dict[str, Channel]
    commands: dict[str, CommandSpec]
    problems: tuple[str, ...]
    stale_ms: int


def plan(tables: Sequence[InstrumentTable], catalog: Catalog) -> tuple[Planned, ...]:
    """One entry per instrument, in order; groups are numbered over all of them."""
    planned: list[Planned] = []
    group = 0
    for table in tables:
        one = _instrument(table, catalog, group)
        group += len(one.streams)
        planned.append(one)
    return tuple(planned)


def reading_s(planned: Sequence[Planned]) -> float:
    """How often what does not stream is read again: before the first of it counts as stale, if that can be done."""
    count = sum(len(p.watched) + sum(len(s.columns) for s in p.streams if s.mode == "change") for p in planned)
    return max(FRESH * min(p.stale_ms for p in planned) / 1000, count / READS_PER_S)


def writes(tables: Iterable[InstrumentTable]) -> bool:
    """Whether any parameter may be written: only then access is asked for."""
    return any(table.parameter for table in tables)


def _instrument(table: InstrumentTable, catalog: Catalog, group: int) -> Planned:
    problems: list[str] = []
    chosen = _chosen(table, catalog, problems)
    parameters = settings.picked(table, catalog, problems)
    signals, wanted = [signal for signal, _ in chosen.values()], [p.setting for p in parameters]
    tables = naming.tables_for(table, signals, wanted, problems)
    columns = naming.columns([*signals, *wanted], tables, catalog, problems)
    streams = tuple(_streams(table, catalog, chosen, columns, group))
    watched = tuple(settings.watched(p, columns[p.setting.path]) for p in parameters)
    period_ms = {c: s.period_s * 1000 for s in streams for col in s.columns for c in col.channels if s.mode != "change"}
    channels: dict[str, Channel] = {}
    for col in (*(c for s in streams for c in s.columns), *(w.column for w in watched)):
        channels |= described(col, period_ms)
    commands = dict(settings.command(w) for w in watched if w.table is not None)
    stale_ms = table.stale_ms or _stale_ms(streams, len(watched))
    return Planned(table, streams, watched, channels, commands, tuple(problems), stale_ms)


def _stale_ms(streams: Sequence[Stream], parameters: int) -> int:
    """Three frames of the slowest stream, or what the reading of so many parameters takes."""
    slowest_s = max((s.period_s * s.blocksize for s in streams), default=0.0)
    changing = sum(len(s.columns) for s in streams if s.mode == "change")
    return max(STALE_MS, round(3000 * slowest_s), round(1000 * (parameters + changing) / READS_PER_S / FRESH))


def _chosen(table: InstrumentTable, catalog: Catalog, problems: list[str]) -> dict[bytes, tuple[Signal, SetTable]]:
    """Each signal with the last set that names it; patterns that find nothing become problems."""
    chosen: dict[bytes, tuple[Signal, SetTable]] = {}
    missing = []
    for set_ in table.sets:
        for pattern in set_.signals:
            found = catalog.signals_like(pattern)
            missing += [] if found else [pattern]
            for signal in found:
                if not any(matches(e, signal.path) for e in table.exclude):
                    chosen[signal.path] = (signal, set_)
    for path in [p for p, (signal, _) in chosen.items() if settings.too_large(signal.layout, problems, p)]:
        del chosen[path]
    if missing:
        problems.append(f"no signal on the server for {listed(missing)}")
    unreadable = [path for path, _ in catalog.unreadable if _wanted(table, path)]
    if unreadable:
        problems.append(f"of a type this version does not know: {listed(unreadable)}")
    return chosen


def _wanted(table: InstrumentTable, path: str) -> bool:
    patterns = [p for s in table.sets for p in s.signals] + table.parameters + [p.path for p in table.parameter]
    return any(matches(p, path.encode()) for p in patterns)


# --- streams ----------------------------------------------------------------------------------------------------------


class _Kind(msgspec.Struct, frozen=True):
    """What signals must have in common to share frames."""

    task: int
    mode: Mode
    reduction: int
    blocksize: int
    period_s: float


def _streams(
    table: InstrumentTable,
    catalog: Catalog,
    chosen: Mapping[bytes, tuple[Signal, SetTable]],
    columns: Mapping[bytes, Column],
    group: int,
) -> Iterator[Stream]:
    kinds: dict[_Kind, list[Column]] = {}
    for signal, set_ in chosen.values():
        kind = _kind(signal, set_, catalog.task_hz[signal.task])
        kinds.setdefault(kind, []).append(columns[signal.path])
    for kind, alike in kinds.items():
        for part in _parts(alike):
            yield Stream(
                group,
                table.name,
                kind.mode,
                kind.task,
                kind.reduction,
                _blocksize(kind, part),
                kind.period_s,
                tuple(part),
            )
            group += 1


def _kind(signal: Signal, set_: SetTable, task_hz: float) -> _Kind:
    reduction = _reduction(signal, set_, task_hz)
    hz = task_hz / reduction if task_hz > 0 else 0.0
    period_s = 1 / hz if hz > 0 else 0.0
    if set_.rate == "on_change":
        return _Kind(signal.task, "change", reduction, 1, period_s)
    if hz <= SLOW_HZ:
        return _Kind(signal.task, "sample", reduction, 1, period_s)
    blocksize = min(MAX_BLOCK, max(1, round(hz * set_.block_ms / 1000)))
    return _Kind(signal.task, "block", reduction, blocksize, period_s)


def _reduction(signal: Signal, set_: SetTable, task_hz: float) -> int:
    """In cycles of the task. "full" is the signal's own rate: a decimated one would only be repeated."""
    rate = set_.rate
    if isinstance(rate, Rate) and rate.every is not None:
        return rate.every
    wanted = signal.hz
    if rate == "on_change":
        wanted = _CHANGES_PER_S
    elif isinstance(rate, Rate) and rate.per_second is not None:
        wanted = rate.per_second
    if wanted <= 0 or task_hz <= 0:
        return 1
    return min(MAX_REDUCTION, max(1, round(task_hz / wanted)))


def _parts(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """Columns in order, in parts whose single row fits into a message."""
    part: list[Column] = []
    size = 0
    for col in columns:
        width = sum(len(c) + 4 for c in col.channels) + _width(col)
        if part and size + width > _ROOM:
            yield part
            part, size = [], 0
        part.append(col)
        size += width
    if part:
        yield part


def _width(col: Column) -> int:
    """Bytes of JSON that one sample may take: of a text six a byte, which is what a control character needs."""
    return 6 * col.layout.count + 3 if col.type == "str" else len(col.channels) * _NUMBER


def _blocksize(kind: _Kind, columns: Sequence[Column]) -> int:
    """Rows per frame: not more than one message holds."""
    names = sum(len(c) + 6 for col in columns for c in col.channels)
    row = sum(map(_width, columns)) + 18
    return max(1, min(kind.blocksize, (_ROOM - names) // row))
