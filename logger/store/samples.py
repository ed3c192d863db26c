"""Sample sets on their way into the store: what is new of them, typed, cut into pieces.

Rows of one boot that follow each other within a transaction become one piece.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from broker.messages import Block, ChannelType, Data, Value
from logger.columns import Array, Column, column, infer
from logger.ledger import Book, Stream
from logger.pieces import Chunk, Packed, Shape, pack, shape_of, split
from logger.rollups import OPEN
from logger.store.accounts import Accounts
from logger.store.books import Books, Names
from logger.store.late import LateWriter
from logger.store.melt import Melter, full_rows
from logger.store.metas import Metas, Types
from logger.store.runs import Blocks, RawRows, Singles
from logger.store.shapes import ShapeIds, Shapes
from logger.store.sheets import SheetWriter
from logger.store.table import Table

FOR_EVER = 2**62
REPEAT_MS = 60_000
"""Sample sets without identity: the same stamp and payload within this time is the same sample set."""


@dataclass(slots=True)
class SampleCount:
    """Of one transaction: sample sets stored, values in them, sample sets known already, values set aside."""

    samples: int = 0
    values: int = 0
    duplicates: int = 0
    set_aside: int = 0
    same_time: int = 0
    newest_us: int = 0


@dataclass(frozen=True, slots=True)
class Aside:
    """A value that was not stored as a sample, and why."""

    t_ms: int
    source: str
    boot: str
    seq: int
    channel: str
    value: bytes
    reason: str


@dataclass(slots=True)
class _Grown:
    """What a transaction added to a book and is not finished."""

    book: Book
    pieces: list[Packed] = field(default_factory=list)
    channels: int = 1

    def add(self, packed: Packed, channels: int) -> None:
        self.pieces.append(packed)
        self.channels = max(self.channels, channels)


class SampleWriter:
    """Collects the sample sets of one transaction; ``flush`` writes them. Belongs to the writer."""

    def __init__(self, db: sqlite3.Connection, sources: Names, books: Books, metas: Metas, accounts: Accounts) -> None:
        self._db = db
        self._sources = sources
        self._books = books
        self._metas = metas
        shapes, ids = Shapes(db), ShapeIds(db)
        self._table = Table(db, sources, ids, accounts)
        self.sheets = SheetWriter(db, shapes, ids, accounts)
        self.melter = Melter(db, shapes, self.sheets, self._table)
        self._grown: dict[int, _Grown] = {}
        self._revs: dict[int, str] = {}  # book id → the rev last named: data carries it only after a change
        self._inferred: dict[tuple[str, str], ChannelType] = {}
        self._runs: dict[int, Singles | Blocks] = {}
        self._late = LateWriter(db)
        self.asides: list[Aside] = []
        self.count = SampleCount()

    def data(self, source: str, data: Data, payload: bytes, retain: bool, now_ms: int) -> tuple[Book, int]:
        """Take one sample set. Returns its book and sequence number (the logger's own count where it has none)."""
        if data.boot is None or data.seq is None:
            return self._anonymous(source, data, payload, retain, now_ms)
        book = self._books.book(source, Stream.SAMPLES, data.boot, now_ms)
        if data.seq in book.stored:
            self.count.duplicates += 1
        else:
            self._append(book, data.seq, data)
        return book, data.seq

    def _anonymous(self, source: str, data: Data, payload: bytes, retain: bool, now_ms: int) -> tuple[Book, int]:
        book = self._books.book(source, Stream.SAMPLES, "", now_ms)
        seq = book.stored.top
        if self._repeated(source, data.t_us, payload, retain, now_ms):
            self.count.duplicates += 1
            return book, max(0, seq - 1)
        self._append(book, seq, data)
        return book, seq

    def _repeated(self, source: str, t_us: int, payload: bytes, retain: bool, now_ms: int) -> bool:
        """Whether this very sample set came within the last minute; remembers it. A retained one is remembered for
        ever: the broker sends it again at every connect."""
        id_, digest = self._sources.id(source), digest_of(payload)
        at_this_time = self._db.execute(
            "SELECT hash FROM recent WHERE source = ? AND t_us = ? AND arrived_ms >= ?", (id_, t_us, now_ms - REPEAT_MS)
        ).fetchall()
        if (digest,) in at_this_time:
            return True
        self.count.same_time += bool(at_this_time)
        until = FOR_EVER if retain else now_ms
        self._db.execute("INSERT OR REPLACE INTO recent VALUES (?, ?, ?, ?)", (id_, t_us, digest, until))
        return False

    def forget_old(self, now_ms: int) -> None:
        """Sample sets without identity that came longer ago than a repetition can."""
        self._db.execute("DELETE FROM recent WHERE arrived_ms < ?", (now_ms - REPEAT_MS,))

    def _append(self, book: Book, seq: int, data: Data) -> None:
        book.stored.add(seq, seq + 1)
        self._books.changed(book)
        if data.rev is not None:
            self._revs[book.id] = data.rev
        names = tuple(data.values)
        key = (self._revs.get(book.id), names, data.fold, data.cal)
        run = self._runs.get(book.id)
        if not isinstance(run, Singles) or run.end != seq or run.key != key:
            self._close(book.id)
            types = self._metas.types(book.source, self._revs.get(book.id))
            run = self._runs[book.id] = Singles(book, types, key, names, data.cal, data.fold, seq)
        run.add(data)

    def block(self, source: str, block: Block, now_ms: int) -> tuple[Book, int]:
        """Take what is new of a block."""
        book = self._books.book(source, Stream.SAMPLES, block.boot, now_ms)
        a, b = block.seq, block.seq + block.n
        fresh = book.stored.missing(a, b)
        self.count.duplicates += block.n - sum(y - x for x, y in fresh)
        if fresh:
            book.stored.add(a, b)
            self._books.changed(book)
            q = {name: {int(k): code for k, code in rows.items()} for name, rows in block.q.items()}
            rows = RawRows(a, _times(block), block.cols, q, block.u)
            types = self._metas.types(source, block.rev)
            if block.rev is not None:
                self._revs[book.id] = block.rev
            for x, y in fresh:
                part = rows if (x, y) == (a, b) else rows.slice(x - a, y - a)
                self._join(book, part, types, block)
                if block.late:
                    self._late.add(book.id, x, y, now_ms)
        return book, a

    def _join(self, book: Book, part: RawRows, types: Types, block: Block) -> None:
        """To the rows before it, if it is of their kind."""
        key = (types.rev, tuple(part.cols), block.fold, block.cal)
        run = self._runs.get(book.id)
        if not isinstance(run, Blocks) or run.end != part.seq or run.key != key:
            self._close(book.id)
            run = self._runs[book.id] = Blocks(book, types, key, block.cal, block.fold, part.seq)
        run.add(part)

    def metas_changed(self) -> None:
        """A new description: rows that follow may have other types."""
        for id_ in list(self._runs):
            self._close(id_)

    def _close(self, book_id: int) -> None:
        run = self._runs.pop(book_id, None)
        if run is not None:
            self._store(run.book, run.finish(), run.types, run.cal, run.fold)

    def _store(self, book: Book, rows: RawRows, types: Types, cal: Mapping[str, str], fold: int) -> None:
        columns = {}
        for name, values in rows.cols.items():
            made = self._typed(book, rows, name, values, types)
            if made is not None:
                columns[name] = made
                self.count.values += len(values)
        self.count.samples += len(rows.t_us)
        chunk = Chunk(rows.seq, np.array(rows.t_us, "<i8"), columns, rows.q, rows.u)
        self.count.newest_us = max(self.count.newest_us, int(chunk.t_us[-1]))
        shape = shape_of(columns, types.rev, cal)
        most = full_rows(len(columns))
        for a, b in split(chunk.t_us):
            for start in range(a, b, most):
                end = min(b, start + most)
                part = chunk if end - start == len(chunk) else chunk.slice(start, end)
                self._insert(book, part, shape, fold)

    def _insert(self, book: Book, chunk: Chunk, shape: Shape, fold: int) -> None:
        """A piece goes with the next flush of the table: finished at once when it is as large as it should be."""
        packed = pack(chunk, shape)
        if 2 * len(chunk) > full_rows(len(shape.channels)):
            level = self.melter.rolled(self._sources.id(book.source), chunk, packed)
            self._table.insert(book, packed, shape, fold, level)
            return
        self._table.insert(book, packed, shape, fold, OPEN)
        self._grown.setdefault(book.id, _Grown(book)).add(packed, len(shape.channels))

    def _typed(self, book: Book, rows: RawRows, name: str, values: Sequence[Value], types: Types) -> Column | None:
        type_ = types.channels.get(name) or self._guess(book.source, name, values)
        if type_ is None:
            return None
        made, bad = column(type_, values)
        for row in bad:
            reason = f"not a value of type {type_}"
            raw = msgspec.json.encode(values[row])
            t_ms = int(rows.t_us[row]) // 1000
            self.asides.append(Aside(t_ms, book.source, book.boot, rows.seq + row, name, raw, reason))
        self.count.set_aside += len(bad)
        return made

    def _guess(self, source: str, name: str, values: Sequence[Value]) -> ChannelType | None:
        """The type of an undeclared channel: what its first value was."""
        guess = self._inferred.get((source, name)) or infer(values)
        if guess is not None:
            self._inferred[source, name] = guess
        return guess

    def flush(self) -> None:
        """Write everything collected; inside the transaction."""
        self.metas_changed()
        self._table.flush()
        for grown in self._grown.values():
            self.melter.added(grown.book, self._sources.id(grown.book.source), grown.pieces, grown.channels)
        self._grown.clear()
        self._table.flush()
        self.sheets.flush()
        self._late.flush()
        if self.asides:
            self._db.executemany(
                "INSERT INTO aside (t_ms, source, boot, seq, channel, value, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (a.t_ms, self._sources.id(a.source), a.boot, a.seq, a.channel, a.value, a.reason)
                    for a in self.asides
                ],
            )
            self.asides.clear()


def _times(block: Block) -> Array:
    if block.t_us is not None or block.t0_us is None or block.dt_us is None:
        return np.array(block.times_us(), "<i8")
    return block.t0_us + block.dt_us * np.arange(block.n, dtype="<i8")


def digest_of(payload: bytes) -> bytes:
    """Eight bytes that tell payloads apart."""
    return hashlib.sha256(payload).digest()[:8]
