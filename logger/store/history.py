"""The read side: what the bridge, the command line and exports ask of the store."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from broker.messages import Meta
from broker.values import ChannelType
from logger import traffic
from logger.ledger import Book, Gap, Stream
from logger.pieces import SPAN_US, Chunk, Packed, Shape, remarked, unpack
from logger.store import marks as marking
from logger.store import replay, retention, zoom
from logger.store.books import read_books
from logger.store.buckets import Buckets, Gatherer
from logger.store.marks import MarkLine
from logger.store.metas import read_meta
from logger.store.reading import Reader
from logger.store.shapes import Shapes

_PIECES = "SELECT seq, n, t_min, t_max, dt, extra, summary, {body}, shape, book, id, fold FROM piece"
_IN_TIME = " WHERE source = ? AND t_min >= ? AND t_min < ? AND t_max >= ? ORDER BY t_min, id"


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive raw rows of one boot (``boot`` "" and the logger's own ``seq`` for sample sets without identity).

    ``fold``: raised by the sender whenever a stamp is not later than one it has given already."""

    boot: str
    chunk: Chunk
    shape: Shape
    fold: int = 0


@dataclass(frozen=True, slots=True)
class Extent:
    """Consecutive rows ``seq`` to ``seq`` + ``n`` − 1 of one boot: where their stamps lie, first and last included."""

    boot: str
    seq: int
    n: int
    t_min: int
    t_max: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One message of the traffic log. ``payload`` None: sample sets ``seq`` to ``seq`` + ``n`` − 1 of ``boot``."""

    t_ms: int
    topic: str
    qos: int
    retain: bool
    length: int
    payload: bytes | None
    readable: bool = True
    boot: str = ""
    seq: int | None = None
    n: int = 0
    late: bool = False
    digest: str = ""
    block: bool = False
    book: int = 0


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One numbering: ``stored`` ranges, first and last number included; ``end`` is one more than the last known to
    exist; ``gaps`` is empty when everything is there. ``live``: its sender still holds it. ``expired``: what of
    ``stored`` retention has thrown away since."""

    source: str
    stream: Literal["samples", "events"]
    boot: str
    stored: list[tuple[int, int]]
    end: int
    gaps: list[Gap]
    live: bool
    expired: list[tuple[int, int]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.gaps


class History:
    """The store as a reader sees it, also when no logger runs. Blocking, one thread at a time.

    Raises HistoryError, here and from every method.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)
        self._unpacked = replay.Unpacked()

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """One moment of the store, for the readers beside this one; what is asked inside sees the same moment."""
        return self._reader.snapshot()

    # --- instruments ---------------------------------------------------------------------------------------------

    def instruments(self) -> list[str]:
        """Every instrument that has samples or a description, sorted."""
        with self._reader.snapshot() as db:
            rows = db.execute(
                "SELECT name FROM source WHERE id IN (SELECT source FROM book WHERE stream = 0"
                " UNION SELECT source FROM meta) ORDER BY name"
            )
            return [name for (name,) in rows]

    def meta(self, instrument: str) -> Meta | None:
        """Its present description."""
        with self._reader.snapshot() as db:
            return read_meta(db, instrument)

    # --- samples -------------------------------------------------------------------------------------------------

    def buckets(
        self, instrument: str, channels: Sequence[str], from_us: int, to_us: int, step_us: int
    ) -> dict[str, Buckets]:
        """Minimum, maximum and mean per step for ``from_us`` ≤ t < ``to_us``; every channel asked for is a key.

        Numbers and bools; a text channel has no bucket.
        """
        gathered = {name: Gatherer(step_us) for name in channels}
        with self._reader.snapshot() as db:
            source = db.execute("SELECT id FROM source WHERE name = ?", (instrument,)).fetchone()
            if source is not None:
                zoom.read(db, source[0], gathered, from_us, to_us, step_us)
        return {name: gatherer.finish() for name, gatherer in gathered.items()}

    def rows(self, instrument: str, channels: Sequence[str] | None, from_us: int, to_us: int) -> Iterator[Rows]:
        """Raw rows with ``from_us`` ≤ t < ``to_us``, in the order of their first stamps; None: every channel.

        Reads piece by piece, and sees one moment of the store until it is exhausted or closed.
        """
        wanted = None if channels is None else frozenset(channels)
        with self._reader.snapshot() as db:
            shapes = Shapes(db)
            boots = dict(db.execute("SELECT id, boot FROM book"))
            for row in _pieces(db, instrument, from_us, to_us, body="body"):
                shape = shapes[row[8]]
                chunk = _cut(unpack(_packed(row), shape, wanted), from_us, to_us)
                for part in chunk:
                    yield Rows(boots[row[9]], part, shape, row[11])

    def shapes(self, instrument: str, from_us: int, to_us: int) -> list[Shape]:
        """What occurs in this time: channels and types, descriptions, calibrations; in the order they first do."""
        with self._reader.snapshot() as db:
            return _shapes(db, instrument, from_us, to_us)

    def channels(self, instrument: str, from_us: int, to_us: int) -> list[tuple[str, ChannelType]]:
        """The (channel, type) pairs that occur, in the order they first do: what a table of these rows needs."""
        return list(dict.fromkeys(c for shape in self.shapes(instrument, from_us, to_us) for c in shape.channels))

    def calibrations(self, instrument: str, from_us: int, to_us: int) -> list[tuple[str, str]]:
        """The (channel, calibration id) pairs in force in any row of this time, sorted."""
        return sorted({c for shape in self.shapes(instrument, from_us, to_us) for c in shape.cal})

    def remarks(self, instrument: str, from_us: int, to_us: int) -> tuple[list[str], list[str]]:
        """The channels with a quality, and those with an uncertainty, in any row of this time."""
        q: set[str] = set()
        u: set[str] = set()
        with self._reader.snapshot() as db:
            sql = "SELECT extra FROM piece JOIN source ON source.id = piece.source WHERE name = ? AND t_min >= ?"
            sql += " AND t_min < ? AND t_max >= ? AND extra IS NOT NULL"
            for (extra,) in db.execute(sql, (instrument, from_us - SPAN_US, to_us, from_us)):
                with_q, with_u = remarked(extra)
                q |= with_q
                u |= with_u
        return sorted(q), sorted(u)

    def extents(self, instrument: str, from_us: int, to_us: int) -> Iterator[Extent]:
        """Which rows are there, without their values: all that reach into ``from_us`` ≤ t < ``to_us``, not cut."""
        with self._reader.snapshot() as db:
            boots = dict(db.execute("SELECT id, boot FROM book"))
            for row in _pieces(db, instrument, from_us, to_us, body="x''"):
                yield Extent(boots[row[9]], row[0], row[1], row[2], row[3])

    def span(self, instrument: str) -> tuple[int, int] | None:
        """The first and the last stamp stored, µs; None without samples."""
        with self._reader.snapshot() as db:
            row = db.execute(
                "SELECT min(t_min), max(t_min) FROM piece JOIN source ON source.id = piece.source WHERE name = ?",
                (instrument,),
            ).fetchone()
            if row[0] is None:
                return None
            (last,) = db.execute(
                "SELECT max(t_max) FROM piece JOIN source ON source.id = piece.source WHERE name = ? AND t_min >= ?",
                (instrument, row[1] - SPAN_US),
            ).fetchone()
            return int(row[0]), int(last)

    # --- what people and instruments said ------------------------------------------------------------------------

    def marks(self, from_ms: int, to_ms: int) -> list[MarkLine]:
        """Notes, runs, events and finished commands of a time, in order."""
        with self._reader.snapshot() as db:
            return marking.read(db, from_ms, to_ms)

    # --- traffic -------------------------------------------------------------------------------------------------

    def log(self, topic_filter: str | None, since_ms: int | None, until_ms: int | None, limit: int) -> list[LogEntry]:
        """The last ``limit`` messages that match, oldest first. ``topic_filter`` is an MQTT filter."""
        since, until = since_ms or 0, 2**62 if until_ms is None else until_ms
        found: list[LogEntry] = []
        with self._reader.snapshot() as db:
            names = dict(db.execute("SELECT id, name FROM topic"))
            wanted = None
            if topic_filter is not None:
                wanted = {id_ for id_, name in names.items() if traffic.matches(topic_filter, name)}
            boots = dict(db.execute("SELECT id, boot FROM book"))
            for entries in _segments(db, since, until, wanted):
                matching = [log_entry(e, names, boots) for e in traffic.within(entries, since, until, wanted)]
                found = matching + found
                if len(found) >= limit:
                    break
        return found[-limit:] if limit else []

    def payload(self, entry: LogEntry) -> bytes | None:
        """The message itself: its bytes, or for sample sets the same content written again from the store; None when
        the store no longer has all of them."""
        if entry.payload is not None or entry.seq is None:
            return entry.payload
        with self._reader.snapshot() as db:
            return replay.message(
                db, self._unpacked, entry.book, entry.seq, entry.n, single=not entry.block, late=entry.late
            )

    # --- ledger --------------------------------------------------------------------------------------------------

    def ledger(self, instrument: str | None = None) -> list[LedgerLine]:
        """Every numbering of one source, or of all."""
        with self._reader.snapshot() as db:
            gone = retention.expired(db)
            return [_ledger_line(book, gone.get(book.id, [])) for book in read_books(db, instrument) if book.boot]


_Row = tuple[int, int, int, int, int | None, bytes | None, bytes | None, bytes, int, int, int, int]


def _pieces(db: sqlite3.Connection, instrument: str, from_us: int, to_us: int, *, body: str) -> Iterator[_Row]:
    source = db.execute("SELECT id FROM source WHERE name = ?", (instrument,)).fetchone()
    if source is None:
        return
    yield from db.execute(_PIECES.format(body=body) + _IN_TIME, (source[0], from_us - SPAN_US, to_us, from_us))


def _shapes(db: sqlite3.Connection, instrument: str, from_us: int, to_us: int) -> list[Shape]:
    """The shapes that occur, in the order they first did."""
    shapes = Shapes(db)
    sql = "SELECT DISTINCT shape FROM piece JOIN source ON source.id = piece.source WHERE name = ? AND t_min >= ?"
    ids = db.execute(sql + " AND t_min < ? AND t_max >= ?", (instrument, from_us - SPAN_US, to_us, from_us))
    return [shapes[id_] for (id_,) in sorted(ids)]


def _packed(row: _Row) -> Packed:
    return Packed(*row[:8])


def _cut(chunk: Chunk, from_us: int, to_us: int) -> list[Chunk]:
    """The consecutive rows of a chunk within the time; several parts only when its stamps jump."""
    inside = (chunk.t_us >= from_us) & (chunk.t_us < to_us)
    if inside.all():
        return [chunk]
    parts, start = [], None
    for k, here in enumerate([*inside.tolist(), False]):
        if here and start is None:
            start = k
        elif not here and start is not None:
            parts.append(chunk.slice(start, k))
            start = None
    return parts


def _segments(
    db: sqlite3.Connection, since: int, until: int, wanted: Collection[int] | None
) -> Iterator[list[traffic.Entry]]:
    """Newest first; without unpacking those that have none of the topics."""
    rows = db.execute(
        "SELECT id, codec, topics FROM segment WHERE t_max >= ? AND t_min <= ? ORDER BY id DESC", (since, until)
    )
    for id_, codec, topics in rows:
        if wanted is None or traffic.names_any(topics, wanted):
            (body,) = db.execute("SELECT body FROM segment WHERE id = ?", (id_,)).fetchone()
            yield traffic.unpack(codec, body)


def log_entry(e: traffic.Entry, names: dict[int, str], boots: dict[int, str]) -> LogEntry:
    qos, retain = e.flags & traffic.QOS, bool(e.flags & traffic.RETAIN)
    topic = names[e.topic]
    if e.payload is not None:
        readable = not e.flags & traffic.UNREADABLE
        return LogEntry(e.t_ms, topic, qos, retain, len(e.payload), e.payload, readable)
    return LogEntry(
        e.t_ms,
        topic,
        qos,
        retain,
        e.length,
        None,
        boot=boots.get(e.book, ""),
        seq=e.seq,
        n=e.n,
        late=bool(e.flags & traffic.LATE),
        digest=e.digest.hex(),
        block=bool(e.flags & traffic.BLOCK),
        book=e.book,
    )


def _ledger_line(book: Book, expired: list[tuple[int, int]]) -> LedgerLine:
    stored = [(a, b - 1) for a, b in book.stored]
    stream: Literal["samples", "events"] = "samples" if book.stream is Stream.SAMPLES else "events"
    return LedgerLine(book.source, stream, book.boot, stored, book.end, book.gaps(), bool(book.held), expired)
