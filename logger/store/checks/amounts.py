"""Roll-ups against what they stand for: at every width, window by window."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from logger.pieces import SPAN_US, Packed
from logger.pieces import unpack as unpack_piece
from logger.rollups import OLD, WIDTHS_US, WINDOW, Sheet, coarser, merged, sheet_of, unpack
from logger.store import rebuild
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
    if exact and there.channels != needed.channels and set(there.channels) != set(needed.channels):
        return "it has other channels than its rows"
    for row, name in enumerate(needed.channels):
        real = _column(needed, row)
        said = _column(there, there.channels.index(name)) if name in there.channels else {}
        for k, (low, high, total, n) in real.items():
            l_, h_, t_, n_ = said.get(k, (np.inf, -np.inf, 0.0, 0))
            less = n_ < n or l_ > low or h_ < high
            if less or (exact and ((l_, h_, n_) != (low, high, n) or not np.isclose(t_, total, equal_nan=True))):
                return f"{name} is not what its rows say"
        if exact and said.keys() != real.keys():
            return f"{name} has rows that are not there"
    return ""


def _column(sheet: Sheet, row: int) -> dict[int, tuple[float, float, float, int]]:
    columns = (sheet.k, sheet.low[row], sheet.high[row], sheet.total[row], sheet.n[row])
    return {
        k: (low, high, total, n) for k, low, high, total, n in zip(*(c.tolist() for c in columns), strict=True) if n
    }
