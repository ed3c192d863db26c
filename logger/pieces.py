"""Pieces: rows of one boot as arrays, and as the one database row they are stored in.

A piece holds consecutive rows that share their channels and types (their *shape*) and never spans more than SPAN_US of
stamps, so a search by time knows how far back it must look. Pure.
"""

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from broker.messages import ChannelType, Quality
from logger.columns import DTYPES, NO_BOOL, SMALL, Array, Column, from_bytes, text_from_bytes, text_to_bytes, to_bytes

SPAN_US = 3_600_000_000
"""One hour of stamps: the most a piece may span."""

HUGE = 1e300
"""Fewer than 10^8 numbers below this cannot overflow a sum."""

Uncertainty = float | list[float | None]


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the rows of a piece have in common. ``channels``: name and type in the body's order."""

    channels: tuple[tuple[str, ChannelType], ...]
    rev: str = ""
    cal: tuple[tuple[str, str], ...] = ()


class _Extra(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rare parts: absent integers (bits), qualities by channel and row, uncertainties."""

    nulls: dict[str, bytes] = {}
    q: dict[str, dict[int, Quality]] = {}
    u: dict[str, Uncertainty] = {}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows: ``t_us`` int64 µs since the epoch; row k is sequence number ``seq`` + k."""

    seq: int
    t_us: Array
    columns: dict[str, Column]
    q: Mapping[str, Mapping[int, Quality]] = field(default_factory=dict)
    u: Mapping[str, Uncertainty] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.t_us)

    def slice(self, a: int, b: int) -> "Chunk":
        """Rows a to b − 1."""
        q = {name: {k - a: code for k, code in rows.items() if a <= k < b} for name, rows in self.q.items()}
        u = {name: value[a:b] if isinstance(value, list) else value for name, value in self.u.items()}
        columns = {name: column.slice(a, b) for name, column in self.columns.items()}
        return Chunk(self.seq + a, self.t_us[a:b], columns, {k: v for k, v in q.items() if v}, u)


@dataclass(frozen=True, slots=True)
class Packed:
    """A chunk as stored. ``dt`` µs between rows, None: the times stand in the body. ``summary``: float64 rows of
    minimum, maximum, sum, count per numeric channel; None for short pieces."""

    seq: int
    n: int
    t_min: int
    t_max: int
    dt: int | None
    extra: bytes | None
    summary: bytes | None
    body: bytes


def split(t_us: Array) -> list[tuple[int, int]]:
    """Cut rows where their stamps would span more than SPAN_US: [(first row, end), …]."""
    if len(t_us) == 0:
        return []
    if int(t_us.max()) - int(t_us.min()) <= SPAN_US:
        return [(0, len(t_us))]
    parts = []
    start, low, high = 0, int(t_us[0]), int(t_us[0])
    for k, t in enumerate(t_us.tolist()):
        if max(high, t) - min(low, t) > SPAN_US:
            parts.append((start, k))
            start, low, high = k, t, t
        low, high = min(low, t), max(high, t)
    return [*parts, (start, len(t_us))]


def shape_of(columns: Mapping[str, Column], rev: str, cal: Mapping[str, str]) -> Shape:
    """Texts stand last, so the place of every other column in a short body is known from the row count."""
    named = sorted(((name, column.type) for name, column in columns.items()), key=lambda c: c[1] == "str")
    return Shape(tuple(named), rev, tuple(sorted(cal.items())))


def pack(chunk: Chunk, shape: Shape) -> Packed:
    """Bytes for a chunk that ``split`` would not cut."""
    n = len(chunk)
    columns = [chunk.columns[name] for name, _ in shape.channels]
    dt = _step(chunk.t_us)
    parts = _short_parts(chunk.t_us, columns, dt) if n < SMALL else _long_parts(chunk.t_us, columns, dt)
    summary = summary_of(columns) if n >= SMALL else None
    low, high = int(chunk.t_us.min()), int(chunk.t_us.max())
    return Packed(chunk.seq, n, low, high, dt, _extra(chunk), summary, b"".join(parts))


