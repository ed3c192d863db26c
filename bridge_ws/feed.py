"""Clients that asked for the same share one feed: what arrived is gathered, and each frame is made once for all.

A feed is flushed at most 20 times a second, and at once when it has been idle.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from bridge_ws import frames
from bridge_ws.channels import Registry
from bridge_ws.downsample import min_max, nice_step
from bridge_ws.frames import Floats, Part
from bridge_ws.interest import Selected, Selection, select
from bridge_ws.ops import Latest
from bridge_ws.samples import Chunk, Column
from broker.topics import Topics

MOST_SAMPLES_PER_S = 100_000
"""Raw samples a second of one client; beyond it they travel as smallest and largest per bucket."""

_FEWEST_SAMPLES = 5000


@dataclass(frozen=True, slots=True)
class Flush:
    """One delivery: a binary frame (None: no samples), latest values, and the channel numbers in both."""

    frame: bytes | None
    values: Mapping[int, Latest]
    numbers: frozenset[int]

    def __bool__(self) -> bool:
        return self.frame is not None or bool(self.values)


@dataclass(slots=True)
class Feed:
    """Gathers chunks for one set of selections. Pure: the hub says when to flush."""

    selections: frozenset[Selection]
    registry: Registry
    topics: Topics
    flushed_ms: float = 0.0
    _pending: list[Chunk] = field(default_factory=list)
    _selected: dict[str, tuple[int, Selected]] = field(default_factory=dict)

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def waiting(self) -> list[str]:
        """The instruments of which something is gathered."""
        return list({chunk.instrument: None for chunk in self._pending})

    def offer(self, chunk: Chunk) -> bool:
        """Take ``chunk`` if something in it is wanted."""
        wanted = self.selected(chunk.instrument)
        if wanted.steps.keys().isdisjoint(chunk.columns) and wanted.values.isdisjoint(chunk.latest):
            return False
        self._pending.append(chunk)
        return True

    def selected(self, instrument: str) -> Selected:
        """What is wanted of ``instrument``. Channels that nobody announced come into being with their first sample."""
        channels = self.registry.of(instrument)
        count, found = self._selected.get(instrument, (-1, None))
        if found is None or count != len(channels):
            found = select(self.selections, instrument, channels, self.topics)
            self._selected[instrument] = (len(channels), found)
        return found

    def forget(self, instrument: str) -> None:
        """The channels of ``instrument`` changed: look again."""
        self._selected.pop(instrument, None)

    def flush(self, now_ms: float) -> Flush:
        """Everything gathered, as one delivery."""
        pending, self._pending = self._pending, []
        elapsed = min(1.0, max(0.0, (now_ms - self.flushed_ms) / 1000))
        self.flushed_ms = now_ms
        return self._deliver(pending, now_ms, max(_FEWEST_SAMPLES, MOST_SAMPLES_PER_S * elapsed))

    def replay(self, chunks: Iterable[Chunk], since_us: float, now_ms: float, only: Collection[int]) -> Flush:
        """Chunks of the ring again, from ``since_us`` on, for one client that was away."""
        cut = [_after(chunk, since_us) for chunk in chunks]
        return self._deliver(cut, now_ms, MOST_SAMPLES_PER_S * 2, only)

    def _deliver(
        self, chunks: Sequence[Chunk], now_ms: float, budget: float, only: Collection[int] | None = None
    ) -> Flush:
        values: dict[int, Latest] = {}
        series: defaultdict[int, list[tuple[Chunk, Column]]] = defaultdict(list)
        steps: dict[int, int] = {}
        for chunk in chunks:
            selected = self.selected(chunk.instrument)
            for n, latest in chunk.latest.items():
                if n in selected.values:
                    values[n] = latest
            for n, column in chunk.columns.items():
                if n in selected.steps and (only is None or n in only):
                    series[n].append((chunk, column))
                    steps[n] = selected.steps[n]
        parts = list(chain.from_iterable(_parts(n, series[n], steps[n], budget / len(series)) for n in series))
        frame = frames.encode(int(now_ms), parts) if parts else None
        return Flush(frame, values, frozenset(values) | frozenset(series))


def _after(chunk: Chunk, since_us: float) -> Chunk:
    """The rows of ``chunk`` that are not older than ``since_us``; all of them when the sender's clock is behind."""
    if chunk.last_ms * 1000 < since_us:
        return chunk
    columns = {}
    for n, column in chunk.columns.items():
        times = _times(chunk, column)
        keep = times >= since_us
        columns[n] = column if keep.all() else Column(column.values[keep], times[keep])
    return Chunk(
        chunk.instrument,
        chunk.arrived_ms,
        chunk.t0_us,
        chunk.dt_us,
        chunk.last_ms,
        {n: c for n, c in columns.items() if len(c.values)},
        chunk.latest,
    )


def _times(chunk: Chunk, column: Column) -> Floats:
    if column.times_us is not None:
        return column.times_us
    return chunk.t0_us + chunk.dt_us * np.arange(len(column.values), dtype=np.float64)


def _parts(n: int, series: Sequence[tuple[Chunk, Column]], step_us: int, budget: float) -> list[Part]:
    """The blocks of one channel, reduced to buckets where that was asked for or is needed."""
    count = sum(len(column.values) for _, column in series)
    if step_us == 0 and count <= budget:
        return _raw(n, series)
    times = np.concatenate([_times(chunk, column) for chunk, column in series])
    values = np.concatenate([column.values for _, column in series])
    if count > budget:
        span = float(times.max() - times.min())
        step_us = max(step_us, nice_step(max(1.0, 2 * span / budget)))
    buckets = min_max(times, values, step_us)
    if buckets is None:
        return _raw(n, series)
    return [frames.minmax(n, buckets.t0_us, buckets.step_us, buckets.low, buckets.high)]


def _raw(n: int, series: Sequence[tuple[Chunk, Column]]) -> list[Part]:
    """Regular stretches that follow each other become one block; everything else keeps its times."""
    parts: list[Part] = []
    run: list[tuple[Chunk, Column]] = []
    for chunk, column in series:
        if run and not _continues(run, chunk, column):
            parts.append(_join(n, run))
            run = []
        run.append((chunk, column))
    if run:
        parts.append(_join(n, run))
    return parts


def _is_regular(column: Column) -> bool:
    return column.times_us is None and len(column.values) > 1


def _continues(run: Sequence[tuple[Chunk, Column]], chunk: Chunk, column: Column) -> bool:
    if not _is_regular(column):
        return not _is_regular(run[0][1])
    last, before = run[-1]
    return (
        _is_regular(before)
        and chunk.dt_us == last.dt_us
        and chunk.t0_us == last.t0_us + len(before.values) * last.dt_us
    )


def _join(n: int, run: Sequence[tuple[Chunk, Column]]) -> Part:
    first, column = run[0]
    values = np.concatenate([c.values for _, c in run]) if len(run) > 1 else column.values
    if _is_regular(column):
        return frames.regular(n, first.t0_us, first.dt_us, values)
    return frames.timed(n, np.concatenate([_times(chunk, c) for chunk, c in run]), values)
