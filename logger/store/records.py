"""Replies, events, notes, runs and audit: kept as they came, each once."""

import sqlite3
from dataclasses import dataclass

from broker.messages import Audit, Event, Note, Reply, Run
from broker.topics import Kind
from logger.ledger import Book, Stream
from logger.store.books import SYSTEM, Books, Names
from logger.store.samples import REPEAT_MS, digest_of

Record = Reply | Event | Note | Run | Audit


@dataclass(frozen=True, slots=True)
class _About:
    """What the table says beside the payload."""

    t_ms: int
    ref: str


class RecordWriter:
    """Belongs to the writer; after a failed transaction a new one is made."""

    def __init__(self, db: sqlite3.Connection, sources: Names, books: Books) -> None:
        self._db = db
        self._sources = sources
        self._books = books

    def take(
        self, kind: Kind, source: str, record: Record, payload: bytes, retain: bool, now_ms: int
    ) -> tuple[bool, str]:
        """Keep one record; tells whether it was new, and whose it is.

        ``source`` is "" for notes and runs: their boot says whose they are.
        """
        about = _about(record)
        if record.boot is None or record.eseq is None:
            return self._anonymous(kind, source, about, payload, retain, now_ms), source
        book = self.book(source, record.boot, now_ms)
        if record.eseq in book.stored:
            return False, book.source
        book.stored.add(record.eseq, record.eseq + 1)
        self._books.changed(book)
        self._insert(kind, book.source, about, payload, now_ms, (book.id, record.eseq))
        return True, book.source

    def book(self, source: str, boot: str, now_ms: int) -> Book:
        if not source:
            return self._books.record_book(boot, now_ms)
        if source.startswith(SYSTEM):
            return self._books.service_book(source, boot, now_ms)
        return self._books.book(source, Stream.EVENTS, boot, now_ms)

    def _anonymous(self, kind: Kind, source: str, about: _About, payload: bytes, retain: bool, now_ms: int) -> bool:
        """Without identity the same bytes within a minute are the same record; a retained one is so for ever."""
        since = 0 if retain else now_ms - REPEAT_MS
        known = self._db.execute(
            "SELECT 1 FROM record WHERE hash = ? AND source = ? AND kind = ? AND book IS NULL AND arrived_ms >= ?",
            (digest_of(payload), self._sources.id(source), kind, since),
        ).fetchone()
        if known is None:
            self._insert(kind, source, about, payload, now_ms, (None, None))
        return known is None

    def _insert(
        self, kind: Kind, source: str, about: _About, payload: bytes, now_ms: int, key: tuple[int | None, int | None]
    ) -> None:
        self._db.execute(
            "INSERT INTO record (book, eseq, t_ms, kind, source, ref, hash, arrived_ms, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, about.t_ms, kind, self._sources.id(source), about.ref, digest_of(payload), now_ms, payload),
        )


def _about(record: Record) -> _About:
    match record:
        case Reply():
            return _About(record.ts, record.id)
        case Run():
            return _About(record.start if record.end is None else record.end, record.run)
        case Note():
            return _About(record.ts, record.run)
        case Event() | Audit():
            return _About(record.ts, "")
