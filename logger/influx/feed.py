"""What the store has and the database does not yet, as lines, oldest first within each numbering.

The only room of the projection that knows the store's tables. It reads in short snapshots, so the store's log can be
cut between two of them.
"""

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from broker.topics import Kind, Topics
from logger.influx import points
from logger.influx.cursor import FILE_NAME, Cursor, Key
from logger.influx.line import lines
from logger.pieces import Chunk, Packed, Shape, unpack
from logger.ranges import Ranges
from logger.store.history import History
from logger.store.reading import Reader
from logger.store.shapes import Shapes

log = logging.getLogger("logger.influx")

ALL_EVERY = 60
"""So many looks at the live numberings for one at every numbering there ever was."""
VALUES = 50_000
"""In one chunk at most: a database answers a request of this size in well under a second."""
RECORDS = 2000
STRETCH_MS = 3_600_000
SETTLED_MS = 5000
"""A message's time is when it came; it is in the store a transaction later."""

_BOOKS = "SELECT book.id, source.name, book.boot FROM book JOIN source ON source.id = book.source WHERE book.stream = 0"
_LIVE = " AND (book.held IS NOT 0 OR book.id > ?)"
_PIECES = (
    "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape, fold FROM piece WHERE book = :book AND seq < :b"
    " AND seq >= coalesce((SELECT max(seq) FROM piece WHERE book = :book AND seq <= :a), :a) ORDER BY seq"
)
_RECORDS = (
    "SELECT record.id, record.hash, record.kind, source.name, record.payload FROM record"
    " JOIN source ON source.id = record.source WHERE record.id > ? ORDER BY record.id LIMIT ?"
)


@dataclass(slots=True)
class Batch:
    """Lines, and what is done when they are in the database. ``passed_over``: rows whose values the store has not."""

    lines: list[bytes] = field(default_factory=list)
    ranges: list[tuple[Key, int, int]] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    values: int = 0
    passed_over: int = 0
    size: int = 0

    def add(self, made: list[bytes], rows: int, values: int) -> None:
        self.lines += made
        self.rows += rows
        self.values += values
        self.size += sum(map(len, made))


@dataclass(slots=True)
class _Waiting:
    """A numbering with rows that are not in the database."""

    key: Key
    book: int
    ranges: list[tuple[int, int]]


