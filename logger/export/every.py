"""One aligned table over all instruments and channels: a row a step of time, what each channel did in it.

Steps are ``[k·step, (k+1)·step)`` with whole k from 1970, UTC, as in the page. A step in which no channel has a value
has no row. ``mean``, ``min`` and ``max`` are floats and leave out what is no number; ``last`` keeps a channel's type.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from broker.values import ChannelType, Value
from logger.columns import Array, Column, column
from logger.export.ask import Aggregate, ExportError
from logger.export.fields import RAW, Series, absent, cells
from logger.export.plan import Plan, Scope
from logger.export.samples import T_US, TIME, rows_of
from logger.export.table import Batch, Table
from logger.store import Buckets, History
from logger.store.buckets import Gatherer

MOST_STEPS = 100_000_000
STEPS = 4096
"""So many steps are in memory at a time."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One column: what a series amounts to in each step."""

    series: Series
    aggregate: Aggregate


@dataclass(frozen=True, slots=True)
class _Window:
    """Steps ``start``, ``start`` + step, … of which those before ``end`` count; ``size`` of them."""

    start: int
    end: int
    step: int
    size: int

    def place(self, t_us: Array) -> Array:
        return (t_us - self.start) // self.step


def aligned(history: History, plan: Plan) -> Table:
    """Raises ExportError for a channel that is in two units within the time."""
    spans = [t for scope in plan.scopes for t in (scope.from_us, scope.to_us)]
    if spans and (max(spans) - min(spans)) // plan.ask.every_us > MOST_STEPS:
        raise ExportError(f"that would be more than {MOST_STEPS} steps: take longer ones, or the samples themselves")
    asked = [(scope, _asked(scope, plan.ask.aggregates)) for scope in plan.scopes]
    if not any(columns for _, columns in asked):
        raise ExportError("there is no number in this time that could be averaged; --agg last takes texts too")
    prefix = "" if plan.ask.one else "{}."
    fields = [
        replace(
            c.series.field,
            name=f"{prefix.format(scope.instrument)}{c.series.field.name} {c.aggregate}",
            type=c.series.field.type if c.aggregate == "last" else "float",
        )
        for scope, columns in asked
        for c in columns
    ]
    return Table([TIME, T_US, *fields], _batches(history, plan, asked))


def _asked(scope: Scope, aggregates: Sequence[Aggregate]) -> list[_Asked]:
    values = [s for s in scope.series if s.what in ("value", "raw")]
    for s in values:
        others = {o.field.unit for o in values if o.channel == s.channel and o.field.type != "str"}
        if len(others) > 1:
            units = " and ".join(sorted(u or "no unit" for u in others))
            raise ExportError(
                f"{scope.instrument}.{s.channel} is in {units} within this time: ask for one part of it, or for samples"
            )
    plain = [s for s in values if ":" not in s.field.name]
    return [_Asked(s, a) for s in plain for a in aggregates if a == "last" or s.field.type != "str"]


