"""Small pieces melted into larger ones, and large ones finished: never touched again, and part of the roll-ups.

Slow instruments store row by row, and a year of rows must be read fast. Rows that follow each other become one piece
when there are many small ones, and are finished when they are as many as a piece should have, or span an hour. Belongs
to the writer, and happens inside its transactions: a reader sees the rows as they were or as they are.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from logger.columns import SMALL
from logger.ledger import Book
from logger.pieces import SPAN_US, Chunk, Packed, Shape, joined, pack, records, shape_of, unpack
from logger.rollups import OLD, OPEN, level_of, sheet_of
from logger.store.shapes import Shapes
from logger.store.sheets import SheetWriter
from logger.store.table import Table

AT = 256
"""So many small pieces of one book are melted together."""
MOST = 1024
"""At most so many in one transaction."""
ROWS, VALUES = 8192, 1 << 19
"""What a finished piece has at most: columns of this length are packed as well as longer ones."""
MANY = 2048
"""More pieces of a book than this do not wait until there are enough rows."""

_SELECT = "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape, fold, id FROM piece WHERE "
_YOUNG = "level = {} AND level >= 98 AND book = ?"
_SMALL = _SELECT + _YOUNG.format(OPEN) + f" AND seq >= ? AND n < {SMALL} ORDER BY seq LIMIT {MOST}"
_ALL = _SELECT + _YOUNG + " ORDER BY seq"
_STATE = f"SELECT seq, n, t_min, t_max FROM piece WHERE {_YOUNG.format(OPEN)} ORDER BY seq"  # noqa: S608 - ours


def full_rows(channels: int) -> int:
    """How many rows of so many channels a finished piece has at most."""
    return max(SMALL, min(ROWS, VALUES // max(1, channels)))


@dataclass(slots=True)
class _Young:
    """The growing pieces of a book. Small ones before ``start`` are as large as they can be."""

    small: int = 0
    start: int = 0
    pieces: int = 0
    rows: int = 0
    low: int = 2**62
    high: int = -(2**62)

    def add(self, n: int, t_min: int, t_max: int) -> None:
        self.small += n < SMALL
        self.pieces += 1
        self.rows += n
        self.low, self.high = min(self.low, t_min), max(self.high, t_max)


@dataclass(frozen=True, slots=True)
class _Piece:
    packed: Packed
    shape: Shape
    fold: int
    id: int

    @property
    def end(self) -> int:
        return self.packed.seq + self.packed.n


class Melter:
    """Knows what of each book is still growing."""

    def __init__(self, db: sqlite3.Connection, shapes: Shapes, sheets: SheetWriter, table: Table) -> None:
        self._db = db
        self._shapes = shapes
        self._sheets = sheets
        self._table = table
        self._books: dict[int, _Young] = {}
        self.touched: set[int] = set()

    def added(self, book: Book, source: int, pieces: Sequence[Packed], channels: int) -> None:
        """Growing pieces of ``book`` were inserted; inside the transaction."""
        self.touched.add(book.id)
        young = self._books.get(book.id)
        if young is None:
            young = self._look(book)
        else:
            for p in pieces:
                young.add(p.n, p.t_min, p.t_max)
        if young.small >= AT:
            self._melt(book, young)
        if young.rows >= full_rows(channels) or young.high - young.low > SPAN_US or young.pieces >= MANY:
            self._finish(book, source)

    def _look(self, book: Book, start: int = 0) -> _Young:
        young = self._books[book.id] = _Young(start=start)
        for seq, n, t_min, t_max in self._db.execute(_STATE, (book.id,)):
            young.add(n, t_min, t_max)
            young.small -= n < SMALL and seq < start
        return young

    def _melt(self, book: Book, young: _Young) -> None:
        """Small pieces become larger ones, which grow on."""
        groups = list(groups_of(self._pieces(_SMALL, (book.id, young.start)), MOST * SMALL))
        for group in groups:
            if len(group) > 1:
                chunk, first = _together(group), group[0]
                shape = shape_of(chunk.columns, first.shape.rev, dict(first.shape.cal))
                self._replace(book, group, pack(chunk, shape), shape, OPEN)
        self._table.flush()
        self._look(book, groups[-1][0].packed.seq if groups else young.start)

    def _finish(self, book: Book, source: int, *, all_: bool = False) -> None:
        """Finish what is large enough or cannot grow; the last group still can, unless ``all_``."""
        pieces = self._pieces(_ALL.format(OPEN), (book.id,))
        widest = max((len(p.shape.channels) for p in pieces), default=1)
        groups = list(groups_of(pieces, full_rows(widest)))
        for group in groups if all_ else groups[:-1]:
            self.finish(book, source, group)
        self._table.flush()
        self._look(book)

    def finish(self, book: Book, source: int, group: Sequence[_Piece]) -> None:
        """One finished piece instead of the group, and its sheet."""
        first = group[0]
        chunk = _together(group) if len(group) > 1 else unpack(first.packed, first.shape)
        shape = shape_of(chunk.columns, first.shape.rev, dict(first.shape.cal)) if len(group) > 1 else first.shape
        packed = pack(chunk, shape) if len(group) > 1 else first.packed
        level = self.rolled(source, chunk, packed)
        self._replace(book, group, packed, shape, level)

    def rolled(self, source: int, chunk: Chunk, packed: Packed) -> int:
        """The level of a piece that is finished; its rows are in the roll-ups with this transaction."""
        level = level_of(packed.t_min, packed.t_max, packed.n)
        self._sheets.add(source, level, sheet_of(chunk, level))
        return level

    def _replace(self, book: Book, group: Sequence[_Piece], packed: Packed, shape: Shape, level: int) -> None:
        self._table.delete((piece.id, piece.packed) for piece in group)
        self._table.insert(book, packed, shape, group[0].fold, level)

    def _pieces(self, sql: str, args: tuple[object, ...]) -> list[_Piece]:
        return [_Piece(Packed(*row[:8]), self._shapes[row[8]], row[9], row[10]) for row in self._db.execute(sql, args)]

    # --- beside the work -----------------------------------------------------------------------------------------

    def finish_old(self, book: Book, source: int) -> bool:
        """Finish some pieces of an earlier version; False when the book has none left."""
        pieces: list[_Piece] = []
        rows = 0
        for row in self._db.execute(_ALL.format(OLD) + f" LIMIT {2 * MANY}", (book.id,)):
            pieces.append(_Piece(Packed(*row[:8]), self._shapes[row[8]], row[9], row[10]))
            rows += row[1]
            if rows > full_rows(len(pieces[-1].shape.channels)):
                break
        if pieces:
            widest = max(len(p.shape.channels) for p in pieces)
            groups = list(groups_of(pieces, full_rows(widest)))
            for group in groups[:-1] or groups:
                self.finish(book, source, group)
            self._table.flush()
        return bool(pieces)

    def finish_idle(self, book: Book, source: int) -> None:
        """Finish a book that does not grow any more."""
        self._finish(book, source, all_=True)


def groups_of(pieces: Sequence[_Piece], most: int) -> Iterator[list[_Piece]]:
    """Cut where pieces do not follow each other, cannot be one, or would be more than ``most`` rows."""
    group: list[_Piece] = []
    types: dict[str, str] = {}
    low = high = rows = 0
    for piece in pieces:
        p = piece.packed
        own = dict(piece.shape.channels)
        if (
            group
            and group[-1].end == p.seq
            and rows + p.n <= most
            and _alike(group[0], piece)
            and max(high, p.t_max) - min(low, p.t_min) <= SPAN_US
            and all(types.get(name, type_) == type_ for name, type_ in own.items())
        ):
            group.append(piece)
            low, high = min(low, p.t_min), max(high, p.t_max)
        else:
            if group:
                yield group
            group, types, low, high, rows = [piece], {}, p.t_min, p.t_max, 0
        types |= own
        rows += p.n
    if group:
        yield group


def _alike(one: _Piece, other: _Piece) -> bool:
    return (one.fold, one.shape.rev, one.shape.cal) == (other.fold, other.shape.rev, other.shape.cal)


def _together(group: Sequence[_Piece]) -> Chunk:
    chunks: list[Chunk] = []
    for (shape, plain), pieces in groupby(group, lambda p: (p.shape, p.packed.n == 1 and p.packed.extra is None)):
        run = list(pieces)
        columns = records([p.packed.body for p in run], shape) if plain else None
        if columns is None:
            chunks += [unpack(p.packed, shape) for p in run]
        else:
            chunks.append(Chunk(run[0].packed.seq, np.array([p.packed.t_min for p in run], "<i8"), columns))
    return joined(chunks)