class Feed:
    """Reads the store for one cursor. Raises HistoryError, sqlite3.Error (of the cursor)."""

    def __init__(self, database: Path, topics: Topics, cursor: Cursor, now_ms: int) -> None:
        self._reader = Reader(database)
        self._history = History(database)
        self._topics = topics
        self._cursor = cursor
        self._waiting: list[_Waiting] = []
        self._looks = 0
        self._highest = 0
        self._known: points.Known = msgspec.json.decode(cursor.marks.get("statuses", "{}"), type=dict[str, str])
        self.pending = 0
        if "began_ms" not in cursor.marks:
            self._begin(now_ms)

    def close(self) -> None:
        self._reader.close()
        self._history.close()

    def _begin(self, now_ms: int) -> None:
        """What is stored before the projection is there is not its business: ``backfill-influx`` brings it."""
        with self._reader.snapshot() as db:
            ranges = [((s, boot), a, b) for id_, s, boot in db.execute(_BOOKS) for a, b in _spans(db, id_)]
            id_, hash_ = db.execute("SELECT id, hash FROM record ORDER BY id DESC LIMIT 1").fetchone() or (0, b"")
            marks = {"began_ms": str(now_ms), "record": str(id_), "record_hash": hash_.hex(), "status_ms": str(now_ms)}
            marks |= _anonymous_marks(db, ranges)
        self._cursor.advance(ranges, marks)

    # --- looking -------------------------------------------------------------------------------------------------

    def look(self) -> int:
        """How many rows wait now; ``take`` hands them out."""
        with self._reader.snapshot() as db:
            everything = self._looks % ALL_EVERY == 0
            books = db.execute(_BOOKS) if everything else db.execute(_BOOKS + _LIVE, (self._highest,))
            found = [w for id_, source, boot in books.fetchall() if (w := self._waits(db, id_, (source, boot)))]
            if everything:
                self._highest = db.execute("SELECT coalesce(max(id), 0) FROM book").fetchone()[0]
        self._looks += 1
        self._waiting = found
        self.pending = sum(b - a for w in found for a, b in w.ranges)
        return self.pending

    def _waits(self, db: sqlite3.Connection, book: int, key: Key) -> _Waiting | None:
        stored, done = Ranges(_spans(db, book)), self._cursor.done(key)
        if not key[1] and done:
            self._check_anonymous(db, book, key, stored)
        missing = [part for a, b in stored for part in done.missing(a, b)]
        return _Waiting(key, book, missing) if missing else None

    def _check_anonymous(self, db: sqlite3.Connection, book: int, key: Key, stored: Ranges) -> None:
        """Rows without identity have the logger's own numbers: a store put back gives them out again."""
        end = self._cursor.done(key).top
        noted = self._cursor.marks.get(f"last {key[0]}")
        there = _stamp(db, book, end - 1)
        if stored.top < end:
            self._cursor.forget(key, stored.top)
        elif noted is not None and there is not None and str(there) != noted:
            self._cursor.forget(key, 0)

    # --- taking --------------------------------------------------------------------------------------------------

    def take(self, most_bytes: int) -> Batch:
        """About ``most_bytes`` of lines: some of every numbering that waits, records and statuses first."""
        batch = Batch()
        with self._reader.snapshot() as db:
            self._take_records(db, batch)
            shapes = Shapes(db)
            for waiting in list(self._waiting):
                if batch.size >= most_bytes:
                    break
                self._take_rows(db, shapes, waiting, batch, most_bytes)
                self._waiting.remove(waiting)
                if waiting.ranges:
                    self._waiting.append(waiting)  # behind the others: everybody's turn comes
            batch.marks |= _anonymous_marks(db, batch.ranges)
        self.pending = sum(b - a for w in self._waiting for a, b in w.ranges)
        return batch

    def _take_rows(
        self, db: sqlite3.Connection, shapes: Shapes, waiting: _Waiting, batch: Batch, most_bytes: int
    ) -> None:
        while waiting.ranges and batch.size < most_bytes:
            a, b = waiting.ranges.pop(0)
            reached, found = a, 0
            for chunk, shape, fold in _chunks(db, shapes, waiting.book, a, b):
                made = lines(waiting.key[0], chunk, shape, fold, self._cursor)
                batch.add(made, len(chunk), len(chunk) * len(chunk.columns))
                batch.passed_over += chunk.seq - reached
                reached, found = chunk.seq + len(chunk), found + len(chunk)
                if batch.size >= most_bytes:
                    break
            else:
                batch.passed_over += b - reached
                reached = b
            batch.ranges.append((waiting.key, a, reached))
            if reached < b:
                waiting.ranges.insert(0, (reached, b))

    def _take_records(self, db: sqlite3.Connection, batch: Batch) -> None:
        after = int(self._cursor.marks["record"])
        if after and self._put_back(db, after):
            after = 0
        for id_, hash_, kind, source, payload in db.execute(_RECORDS, (after, RECORDS)):
            if kind in points.RECORDS:
                batch.add(points.record(Kind(kind), source, payload, id_), 0, 0)
            batch.marks |= {"record": str(id_), "record_hash": hash_.hex()}

    def _put_back(self, db: sqlite3.Connection, id_: int) -> bool:
        """Whether the record that was the last is another one or not there any more, none being later."""
        row = db.execute("SELECT hash FROM record WHERE id = ?", (id_,)).fetchone()
        if row is None:
            (highest,) = db.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
            return bool(highest < id_)
        return bool(row[0].hex() != self._cursor.marks["record_hash"])

    def statuses(self, now_ms: int) -> Batch:
        """Statuses heard since the last time, from the traffic log: a stretch of it at a time."""
        batch, since = Batch(), int(self._cursor.marks["status_ms"])
        until = min(since + STRETCH_MS, now_ms - SETTLED_MS)
        heard = points.heard(self._history, self._topics, since + 1, until)
        batch.add(list(points.statuses(heard, self._known)), 0, 0)
        if until > since:
            batch.marks["status_ms"] = str(until)
        if heard:
            batch.marks["statuses"] = msgspec.json.encode(self._known).decode()
        return batch


def begin(database: Path, topics: Topics, now_ms: int) -> None:
    """Draw the line between history and what is to be written, before the first message is stored."""
    cursor = Cursor(database.with_name(FILE_NAME))
    try:
        Feed(database, topics, cursor, now_ms).close()
    finally:
        cursor.close()


def _spans(db: sqlite3.Connection, book: int) -> list[tuple[int, int]]:
    return db.execute("SELECT a, b FROM span WHERE book = ? ORDER BY a", (book,)).fetchall()


def _chunks(db: sqlite3.Connection, shapes: Shapes, book: int, a: int, b: int) -> Iterator[tuple[Chunk, Shape, int]]:
    """The rows a to b − 1, as many at a time as VALUES allows."""
    for row in db.execute(_PIECES, {"book": book, "a": a, "b": b}):
        shape = shapes[row[8]]
        chunk = unpack(Packed(*row[:8]), shape)
        low, high = max(0, a - chunk.seq), min(len(chunk), b - chunk.seq)
        step = max(1, VALUES // max(1, len(chunk.columns)))
        for start in range(low, high, step):
            yield chunk.slice(start, min(high, start + step)), shape, row[9]


def _stamp(db: sqlite3.Connection, book: int, seq: int) -> int | None:
    """The stamp of one row, µs; None when the store has no such row."""
    shapes = Shapes(db)
    for chunk, _, _ in _chunks(db, shapes, book, seq, seq + 1):
        return int(chunk.t_us[0])
    return None


def _anonymous_marks(db: sqlite3.Connection, ranges: list[tuple[Key, int, int]]) -> dict[str, str]:
    """The stamp of the last row of each numbering without identity."""
    found = {}
    for (source, boot), _, b in ranges:
        if not boot:
            row = db.execute(
                "SELECT book.id FROM book JOIN source ON source.id = book.source"
                " WHERE source.name = ? AND book.stream = 0 AND book.boot = ''",
                (source,),
            ).fetchone()
            stamp = None if row is None else _stamp(db, row[0], b - 1)
            if stamp is not None:
                found[f"last {source}"] = str(stamp)
    return found
