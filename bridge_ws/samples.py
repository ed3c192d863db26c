"""Sample messages become chunks of columns, ready for frames; what was seen already is left out."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge_ws.channels import ChannelInfo, Registry
from bridge_ws.frames import Floats
from bridge_ws.ops import Latest
from bridge_ws.presence import CLOCK_WRONG_MS
from broker.messages import MAX_SAFE_INTEGER, Block, Data, Quality, Value, fits

Resolve = Callable[[str, Value], ChannelInfo | None]

_BOOTS = 4
_RECENT = 16
_BYTES_PER_CHUNK = 400
_BYTES_PER_COLUMN = 250


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one channel; ``times_us`` is None where the chunk's regular times hold."""

    values: Floats
    times_us: Floats | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one message brought, without rows seen before. ``columns`` and ``latest`` by channel number.

    Row k is at ``t0_us + k·dt_us``; ``last_ms`` is the newest row's time, ``arrived_ms`` the bridge's clock.
    """

    instrument: str
    arrived_ms: float
    t0_us: int
    dt_us: int
    last_ms: float
    columns: Mapping[int, Column]
    latest: Mapping[int, Latest]

    @property
    def newest_ms(self) -> float:
        """The newest row's time, as seen from here: when it arrived, if the sender's clock is behind."""
        return self.arrived_ms if self.arrived_ms - self.last_ms > CLOCK_WRONG_MS else self.last_ms

    @property
    def size(self) -> int:
        """Roughly the bytes it takes in memory."""
        bytes_ = sum(c.values.nbytes + (0 if c.times_us is None else c.times_us.nbytes) for c in self.columns.values())
        return _BYTES_PER_CHUNK + _BYTES_PER_COLUMN * len(self.columns) + bytes_


class Seen:
    """Remembers per instrument what has been shown live, so that QoS 1 duplicates are dropped."""

    def __init__(self) -> None:
        self._next: dict[str, OrderedDict[str, int]] = {}
        self._plain: dict[str, deque[tuple[int, int]]] = {}
        self.duplicates = 0

    def skip(self, instrument: str, boot: str | None, seq: int | None, n: int, ts: int, payload: bytes) -> int:
        """How many of the message's first rows were seen before. Without boot and seq, equal ts and payload count."""
        if boot is None or seq is None:
            seen = self._seen_plain(instrument, (ts, hash(payload)))
            self.duplicates += seen
            return n if seen else 0
        boots = self._next.setdefault(instrument, OrderedDict())
        old = min(n, max(0, boots.get(boot, 0) - seq))
        boots[boot] = max(boots.get(boot, 0), seq + n)
        boots.move_to_end(boot)
        if len(boots) > _BOOTS:
            boots.popitem(last=False)
        self.duplicates += old
        return old

    def forget(self, instrument: str) -> None:
        self._next.pop(instrument, None)
        self._plain.pop(instrument, None)

    def _seen_plain(self, instrument: str, key: tuple[int, int]) -> bool:
        recent = self._plain.setdefault(instrument, deque(maxlen=_RECENT))
        if key in recent:
            return True
        recent.append(key)
        return False


