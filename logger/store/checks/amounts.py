"""Roll-ups against what they stand for: at every width, window by window."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from logger.columns import Array
from logger.pieces import SPAN_US, Packed
from logger.pieces import unpack as unpack_piece
from logger.rollups import OLD, WIDTHS_US, WINDOW, Sheet, coarser, merged, sheet_of, unpack
from logger.store import accounts, rebuild
from logger.store.checks.pieces import DAMAGE
from logger.store.reading import Reader
from logger.store.rows import sheet_crc
from logger.store.shapes import Shapes
from logger.store.sheets import names, within


def run(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    with reader.snapshot() as db:
        if rebuild.pending(db):
            yield "the roll-ups are being made again; until then plots read the rows"
            return
        sources = db.execute("SELECT id, name FROM source").fetchall()
        said, real = accounts.read(db), accounts.counted(db)
    for what, size in real.items():
        if said.get(what, 0) != size:
            yield f"the {what} are {size} bytes, and counted as {said.get(what, 0)}"
    for count, (source, name) in enumerate(sources, 1):
        for level, width in enumerate(WIDTHS_US):
            with reader.snapshot() as db:
                windows = _windows(db, source, level)
            for window in windows:
                with reader.snapshot() as db:
                    wrong = _Window(db, source, level, window).wrong()
                if wrong:
                    yield f"{name}, roll-up of {width / 1e6:g} s, window {window}: {wrong}"
        progress(count / len(sources))


def _windows(db: sqlite3.Connection, source: int, level: int) -> list[int]:
    """Those with sheets, and those that should have some."""
    reach = WIDTHS_US[level] * WINDOW
    found = {w for (w,) in db.execute("SELECT window FROM rollup WHERE source = ? AND level = ?", (source, level))}
    sql = "SELECT DISTINCT t_min / ?, t_max / ? FROM piece WHERE source = ? AND level = ? AND t_min >= 0"
    for a, b in db.execute(sql, (reach, reach, source, level)):
        found |= set(range(a, b + 1))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Window:
    db: sqlite3.Connection
    source: int
    level: int
    window: int

    def wrong(self) -> str:
        """What is wrong with it; "" for nothing."""
        try:
            there, needed = self._there(), self._needed()
        except DAMAGE as e:
            return f"it cannot be read: {e}"
        if isinstance(there, str):
            return there
        return _difference(_whole(there), _whole(needed), exact=not self._expired())

    def _there(self) -> list[Sheet] | str:
        found, shapes = [], Shapes(self.db)
        sql = "SELECT shape, crc, body FROM rollup WHERE source = ? AND level = ? AND window = ?"
        for shape, crc, body in self.db.execute(sql, (self.source, self.level, self.window)):
            if crc != sheet_crc(self.source, self.level, self.window, shape, body):
                return "the checksum is not right, a byte has changed"
            found.append(unpack(body, names(shapes[shape])))
        return found

    def _needed(self) -> list[Sheet]:
        """From the pieces of this level, and the gathered sheets of the one below."""
        first = self.window * WINDOW
        found = [within(sheet, first, first + WINDOW) for sheet in (*self._pieces(), *self._below())]
        return [sheet for sheet in found if len(sheet) and sheet.channels]

    def _pieces(self) -> Iterator[Sheet]:
        shapes, reach = Shapes(self.db), WIDTHS_US[self.level] * WINDOW
        start, end = self.window * reach, (self.window + 1) * reach
        rows = self.db.execute(
            "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape FROM piece"  # noqa: S608 - our own number
            f" WHERE source = ? AND t_min >= ? AND t_min < ? AND t_max >= ? AND level = ? AND level < {OLD}",
            (self.source, start - SPAN_US, end, start, self.level),
        )
        for row in rows:
            yield sheet_of(unpack_piece(Packed(*row[:8]), shapes[row[8]]), self.level)

    def _below(self) -> Iterator[Sheet]:
        shapes = Shapes(self.db)
        rows = self.db.execute(
            "SELECT shape, body FROM rollup WHERE source = ? AND level = ? AND window >= ? AND window < ?"
            " AND id NOT IN (SELECT id FROM rollup_open WHERE source = ? AND level = ?)",
            (self.source, self.level - 1, 10 * self.window, 10 * self.window + 10, self.source, self.level - 1),
        )
        for shape, body in rows:
            yield coarser(unpack(body, names(shapes[shape])))

    def _expired(self) -> bool:
        sql = "SELECT 1 FROM expired JOIN book ON book.id = expired.book WHERE source = ? LIMIT 1"
        return self.db.execute(sql, (self.source,)).fetchone() is not None


def _whole(sheets: list[Sheet]) -> Sheet:
    none = np.empty((0, 0))
    return merged(sheets) if sheets else Sheet((), np.empty(0, "<i8"), none, none, none, none)


def _difference(there: Sheet, needed: Sheet, *, exact: bool) -> str:
    """Roll-ups may know more than the rows only where rows have expired."""
    if exact and set(_filled(there)) != set(_filled(needed)):
        return "it has other channels than its rows"
    for name in _filled(needed):
        if name not in there.channels or not _agree(_column(there, name), _column(needed, name), exact=exact):
            return f"{name} is not what its rows say"
    return ""


def _filled(sheet: Sheet) -> list[str]:
    return [name for name, n in zip(sheet.channels, sheet.n, strict=True) if n.any()]


_Column = tuple[Array, Array, Array, Array, Array]
"""Bucket, minimum, maximum, sum, count of the buckets that have a value."""


def _column(sheet: Sheet, name: str) -> _Column:
    row = sheet.channels.index(name)
    some = sheet.n[row] > 0
    return sheet.k[some], sheet.low[row, some], sheet.high[row, some], sheet.total[row, some], sheet.n[row, some]


def _agree(there: _Column, needed: _Column, *, exact: bool) -> bool:
    if exact:
        same = all(np.array_equal(a, b) for a, b in zip(there[:3], needed[:3], strict=True))
        return same and np.array_equal(there[4], needed[4]) and np.allclose(there[3], needed[3], equal_nan=True)
    if not bool(np.isin(needed[0], there[0]).all()):
        return False
    at = np.searchsorted(there[0], needed[0])
    _, low, high, _, n = (part[at] for part in there)
    return bool(((low <= needed[1]) & (high >= needed[2]) & (n >= needed[4])).all())
