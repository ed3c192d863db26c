"""The table of pieces, as the writer sees it."""

import sqlite3
from collections.abc import Iterable

from logger.ledger import Book
from logger.pieces import Packed, Shape
from logger.store.accounts import Accounts
from logger.store.books import Names
from logger.store.rows import INSERT_PIECE, Place, piece, piece_weight
from logger.store.shapes import ShapeIds


class Table:
    """Belongs to the writer, inside its transactions; after a failed one a new one is made."""

    def __init__(self, db: sqlite3.Connection, sources: Names, ids: ShapeIds, accounts: Accounts) -> None:
        self._db = db
        self._sources = sources
        self._ids = ids
        self._accounts = accounts
        self._waiting: list[tuple[object, ...]] = []

    def insert(self, book: Book, packed: Packed, shape: Shape, fold: int, level: int) -> None:
        """The piece goes in with the next ``flush``."""
        place = Place(book.id, self._sources.id(book.source), self._ids.id(shape), fold)
        self._waiting.append(piece(packed, place, level))
        self._accounts.add("samples", piece_weight(packed))

    def delete(self, pieces: Iterable[tuple[int, Packed]]) -> None:
        """By id, at once."""
        gone = list(pieces)
        self._db.executemany("DELETE FROM piece WHERE id = ?", [(id_,) for id_, _ in gone])
        self._accounts.add("samples", -sum(piece_weight(packed) for _, packed in gone))

    def flush(self) -> None:
        if self._waiting:
            self._db.executemany(INSERT_PIECE, self._waiting)
            self._waiting.clear()
