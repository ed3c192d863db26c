"""Sheets in the database: added when pieces are finished, and gathered into those of the next width.

What a sheet of one width holds is counted once in the widths above it: either it is still in ``rollup_open``, or it has
been added to sheets of the next width. A reader at one width therefore adds up the sheets of that width, the open ones
below it, and the rows that are in no sheet yet.
"""

import sqlite3
from collections.abc import Iterator

from logger.pieces import Shape
from logger.rollups import TOP, WIDTHS_US, WINDOW, Sheet, coarser, merged, pack, unpack, windows
from logger.store.accounts import Accounts
from logger.store.rows import INSERT_SHEET, SHEET_BYTES, sheet_crc
from logger.store.shapes import ShapeIds, Shapes

GATHER = 16
"""So many open sheets of one source and width go into one of the next."""


class SheetWriter:
    """Belongs to the writer, inside its transactions; after a failed one a new one is made."""

    def __init__(self, db: sqlite3.Connection, shapes: Shapes, ids: ShapeIds, accounts: Accounts) -> None:
        self._db = db
        self._shapes = shapes
        self._ids = ids
        self._accounts = accounts
        self.gathering = True
        self._waiting: dict[tuple[int, int], list[Sheet]] = {}
        self._open: dict[tuple[int, int], int] = {}

    def add(self, source: int, level: int, sheet: Sheet) -> None:
        """Rows that now are in no other sheet of this source."""
        if len(sheet) and sheet.channels:
            self._waiting.setdefault((source, level), []).append(sheet)

    def flush(self) -> None:
        while self._waiting:
            (source, level), sheets = self._waiting.popitem()
            for window, part in windows(merged(sheets)):
                self._insert(source, level, window, part)
            if self.gathering and level < TOP and self._count(source, level) >= GATHER:
                self._gather(source, level)

    def drop(self, source: int, level: int, id_: int, weight: int) -> bool:
        """Delete a sheet, which weighs so much; whether it was in no wider one yet."""
        self._db.execute("DELETE FROM rollup WHERE id = ?", (id_,))
        self._accounts.add("rollups", -weight)
        self._open.pop((source, level), None)
        gone = self._db.execute(_CLOSE, (source, level, id_)).rowcount
        return bool(gone)

    def cut(self, source: int, level: int, id_: int, kept: Sheet, weight: int) -> None:
        """Of this sheet, which weighs so much, only ``kept`` stays."""
        opened = self.drop(source, level, id_, weight)
        for window, part in windows(kept) if len(kept) else ():
            fresh = self._insert(source, level, window, part)
            if not opened:
                self._db.execute(_CLOSE, (source, level, fresh))
        self._open.pop((source, level), None)

    def _insert(self, source: int, level: int, window: int, sheet: Sheet) -> int:
        shape = self._ids.id(Shape(tuple((name, "float") for name in sheet.channels)))
        body = pack(sheet)
        crc = sheet_crc(source, level, window, shape, body)
        id_ = self._db.execute(INSERT_SHEET, (source, level, window, shape, crc, body)).lastrowid or 0
        self._accounts.add("rollups", len(body) + SHEET_BYTES)
        if level < TOP:
            self._open[source, level] = self._count(source, level) + 1
            self._db.execute("INSERT INTO rollup_open VALUES (?, ?, ?)", (source, level, id_))
        return id_

    def _count(self, source: int, level: int) -> int:
        known = self._open.get((source, level))
        if known is None:
            sql = "SELECT count(*) FROM rollup_open WHERE source = ? AND level = ?"
            known = self._open[source, level] = int(self._db.execute(sql, (source, level)).fetchone()[0])
        return known

    def _gather(self, source: int, level: int) -> None:
        rows = self._db.execute(_OPEN + " AND rollup_open.level = ?", (source, level)).fetchall()
        sheets = [unpack(body, names(self._shapes[shape])) for _, shape, body in rows]
        self._db.executemany(_CLOSE, [(source, level, r[0]) for r in rows])
        self._open[source, level] = 0
        self.add(source, level + 1, coarser(merged(sheets)))


_CLOSE = "DELETE FROM rollup_open WHERE source = ? AND level = ? AND id = ?"
_OPEN = (
    "SELECT rollup.id, shape, body FROM rollup_open JOIN rollup ON rollup.id = rollup_open.id"
    " WHERE rollup_open.source = ?"
)


def names(shape: Shape) -> tuple[str, ...]:
    """A sheet's channels."""
    return tuple(name for name, _ in shape.channels)


def read(
    db: sqlite3.Connection, shapes: Shapes, source: int, level: int, a: int, b: int
) -> Iterator[tuple[int, Sheet]]:
    """Width and sheet of everything that is rolled up at ``level``, from bucket a to b − 1: each its own part of it."""
    start, end = a * WIDTHS_US[level], b * WIDTHS_US[level]
    for own in range(level + 1):
        width = WIDTHS_US[own]
        reach = width * WINDOW
        sql = _OF_LEVEL if own == level else _OPEN_OF_LEVEL
        for shape, body in db.execute(sql, (source, own, start // reach, (end - 1) // reach)):
            cut = within(unpack(body, names(shapes[shape])), start // width, end // width)
            if len(cut):
                yield width, cut


_OF_LEVEL = "SELECT shape, body FROM rollup WHERE source = ? AND level = ? AND window >= ? AND window <= ?"
_OPEN_OF_LEVEL = (
    "SELECT shape, body FROM rollup_open JOIN rollup ON rollup.id = rollup_open.id"
    " WHERE rollup_open.source = ? AND rollup_open.level = ? AND window >= ? AND window <= ?"
)


def within(sheet: Sheet, a: int, b: int) -> Sheet:
    """The buckets a to b − 1."""
    first, end = (int(place) for place in sheet.k.searchsorted((a, b)))
    return sheet.slice(first, end)