def _step(t_us: Array) -> int | None:
    if len(t_us) == 1:
        return 0
    steps = np.diff(t_us)
    first = int(steps[0])
    return first if first >= 0 and bool((steps == first).all()) else None


def _extra(chunk: Chunk) -> bytes | None:
    nulls = {k: np.packbits(c.nulls).tobytes() for k, c in chunk.columns.items() if c.nulls is not None}
    if not (nulls or chunk.q or chunk.u):
        return None
    q = {name: dict(rows) for name, rows in chunk.q.items()}
    return msgspec.msgpack.encode(_Extra(nulls, q, dict(chunk.u)))


def _short_parts(t_us: Array, columns: Sequence[Column], dt: int | None) -> list[bytes]:
    parts = [] if dt is not None else [t_us.tobytes()]
    for column in columns:
        if isinstance(column.values, list):
            text = text_to_bytes(column.values)
            parts += [struct.pack("<I", len(text)), text]
        else:
            parts.append(column.values.tobytes())
    return parts


def _long_parts(t_us: Array, columns: Sequence[Column], dt: int | None) -> list[bytes]:
    bodies = [b"" if dt is not None else to_bytes(t_us)]
    bodies += [text_to_bytes(c.values) if isinstance(c.values, list) else to_bytes(c.values) for c in columns]
    return [struct.pack(f"<{len(bodies)}I", *map(len, bodies)), *bodies]


def summary_of(columns: Sequence[Column]) -> bytes:
    """Minimum, maximum, sum and count of the numeric ones."""
    rows = [_summarised(numbers) for c in columns if (numbers := c.numbers()) is not None]
    return np.array(rows, "<f8").tobytes()


def _summarised(numbers: Array) -> tuple[float, float, float, float]:
    low = numbers.min()
    if low != low:  # NaN: some are absent
        numbers = numbers[~np.isnan(numbers)]
        if len(numbers) == 0:
            return (np.nan, np.nan, 0.0, 0.0)
        low = numbers.min()
    high = numbers.max()
    # The sum of the largest floats is infinite, and so is their mean; numpy would warn of it.
    total = numbers.sum() if max(-low, high) < HUGE else sum(numbers.tolist())
    return (low, high, total, len(numbers))


# --- and back ---------------------------------------------------------------------------------------------------------


def times(packed: Packed, shape: Shape) -> Array:
    """The stamps of all rows, int64 µs."""
    if packed.dt is not None:
        return packed.t_min + packed.dt * np.arange(packed.n, dtype="<i8")
    if packed.n < SMALL:
        return np.frombuffer(packed.body, "<i8", packed.n)
    (length,) = struct.unpack_from("<I", packed.body)
    start = 4 * (len(shape.channels) + 1)
    return from_bytes(memoryview(packed.body)[start : start + length], "<i8")


def unpack(packed: Packed, shape: Shape, wanted: Collection[str] | None = None) -> Chunk:
    """The chunk, with only the ``wanted`` channels (None: all)."""
    extra = msgspec.msgpack.decode(packed.extra, type=_Extra) if packed.extra else _Extra()
    bodies = _short_bodies(packed, shape) if packed.n < SMALL else _long_bodies(packed, shape)
    columns = {}
    for (name, type_), body in zip(shape.channels, bodies, strict=True):
        if wanted is None or name in wanted:
            columns[name] = _column(type_, body, packed.n, extra.nulls.get(name))
    q = {name: rows for name, rows in extra.q.items() if wanted is None or name in wanted}
    u = {name: value for name, value in extra.u.items() if wanted is None or name in wanted}
    return Chunk(packed.seq, times(packed, shape), columns, q, u)


def summaries(packed: Packed, shape: Shape) -> dict[str, tuple[float, float, float, float]]:
    """Minimum, maximum, sum and count of the numeric channels; empty when the piece has no summary."""
    if packed.summary is None:
        return {}
    rows = np.frombuffer(packed.summary, "<f8").reshape(-1, 4).tolist()
    numeric = [name for name, type_ in shape.channels if type_ != "str"]
    return {name: (row[0], row[1], row[2], row[3]) for name, row in zip(numeric, rows, strict=True)}