def _batches(history: History, plan: Plan, asked: Sequence[tuple[Scope, Sequence[_Asked]]]) -> Iterator[Batch]:
    step = plan.ask.every_us
    starts = [s.from_us for s, _ in asked]
    first = min(starts) // step * step
    end = max(s.to_us for s, _ in asked)
    for start in range(first, end, step * STEPS):
        upto = min(end, start + step * STEPS)
        window = _Window(start, upto, step, -(-(upto - start) // step))
        columns = [c for scope, wanted in asked for c in _columns(history, scope, wanted, window)]
        there = np.zeros(window.size, bool)
        for each in columns:
            there |= ~absent(each)
        if there.any():
            times = Column("int64", window.start + np.flatnonzero(there) * step)
            yield Batch(int(there.sum()), [times, times, *(_kept(c, there) for c in columns)], "steps", upto)


def _kept(c: Column, rows: Array) -> Column:
    if isinstance(c.values, list):
        return Column(c.type, [v for v, keep in zip(c.values, rows.tolist(), strict=True) if keep])
    return Column(c.type, c.values[rows], None if c.nulls is None else c.nulls[rows])


# --- one instrument, one window ---------------------------------------------------------------------------------------


def _columns(history: History, scope: Scope, wanted: Sequence[_Asked], window: _Window) -> list[Column]:
    """Each column over all steps of the window."""
    part = replace(scope, from_us=max(scope.from_us, window.start), to_us=min(scope.to_us, window.end))
    if part.from_us >= part.to_us:
        return [_nothing(c, window.size) for c in wanted]
    whole = {c.series.channel for c in wanted if c.aggregate != "last" and c.series.what == "value"}
    buckets = history.buckets(scope.instrument, sorted(whole), part.from_us, part.to_us, window.step) if whole else {}
    rows = [c for c in wanted if c.aggregate == "last" or c.series.what == "raw"]
    read = _from_rows(history, part, rows, window)
    return [read[c] if c in read else _spread(buckets[c.series.channel], c.aggregate, window) for c in wanted]


def _nothing(c: _Asked, size: int) -> Column:
    if c.aggregate == "last":
        return _Last(c.series, size).finish()
    return Column("float", np.full(size, np.nan))


def _spread(buckets: Buckets, aggregate: Aggregate, window: _Window) -> Column:
    found = np.full(window.size, np.nan)
    values = {"mean": buckets.mean, "min": buckets.min, "max": buckets.max}
    found[window.place(buckets.t_us)] = values[aggregate]
    return Column("float", found)


def _from_rows(history: History, scope: Scope, wanted: Sequence[_Asked], window: _Window) -> dict[_Asked, Column]:
    """What buckets do not tell: the last value, and the aggregates of raw values."""
    if not wanted:
        return {}
    lasts = {c: _Last(c.series, window.size) for c in wanted if c.aggregate == "last"}
    gatherers = {c.series: Gatherer(window.step) for c in wanted if c.aggregate != "last"}
    for rows in rows_of(history, scope, _channels([c.series for c in wanted])):
        found = {s: cells(s, rows.chunk, rows.shape, scope.about) for s in {c.series for c in wanted}}
        for c, last in lasts.items():
            last.take(rows.chunk.t_us, found[c.series], window)
        for s, gatherer in gatherers.items():
            _gather(gatherer, rows.chunk.t_us, found[s])
    finished = {s: g.finish() for s, g in gatherers.items()}
    return {c: lasts[c].finish() if c in lasts else _spread(finished[c.series], c.aggregate, window) for c in wanted}


def _channels(wanted: Sequence[Series]) -> list[str]:
    return [name for s in wanted for name in ([s.channel, s.channel + RAW] if s.what == "raw" else [s.channel])]


def _gather(gatherer: Gatherer, t_us: Array, found: Column | None) -> None:
    numbers = None if found is None else found.numbers()
    if numbers is not None:
        gatherer.values(t_us, numbers)


class _Last:
    """The value with the latest stamp of each step; of two with the same stamp the one that comes later."""

    def __init__(self, of: Series, size: int) -> None:
        self._type: ChannelType = "str" if of.field.type == "time" else of.field.type
        self._t = np.full(size, np.iinfo("<i8").min)
        self._values: list[Value] = [None] * size

    def take(self, t_us: Array, found: Column | None, window: _Window) -> None:
        if found is None:
            return
        there = np.flatnonzero(~absent(found))
        there = there[np.argsort(t_us[there], kind="stable")]
        places = window.place(t_us[there])
        ends = np.flatnonzero(np.append(places[1:] != places[:-1], True)) if len(there) else there
        values = found.python()
        for row, place in zip(there[ends].tolist(), places[ends].tolist(), strict=True):
            if t_us[row] >= self._t[place]:
                self._t[place], self._values[place] = t_us[row], values[row]

    def finish(self) -> Column:
        return column(self._type, self._values)[0]
