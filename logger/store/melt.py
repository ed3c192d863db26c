"""Small pieces melted into larger ones: slow instruments store row by row, and a year of rows must be read fast.

Belongs to the writer, and happens inside its transactions: a reader sees the rows as they were or as they are.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from logger.columns import SMALL
from logger.ledger import Book
from logger.pieces import SPAN_US, Chunk, Packed, Shape, joined, pack, records, shape_of, unpack
from logger.store.shapes import Shapes

AT = 256
"""So many small pieces of one book are melted together."""
MOST = 1024
"""At most so many in one transaction."""

_SELECT = (
    "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape, fold, id FROM piece"  # noqa: S608 - our own numbers
    f" WHERE book = ? AND seq >= ? AND n < {SMALL} ORDER BY seq LIMIT {MOST}"
)
_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM piece WHERE book = ? AND seq >= ? AND n < {SMALL} LIMIT {MOST})"  # noqa: S608


@dataclass(slots=True)
class _Small:
    """Small pieces of a book from ``start`` on; those before it are as large as they can be."""

    count: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    packed: Packed
    shape: Shape
    fold: int
    id: int

    @property
    def end(self) -> int:
        return self.packed.seq + self.packed.n


Insert = Callable[[Book, Packed, Shape, int], None]


class Melter:
    """Counts small pieces and melts them when there are AT of one book."""

    def __init__(self, db: sqlite3.Connection, shapes: Shapes, insert: Insert) -> None:
        self._db = db
        self._shapes = shapes
        self._insert = insert
        self._small: dict[int, _Small] = {}

    def added(self, book: Book, small: int) -> None:
        """``small`` pieces of fewer than SMALL rows were inserted; inside the transaction."""
        state = self._small.get(book.id)
        if state is None:
            (count,) = self._db.execute(_COUNT, (book.id, 0)).fetchone()
            state = self._small[book.id] = _Small(count)
        else:
            state.count += small
        if state.count >= AT:
            self._melt(book, state)

    def _melt(self, book: Book, state: _Small) -> None:
        pieces = [
            _Piece(Packed(*row[:8]), self._shapes[row[8]], row[9], row[10])
            for row in self._db.execute(_SELECT, (book.id, state.start))
        ]
        groups = list(_groups(pieces))
        for group in groups:
            if len(group) > 1:
                self._db.executemany("DELETE FROM piece WHERE id = ?", [(piece.id,) for piece in group])
                chunk, first = _together(group), group[0]
                shape = shape_of(chunk.columns, first.shape.rev, dict(first.shape.cal))
                self._insert(book, pack(chunk, shape), shape, first.fold)
        (state.count, state.start) = (1, groups[-1][0].packed.seq) if groups else (0, state.start)


def _groups(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Cut where pieces do not follow each other or cannot be one."""
    group: list[_Piece] = []
    types: dict[str, str] = {}
    low = high = 0
    for piece in pieces:
        p = piece.packed
        own = dict(piece.shape.channels)
        if (
            group
            and group[-1].end == p.seq
            and _alike(group[0], piece)
            and max(high, p.t_max) - min(low, p.t_min) <= SPAN_US
            and all(types.get(name, type_) == type_ for name, type_ in own.items())
        ):
            group.append(piece)
            low, high = min(low, p.t_min), max(high, p.t_max)
        else:
            if group:
                yield group
            group, types, low, high = [piece], {}, p.t_min, p.t_max
        types |= own
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