def remarked(extra: bytes) -> tuple[set[str], set[str]]:
    """The channels with a quality and those with an uncertainty, from a piece's ``extra``."""
    found = msgspec.msgpack.decode(extra, type=_Extra)
    return set(found.q), set(found.u)


def _short_bodies(packed: Packed, shape: Shape) -> list[memoryview]:
    body, n = memoryview(packed.body), packed.n
    at = 0 if packed.dt is not None else 8 * n
    found = []
    for _, type_ in shape.channels:
        if type_ == "str":
            (size,) = struct.unpack_from("<I", body, at)
            at += 4
        else:
            size = n if type_ == "bool" else 8 * n
        found.append(body[at : at + size])
        at += size
    return found


def _long_bodies(packed: Packed, shape: Shape) -> list[memoryview]:
    body, count = memoryview(packed.body), len(shape.channels) + 1
    lengths = struct.unpack_from(f"<{count}I", body)
    found = []
    at = 4 * count
    for length in lengths:
        found.append(body[at : at + length])
        at += length
    return found[1:]


def _column(type_: ChannelType, body: memoryview, n: int, nulls: bytes | None) -> Column:
    if type_ == "str":
        return Column(type_, text_from_bytes(body))
    values = np.frombuffer(body, DTYPES[type_]) if n < SMALL else from_bytes(body, DTYPES[type_])
    gone = None if nulls is None else np.unpackbits(np.frombuffer(nulls, "u1"), count=n).astype(bool)
    return Column(type_, values, gone)


# --- several pieces as one --------------------------------------------------------------------------------------------


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Chunks that follow each other (seq) as one. A channel has one type in all of them; where one lacks it, it is
    absent ("not sampled"), as a null is."""
    types = {name: column.type for chunk in chunks for name, column in chunk.columns.items()}
    columns = {name: _joined_column([c.columns.get(name) for c in chunks], chunks, t) for name, t in types.items()}
    q: dict[str, dict[int, Quality]] = {}
    u: dict[str, list[float | None]] = {}
    n = sum(map(len, chunks))
    row = 0
    for chunk in chunks:
        for name, rows in chunk.q.items():
            q.setdefault(name, {}).update({row + k: code for k, code in rows.items()})
        for name, values in chunk.u.items():
            whole = u.setdefault(name, [None] * n)
            whole[row : row + len(chunk)] = values if isinstance(values, list) else [values] * len(chunk)
        row += len(chunk)
    return Chunk(chunks[0].seq, np.concatenate([c.t_us for c in chunks]), columns, q, dict(u))


def _joined_column(parts: Sequence[Column | None], chunks: Sequence[Chunk], type_: ChannelType) -> Column:
    whole = [part or _absent(type_, len(chunk)) for part, chunk in zip(parts, chunks, strict=True)]
    if type_ == "str":
        return Column(type_, [value for part in whole for value in part.values])
    values = np.concatenate([part.values for part in whole])
    if all(part.nulls is None for part in whole):
        return Column(type_, values)
    gone = [np.zeros(len(part), bool) if part.nulls is None else part.nulls for part in whole]
    return Column(type_, values, np.concatenate(gone))


def _absent(type_: ChannelType, n: int) -> Column:
    if type_ == "str":
        return Column(type_, [None] * n)
    if type_ == "float":
        return Column(type_, np.full(n, np.nan))
    if type_ == "bool":
        return Column(type_, np.full(n, NO_BOOL, "u1"))
    return Column(type_, np.zeros(n, DTYPES[type_]), np.ones(n, bool))


def records(bodies: Sequence[bytes], shape: Shape) -> dict[str, Column] | None:
    """The columns of single rows of one shape, at once; None when their bodies are not plain numbers."""
    if any(type_ == "str" for _, type_ in shape.channels) or not shape.channels:
        return None
    dtype = np.dtype([(name, DTYPES[type_]) for name, type_ in shape.channels])
    table = np.frombuffer(b"".join(bodies), dtype)
    return {name: Column(type_, np.ascontiguousarray(table[name])) for name, type_ in shape.channels}
