"""A time at any zoom: from the rows themselves, from roll-ups, or from both.

The inner part of a time is whole buckets of the widest roll-up that fills the steps; what is left at both ends is
less than a bucket, and is read the same way with the next finer one, down to the rows.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from logger.columns import Array
from logger.pieces import SPAN_US, Packed, Shape, summaries, unpack
from logger.rollups import TOP, WIDTHS_US, Sheet, chosen, level_for
from logger.store import rebuild, sheets
from logger.store.buckets import Gatherer
from logger.store.shapes import Shapes
from logger.store.sql import pragma

_PIECE = "SELECT seq, n, t_min, t_max, dt, extra, summary, {body}, shape, id FROM piece WHERE {which}"
_IN_TIME = "source = ? AND t_min >= ? AND t_min < ? AND t_max >= ?"


@dataclass(frozen=True, slots=True)
class Zoom:
    """One question. ``rolled``: whether this store has roll-ups that may be used."""

    db: sqlite3.Connection
    source: int
    step_us: int
    gathered: Mapping[str, Gatherer]
    shapes: Shapes
    rolled: bool

    def read(self, from_us: int, to_us: int) -> None:
        """Give the gatherers everything with ``from_us`` ≤ t < ``to_us``."""
        level = level_for(self.step_us) if self.rolled else -1
        self._cover(from_us, to_us, level)
        if self.rolled:
            self._expired(from_us, min(to_us, self._first_row()), level)

    def _cover(self, from_us: int, to_us: int, level: int) -> None:
        if from_us >= to_us:
            return
        if level < 0:
            self._rows(from_us, to_us, -1)
            return
        width = WIDTHS_US[level]
        a, b = -(-from_us // width), to_us // width
        if a >= b:
            self._cover(from_us, to_us, level - 1)
            return
        self._cover(from_us, a * width, level - 1)
        self._cover(b * width, to_us, level - 1)
        for own, sheet in sheets.read(self.db, self.shapes, self.source, level, a, b):
            self._sheet(sheet, own)
        self._rows(a * width, b * width, level)

    def _sheet(self, sheet: Sheet, width: int) -> None:
        t_us = sheet.k * width
        for name, row in chosen(sheet, self.gathered):
            some = sheet.n[row] > 0
            self.gathered[name].parts(
                t_us[some], sheet.low[row, some], sheet.high[row, some], sheet.total[row, some], sheet.n[row, some]
            )

    # --- rows --------------------------------------------------------------------------------------------------------

    def _rows(self, from_us: int, to_us: int, above: int) -> None:
        """The rows that are in no sheet of level ``above`` or below."""
        for id_ in self._ids(from_us, to_us, above):
            row = self.db.execute(_PIECE.format(body="x''", which="id = ?"), (id_,)).fetchone()
            packed, shape = Packed(*row[:8]), self.shapes[row[8]]
            if any(name in self.gathered for name, _ in shape.channels):
                self._piece(packed, shape, id_, from_us, to_us)

    def _ids(self, from_us: int, to_us: int, above: int) -> list[int]:
        args: tuple[int, ...] = (self.source, from_us - SPAN_US, to_us, from_us)
        which = _IN_TIME
        if above >= 0:
            args, which = (*args, above), which + " AND level > ?"
        return [id_ for (id_,) in self.db.execute(f"SELECT id FROM piece WHERE {which}", args)]  # noqa: S608 - ours

    def _piece(self, packed: Packed, shape: Shape, id_: int, from_us: int, to_us: int) -> None:
        inside = from_us <= packed.t_min and packed.t_max < to_us
        if inside and packed.t_min // self.step_us == packed.t_max // self.step_us and packed.summary is not None:
            for name, found in summaries(packed, shape).items():
                if name in self.gathered:
                    self.gathered[name].summary(packed.t_min, *found)
            return
        (body,) = self.db.execute("SELECT body FROM piece WHERE id = ?", (id_,)).fetchone()
        p = packed
        whole = Packed(p.seq, p.n, p.t_min, p.t_max, p.dt, p.extra, p.summary, body)
        chunk = unpack(whole, shape, self.gathered.keys())
        mask = None if inside else (chunk.t_us >= from_us) & (chunk.t_us < to_us)
        t_us = chunk.t_us if mask is None else chunk.t_us[mask]
        for name, column in chunk.columns.items():
            numbers = column.numbers()
            if numbers is not None and len(t_us):
                self._numbers(name, t_us, numbers if mask is None else numbers[mask])

    def _numbers(self, name: str, t_us: Array, numbers: Array) -> None:
        if len(numbers) == 1:
            self.gathered[name].one(int(t_us[0]), float(numbers[0]))
        else:
            self.gathered[name].values(t_us, numbers)

    # --- where the rows are gone -------------------------------------------------------------------------------------

    def _first_row(self) -> int:
        (first,) = self.db.execute("SELECT min(t_min) FROM piece WHERE source = ?", (self.source,)).fetchone()
        return 2**62 if first is None else int(first)

    def _expired(self, from_us: int, to_us: int, level: int) -> None:
        """Before the first row: sheets wider than a step where no finer ones are, each at its bucket's beginning."""
        for own in range(max(level, 0), TOP + 1):
            a, b = -(-from_us // WIDTHS_US[own]), to_us // WIDTHS_US[own]
            found = list(sheets.read(self.db, self.shapes, self.source, own, a, b)) if a < b else []
            for width, sheet in found if own > level else ():
                self._sheet(sheet, width)
            if found:
                return


def read(
    db: sqlite3.Connection, source: int, gathered: Mapping[str, Gatherer], from_us: int, to_us: int, step_us: int
) -> None:
    """Fill the gatherers with ``from_us`` ≤ t < ``to_us`` of a source."""
    rolled = pragma(db, "user_version") > 1 and not rebuild.pending(db)
    Zoom(db, source, step_us, gathered, Shapes(db), rolled).read(from_us, to_us)
