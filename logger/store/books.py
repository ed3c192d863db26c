"""The ledger's books in the database: read when first named, written back inside the transaction that changed them."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from broker.messages import Hold, Mark
from logger.ledger import Book, Gap, Stream
from logger.ranges import Ranges

SYSTEM = "_"
"""Sources that begin so are services with records of their own (``_bridge-main``)."""


class Names:
    """Numbers for names (sources, topics, shapes): one table of (id, text), read as needed and remembered."""

    def __init__(self, db: sqlite3.Connection, table: str, column: str) -> None:
        self._db = db
        self._find = f"SELECT id FROM {table} WHERE {column} = ?"  # noqa: S608 - both are our own words
        self._make = f"INSERT INTO {table} ({column}) VALUES (?)"  # noqa: S608
        self._ids: dict[str, int] = {}

    def id(self, name: str) -> int:
        known = self._ids.get(name)
        if known is None:
            row = self._db.execute(self._find, (name,)).fetchone()
            known = int(row[0]) if row else int(self._db.execute(self._make, (name,)).lastrowid or 0)
            self._ids[name] = known
        return known


class Books:
    """All books touched since the start. Belongs to the writer: after a failed transaction a new one is made."""

    def __init__(self, db: sqlite3.Connection, sources: Names) -> None:
        self._db = db
        self._sources = sources
        self._books: dict[tuple[str, Stream, str], Book] = {}
        self._of_source: dict[tuple[str, Stream], list[Book]] = {}
        self._saved: dict[int, dict[int, int]] = {}  # book id → its spans as the database has them
        self._saved_gaps: dict[int, int] = {}
        self._dirty: dict[int, Book] = {}
        self._holders: dict[int, str] = {}  # book id → the edge that named it last
        for row in db.execute(_SELECT + " WHERE book.held = 1"):
            self._load(row)

    def book(self, source: str, stream: Stream, boot: str, now_ms: int) -> Book:
        """The book of this numbering, begun if it is new."""
        return self._books.get((source, stream, boot)) or self._fetch(source, stream, boot, now_ms)

    def _fetch(self, source: str, stream: Stream, boot: str, now_ms: int) -> Book:
        key = (self._sources.id(source), int(stream), boot)
        row = self._db.execute(_SELECT + " WHERE source = ? AND stream = ? AND boot = ?", key).fetchone()
        if row is None:
            self._db.execute(
                "INSERT INTO book (source, stream, boot, first, next, lost, since_ms) VALUES (?, ?, ?, 0, 0, 0, ?)",
                (*key, now_ms),
            )
            row = self._db.execute(_SELECT + " WHERE source = ? AND stream = ? AND boot = ?", key).fetchone()
        return self._load(row)

    def _load(self, row: tuple[Any, ...]) -> Book:
        book = read_book(self._db, row)
        self._saved[book.id] = dict(book.stored)
        self._saved_gaps[book.id] = len(book.closed)
        self._books[book.source, book.stream, book.boot] = book
        self._of_source.setdefault((book.source, book.stream), []).append(book)
        return book

    def record_book(self, boot: str, now_ms: int) -> Book:
        """The book of a note or run: only its boot says whose it is.

        A service's boot is unique for ever, and its status (``ehold``) or audit topic names it. Until one of them has
        been heard, the book belongs to nobody (source ""), and ``service_book`` gives it its owner.
        """
        row = self._db.execute(
            _SELECT + " WHERE boot = ? AND stream = ? AND source.name LIKE '\\_%' ESCAPE '\\'", (boot, Stream.EVENTS)
        ).fetchone()
        return self.book(str(row[1]) if row else "", Stream.EVENTS, boot, now_ms)

    def service_book(self, source: str, boot: str, now_ms: int) -> Book:
        """The book of a service's own records; takes over what came before its owner was known."""
        if (source, Stream.EVENTS, boot) not in self._books:
            self._adopt(source, boot)
        return self.book(source, Stream.EVENTS, boot, now_ms)

    def _adopt(self, source: str, boot: str) -> None:
        nobody, owner = self._sources.id(""), self._sources.id(source)
        orphan = self._db.execute(
            "SELECT id FROM book WHERE source = ? AND stream = ? AND boot = ?", (nobody, Stream.EVENTS, boot)
        ).fetchone()
        if orphan is None:
            return
        book = self._books.pop(("", Stream.EVENTS, boot), None)
        if book is not None:
            self.save()
            self._of_source["", Stream.EVENTS].remove(book)
        self._db.execute("UPDATE book SET source = ? WHERE id = ?", (owner, orphan[0]))

    def changed(self, book: Book) -> None:
        """This book must be written with the transaction."""
        self._dirty[book.id] = book

    def hear(self, source: str, stream: Stream, holds: Iterable[Hold], now_ms: int, edge: str = "") -> None:
        """Take what the sender's spool has. A boot it no longer names is over.

        An instrument that has moved may have records waiting at its former edge: what one ``edge`` does not name says
        nothing about the other's.
        """
        named = set()
        for hold in holds:
            if stream is Stream.EVENTS and source.startswith(SYSTEM):
                book = self.service_book(source, hold.boot, now_ms)
            else:
                book = self.book(source, stream, hold.boot, now_ms)
            before = (book.held, book.first, book.next, book.lost)
            book.hear(hold)
            self._holders[book.id] = edge
            named.add(hold.boot)
            if (book.held, book.first, book.next, book.lost) != before:
                self.changed(book)
        for book in self._of_source.get((source, stream), ()):
            if book.held and book.boot not in named and self._holders.get(book.id, edge) == edge:
                book.held = False
                self.changed(book)

    def save(self) -> None:
        """Write the changed books; inside the transaction. All books with one statement each: they may be hundreds."""
        gone: list[tuple[int, int]] = []
        spans: list[tuple[int, int, int]] = []
        gaps: list[tuple[int, int, int, str]] = []
        books = self._dirty.values()
        for book in books:
            saved, now = self._saved[book.id], dict(book.stored)
            gone += [(book.id, a) for a in saved.keys() - now.keys()]
            spans += [(book.id, a, b) for a, b in now.items() if saved.get(a) != b]
            gaps += [(book.id, g.a, g.b, g.reason) for g in book.closed[self._saved_gaps[book.id] :]]
            self._saved[book.id], self._saved_gaps[book.id] = now, len(book.closed)
        self._db.executemany("DELETE FROM span WHERE book = ? AND a = ?", gone)
        self._db.executemany("INSERT OR REPLACE INTO span VALUES (?, ?, ?)", spans)
        self._db.executemany("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?)", gaps)
        self._db.executemany(
            "UPDATE book SET first = ?, next = ?, lost = ?, held = ? WHERE id = ?",
            [(book.first, book.next, book.lost, book.held, book.id) for book in books],
        )
        self._dirty.clear()

    def live(self) -> Iterator[Book]:
        """Books whose sender still holds them."""
        return (book for book in self._books.values() if book.held)

    def marks(self, source: str, stream: Stream) -> dict[str, Mark]:
        """What a commit says of a source: every boot its sender holds, or that came without anybody saying so."""
        books = self._of_source.get((source, stream), ())
        return {book.boot: book.mark() for book in books if book.boot and book.held is not False}


_SELECT = (
    "SELECT book.id, source.name, book.stream, book.boot, book.first, book.next, book.lost, book.held"
    " FROM book JOIN source ON source.id = book.source"
)


def read_book(db: sqlite3.Connection, row: tuple[Any, ...]) -> Book:
    """A book from a row of ``_SELECT``."""
    id_, source, stream, boot, first, next_, lost, held = row
    stored = Ranges(db.execute("SELECT a, b FROM span WHERE book = ? ORDER BY a", (id_,)))
    gaps = [Gap(*g) for g in db.execute("SELECT a, b, reason FROM gap WHERE book = ? ORDER BY a", (id_,))]
    held = None if held is None else bool(held)
    return Book(id_, source, Stream(stream), boot, stored, first, next_, lost, held, gaps)


def read_books(db: sqlite3.Connection, source: str | None = None) -> list[Book]:
    """All books, or those of one source, in the order they began."""
    where = "" if source is None else " WHERE source.name = ?"
    rows = db.execute(
        _SELECT + where + " ORDER BY source.name, book.id", () if source is None else (source,)
    ).fetchall()
    return [read_book(db, row) for row in rows]
