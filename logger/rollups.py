"""Roll-ups: minimum, maximum, sum and count of every channel in equal steps of time, at several widths. Pure.

A *sheet* says what some rows amount to. Sheets add up: two sheets of the same bucket are two parts of it, so rows that
come late or out of order need nothing rewritten. What a query reads at one width is exact, whatever the order was.
"""

import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from logger.columns import Array, from_bytes, to_bytes
from logger.pieces import Chunk

WIDTHS_US = tuple(100_000 * 10**k for k in range(8))
"""0.1 s, 1 s, … 10^6 s: every step a plot takes from 0.1 s on is a multiple of one of them."""
TOP = len(WIDTHS_US) - 1
WINDOW = 1000
"""A stored sheet lies within so many buckets, counted from the epoch: a search knows where to look."""
WORTH = 32
"""A bucket should stand for so many rows, or the rows themselves are read as fast."""

OLD, OPEN = 98, 99
"""In the place of a level: rows in no sheet yet, in pieces of an earlier version, and in pieces that still grow."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``k`` int64 bucket numbers, rising; per channel and bucket float64 ``low``, ``high``, ``total`` and int64 ``n``
    as matrices (channel, bucket). Where ``n`` is 0, ``low`` is +inf and ``high`` −inf."""

    channels: tuple[str, ...]
    k: Array
    low: Array
    high: Array
    total: Array
    n: Array

    def __len__(self) -> int:
        return len(self.k)

    def slice(self, a: int, b: int) -> "Sheet":
        """Buckets in the places a to b − 1."""
        return Sheet(
            self.channels, self.k[a:b], self.low[:, a:b], self.high[:, a:b], self.total[:, a:b], self.n[:, a:b]
        )


def level_of(t_min: int, t_max: int, n: int) -> int:
    """The finest width worth while for ``n`` rows of this span: about WORTH rows a bucket, or all in one or two."""
    for level, width in enumerate(WIDTHS_US):
        buckets = t_max // width - t_min // width + 1
        if buckets * WORTH <= n or buckets <= 2:
            return level
    return TOP


def level_for(step_us: int) -> int:
    """The widest width that fills steps of ``step_us`` exactly; −1 when only the rows themselves do."""
    fitting = [level for level, width in enumerate(WIDTHS_US) if step_us % width == 0]
    return fitting[-1] if fitting else -1


def sheet_of(chunk: Chunk, level: int) -> Sheet:
    """What the rows of a chunk amount to; text has no part in it."""
    named = [(name, numbers) for name, c in chunk.columns.items() if (numbers := c.numbers()) is not None]
    k = chunk.t_us // WIDTHS_US[level]
    if len(k) > 1 and bool((k[1:] < k[:-1]).any()):
        order = np.argsort(k, kind="stable")
        k, named = k[order], [(name, numbers[order]) for name, numbers in named]
    starts = _starts(k)
    rows = [_reduced(numbers, starts, len(k)) for _, numbers in named]
    low, high, total, n = (np.array([row[p] for row in rows]).reshape(len(rows), len(starts)) for p in range(4))
    return Sheet(tuple(name for name, _ in named), k[starts], low, high, total, n.astype("<i8"))


def _starts(k: Array) -> Array:
    return np.concatenate(([0], np.flatnonzero(k[1:] != k[:-1]) + 1)) if len(k) else np.empty(0, "<i8")


def _reduced(numbers: Array, starts: Array, rows: int) -> tuple[Array, Array, Array, Array]:
    gone = np.isnan(numbers)
    n = np.diff(starts, append=rows)
    low = high = total = numbers
    if gone.any():
        n = np.add.reduceat(~gone, starts, dtype="<i8")
        low, high, total = (np.where(gone, filler, numbers) for filler in (np.inf, -np.inf, 0.0))
    with np.errstate(over="ignore"):  # the sum of the largest floats is infinite, and so is their mean
        return (
            np.minimum.reduceat(low, starts),
            np.maximum.reduceat(high, starts),
            np.add.reduceat(total, starts),
            n,
        )


def merged(sheets: Sequence[Sheet]) -> Sheet:
    """Sheets of one width as one."""
    if len(sheets) == 1:
        return sheets[0]
    channels = tuple(dict.fromkeys(name for sheet in sheets for name in sheet.channels))
    wide = [_widened(sheet, channels) for sheet in sheets]
    return _gathered(
        channels,
        np.concatenate([s.k for s in wide]),
        *(np.concatenate([getattr(s, what) for s in wide], axis=1) for what in ("low", "high", "total", "n")),
    )


def coarser(sheet: Sheet) -> Sheet:
    """The same at the next width."""
    return _gathered(sheet.channels, sheet.k // 10, sheet.low, sheet.high, sheet.total, sheet.n)


def _gathered(channels: tuple[str, ...], k: Array, low: Array, high: Array, total: Array, n: Array) -> Sheet:
    order = np.argsort(k, kind="stable")
    k = k[order]
    starts = _starts(k)
    if len(starts) == 0 or not channels:
        return Sheet(channels, k[starts], *(m[:, : len(starts)] for m in (low, high, total, n)))
    with np.errstate(over="ignore"):
        return Sheet(
            channels,
            k[starts],
            np.minimum.reduceat(low[:, order], starts, axis=1),
            np.maximum.reduceat(high[:, order], starts, axis=1),
            np.add.reduceat(total[:, order], starts, axis=1),
            np.add.reduceat(n[:, order], starts, axis=1),
        )


def _widened(sheet: Sheet, channels: tuple[str, ...]) -> Sheet:
    """The same with more channels, of which it knows nothing."""
    if sheet.channels == channels:
        return sheet
    shape = (len(channels), len(sheet.k))
    low, high, total, n = np.full(shape, np.inf), np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape, "<i8")
    place = {name: row for row, name in enumerate(channels)}
    rows = [place[name] for name in sheet.channels]
    low[rows], high[rows], total[rows], n[rows] = sheet.low, sheet.high, sheet.total, sheet.n
    return Sheet(channels, sheet.k, low, high, total, n)


def windows(sheet: Sheet) -> Iterable[tuple[int, Sheet]]:
    """Cut into stored sheets: the number of each one's window, and the sheet."""
    window = sheet.k // WINDOW
    bounds = [*_starts(window).tolist(), len(window)]
    for a, b in pairwise(bounds):
        yield int(window[a]), sheet.slice(a, b)


def pack(sheet: Sheet) -> bytes:
    """Bytes from which ``unpack`` makes the same sheet again, given its channels."""
    parts = [to_bytes(sheet.k.astype("<i8"))]
    parts += [to_bytes(np.ascontiguousarray(m).reshape(-1)) for m in (sheet.n, sheet.low, sheet.high, sheet.total)]
    return b"".join([struct.pack("<5I", *map(len, parts)), *parts])


def unpack(body: bytes, channels: tuple[str, ...]) -> Sheet:
    lengths, view, at = struct.unpack_from("<5I", body), memoryview(body), 20
    parts = []
    for length in lengths:
        parts.append(view[at : at + length])
        at += length
    k = from_bytes(parts[0], "<i8")
    n, low, high, total = (
        from_bytes(part, dtype).reshape(len(channels), len(k))
        for part, dtype in zip(parts[1:], ("<i8", "<f8", "<f8", "<f8"), strict=True)
    )
    return Sheet(channels, k, low, high, total, n)


def chosen(sheet: Sheet, wanted: Collection[str]) -> list[tuple[str, int]]:
    """The wanted channels it knows, and their rows in the matrices."""
    return [(name, row) for row, name in enumerate(sheet.channels) if name in wanted]