class Recent:
    """Remembers the identities of the last replies, events, notes and runs: each is told once."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._keys: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def seen(self, key: tuple[str, str, int]) -> bool:
        """Whether ``key`` (source, boot, eseq) was here before; from now on it was."""
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > self._most:
            self._keys.popitem(last=False)
        return False


def from_data(data: Data, instrument: str, registry: Registry, arrived_ms: float) -> Chunk:
    """One row. A null without quality was not sampled and leaves no trace."""
    ts = data.ts + data.us / 1000 if data.us else data.ts
    columns: dict[int, Column] = {}
    latest: dict[int, Latest] = {}
    for name, value in data.values.items():
        quality = _bad(data.q.get(name))
        if value is None and quality is None:
            continue
        info = registry.seen(instrument, name, value)
        if info is None or not fits(value, info.type):
            continue
        latest[info.n] = _latest(ts, value, quality, data.u.get(name))
        if info.numeric:
            columns[info.n] = Column(np.array([number(value)]))
    return Chunk(instrument, arrived_ms, data.t_us, 0, ts, columns, latest)


def from_block(block: Block, instrument: str, registry: Registry, arrived_ms: float, skip: int = 0) -> Chunk:
    """The rows of ``block`` after the first ``skip``."""
    times = None if block.t_us is None else np.array(block.t_us[skip:], dtype=np.float64)
    t0_us = (block.t0_us or 0) + skip * (block.dt_us or 0)
    grid = _Grid(t0_us, block.dt_us or 0, block.n - skip, times)
    columns: dict[int, Column] = {}
    latest: dict[int, Latest] = {}
    for name, values in block.cols.items():
        rows = {int(row) - skip: q for row, q in block.q.get(name, {}).items() if int(row) >= skip}
        values = values[skip:] if skip else values
        last = _last(values, rows)
        info = registry.seen(instrument, name, None if last is None else values[last])
        if info is None or last is None:
            continue
        if fits(values[last], info.type):
            u = block.u.get(name)
            u = u[skip + last] if isinstance(u, list) else u
            latest[info.n] = _latest(grid.time_us(last) / 1000, values[last], _bad(rows.get(last)), u)
        if info.numeric and (column := _column(values, rows, info, grid)) is not None:
            columns[info.n] = column
    return Chunk(instrument, arrived_ms, t0_us, grid.dt_us, grid.time_us(grid.n - 1) / 1000, columns, latest)


@dataclass(frozen=True, slots=True)
class _Grid:
    """When the rows of a block are."""

    t0_us: int
    dt_us: int
    n: int
    irregular: Floats | None

    def time_us(self, row: int) -> float:
        return self.t0_us + row * self.dt_us if self.irregular is None else float(self.irregular[row])

    def times_us(self) -> Floats:
        return (
            self.t0_us + self.dt_us * np.arange(self.n, dtype=np.float64) if self.irregular is None else self.irregular
        )


def _latest(ts: float, value: Value, quality: Quality | None, u: float | None) -> Latest:
    return (ts, value, quality) if u is None else (ts, value, quality, u)


def _last(values: Sequence[Value], rows: Mapping[int, Quality]) -> int | None:
    """The last row that was sampled; None if none was."""
    return next((k for k in range(len(values) - 1, -1, -1) if values[k] is not None or k in rows), None)


def _column(values: Sequence[Value], rows: Mapping[int, Quality], info: ChannelInfo, grid: _Grid) -> Column | None:
    floats = numbers(values, info)
    missing = np.isnan(floats)
    for row in rows:
        missing[row] = False
    if not missing.any():
        return Column(floats, grid.irregular)
    sampled = ~missing
    return Column(floats[sampled], grid.times_us()[sampled]) if sampled.any() else None


_PLAIN: dict[str, frozenset[type]] = {
    "float": frozenset({float, int, type(None)}),
    "int": frozenset({int, type(None)}),
}


def numbers(values: Sequence[Value], info: ChannelInfo) -> Floats:
    """A column as floats; NaN for null and for what does not fit the channel's type."""
    if set(map(type, values)) <= _PLAIN.get(info.type, frozenset()):
        floats = np.array(values, dtype=np.float64)
        if info.type == "int":
            floats[np.abs(floats) > MAX_SAFE_INTEGER] = np.nan
        return floats
    return np.array([number(v) if fits(v, info.type) else np.nan for v in values])


def number(value: Value) -> float:
    """A value as a float; NaN for null. 64-bit integers lose digits here and keep them in ``values``."""
    return np.nan if value is None else float(value)


def _bad(quality: Quality | None) -> Quality | None:
    return None if quality == "good" else quality
