"""The write side: a batch of messages becomes one durable transaction, and what it means is told afterwards.

A Store belongs to one thread at a time. When a transaction fails nothing of it is remembered: the same batch can be
written again.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from broker.messages import MAX_SAFE_INTEGER, Block, Data, Mark, MessageError, ServiceStatus, Status, decode
from broker.topics import INSTRUMENT_KINDS, Kind, Topic, Topics
from logger import traffic
from logger.ledger import Book, Stream
from logger.neighbours import Neighbours
from logger.share import Share
from logger.store import accounts, migrate, rebuild
from logger.store.accounts import Accounts
from logger.store.books import SYSTEM, Books, Names
from logger.store.metas import Metas
from logger.store.records import RecordWriter
from logger.store.retention import Guard, Keeper, Retention
from logger.store.samples import Aside, SampleCount, SampleWriter, digest_of
from logger.store.schema import open_for_writing
from logger.store.segments import TrafficWriter
from logger.store.sql import pragma, transaction
from logger.store.tend import Tended, Tender

log = logging.getLogger("logger.store")

ASIDE_ROWS = 100_000
"""The most rows an unreadable message may claim to hold."""
_FORGET_MS = 5_000
_WAITED_MS = 1_500
"""A message that waited longer for its transaction has the time of that: who follows the log must not miss it."""
_RECORDS = frozenset({Kind.REPLY, Kind.EVENT, Kind.NOTE, Kind.RUN, Kind.AUDIT})


class Packet(Protocol):
    """What the store needs of a received message; ``broker.client.Message`` is one."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def qos(self) -> int: ...
    @property
    def retain(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Watermark:
    """What a commit message says of one source."""

    boots: Mapping[str, Mark]
    eboots: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers a to b − 1 that are missing below something stored, and that their sender still holds."""

    source: str
    stream: Stream
    boot: str
    a: int
    b: int


@dataclass(slots=True)
class Outcome:
    """What one durable transaction did."""

    messages: int = 0
    records: int = 0
    undecodable: int = 0
    foreign: int = 0
    complaints: list[str] = field(default_factory=list)
    count: SampleCount = field(default_factory=SampleCount)
    watermarks: dict[str, Watermark] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    """The sources that send a backlog: they wait for the watermark before they go on."""


class _Identity(msgspec.Struct):
    """As much of an unreadable message as its place in the ledger needs."""

    boot: str
    seq: int | None = None
    eseq: int | None = None
    n: int = 1


class Store:
    """The logger's database. Raises StoreError and sqlite3.Error."""

    def __init__(
        self,
        path: Path,
        topics: Topics,
        now_ms: int,
        *,
        name: str = "main",
        mine: Sequence[str] = ("*",),
        want_hours: float = 24.0,
        retention: Retention | None = None,
    ) -> None:
        self.path = path
        self.guards: list[Guard] = []
        """Asked before samples expire; whoever still needs rows adds one before the work begins."""
        self._retention = retention or Retention()
        self._db = open_for_writing(path, now_ms, want_hours)
        self._topics = topics
        self._name = name
        self.share = Share(tuple(mine))
        self.neighbours = Neighbours(name, self.share)
        about = dict(self._db.execute("SELECT key, value FROM store"))
        self.id = str(about["id"])
        self.want_since = int(about["want_since"])
        self._parsed: dict[str, tuple[Topic | None, bool]] = {}
        self._forgot_ms = 0
        self._remembered: dict[str, bytes] = {}
        self._begin()

    def _begin(self) -> None:
        """Know nothing but what the database says."""
        self._sources = Names(self._db, "source", "name")
        self._books = Books(self._db, self._sources)
        self._metas = Metas(self._db, self._sources)
        self._accounts = Accounts(self._db)
        self._samples = SampleWriter(self._db, self._sources, self._books, self._metas, self._accounts)
        self._records = RecordWriter(self._db, self._sources, self._books)
        self._traffic = TrafficWriter(self._db, self._accounts)
        sheets = self._samples.sheets
        keeper = Keeper(self._db, self._retention, self.guards, self._accounts, sheets)
        self._tender = Tender(self._db, self._samples.melter, sheets, keeper)
        self._touched: set[str] = set()
        self._outcome = Outcome()
        self._sound = True

    def close(self) -> None:
        self._db.close()

    def write(self, batch: Iterable[Packet], now_ms: int) -> Outcome:
        """Store a batch; when this returns it is on the disk. After sqlite3.Error nothing of it is."""
        with self._all_or_nothing():
            for packet in batch:
                self._take(packet, now_ms)
            self._flush(now_ms)
        return self._finish()

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A transaction; what was remembered of one that failed is forgotten before the next."""
        if not self._sound:
            self._begin()
        self._sound = False
        with transaction(self._db):
            yield
        self._sound = True

    def tend(self, now_ms: int, free_bytes: int) -> Tended:
        """Do a little of what is due beside the work; ``free_bytes``: what the disk has. Raises sqlite3.Error."""
        with self._all_or_nothing():
            tended = self._tender.step(now_ms, free_bytes)
            self._accounts.flush()
        return tended

    def rebuild(self) -> None:
        """Have the roll-ups made again and the sizes counted, by ``tend``; let an old file shrink. Takes its time."""
        migrate.let_shrink(self._db, self.path, 2**62)
        with self._all_or_nothing():
            rebuild.begin(self._db)
            for statement in accounts.COUNT:
                self._db.execute(statement)
        self._begin()

    def describe(self, batch: Iterable[Packet], now_ms: int) -> None:
        """Take what descriptions are among ``batch``. They are not logged: they come again with everything else."""
        with self._all_or_nothing():
            for packet in batch:
                topic, mine = self._parse(packet.topic)
                if mine and topic is not None and topic.kind is Kind.META and packet.payload:
                    self._describe(topic.name, packet.payload, now_ms)

    def _describe(self, source: str, payload: bytes, now_ms: int) -> None:
        try:
            self._metas.take(source, decode(Kind.META, payload), payload, now_ms)
        except MessageError as e:
            log.warning("the description of %s cannot be read: %s", source, e)

    def _flush(self, now_ms: int) -> None:
        self._samples.flush()
        self._traffic.flush()
        self._books.save()
        self._accounts.flush()
        if now_ms - self._forgot_ms > _FORGET_MS:
            self._samples.forget_old(now_ms)
            self._forgot_ms = now_ms

    def _finish(self) -> Outcome:
        outcome, self._outcome = self._outcome, Outcome()
        outcome.count, self._samples.count = self._samples.count, SampleCount()
        outcome.watermarks = {source: self.watermark(source) for source in self._touched if source}
        self._touched.clear()
        return outcome

    # --- what the service asks between transactions --------------------------------------------------------------

    def watermark(self, source: str) -> Watermark:
        return Watermark(self._books.marks(source, Stream.SAMPLES), self._books.marks(source, Stream.EVENTS))

    def watermarks(self) -> dict[str, Watermark]:
        """Of every source whose sender holds something."""
        return {source: self.watermark(source) for source in {book.source for book in self._books.live()} if source}

    def holes(self) -> list[Hole]:
        """What can be asked for."""
        return [Hole(book.source, book.stream, book.boot, a, b) for book in self._books.live() for a, b in book.holes()]

    def size_bytes(self) -> int:
        """The database's size on the disk, with its log."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(f.stat().st_size for f in files if f.exists())

    @property
    def may_expire(self) -> bool:
        return self._retention.any

    def used_bytes(self) -> int:
        """How much of the database is in use."""
        return (pragma(self._db, "page_count") - pragma(self._db, "freelist_count")) * pragma(self._db, "page_size")

    # --- one message ---------------------------------------------------------------------------------------------

    def _take(self, packet: Packet, now_ms: int) -> None:
        topic, mine = self._parse(packet.topic)
        if not mine:
            self._foreign(packet, topic)
            return
        self._outcome.messages += 1
        if topic is None or not packet.payload:  # an empty payload deletes a retained message
            self._verbatim(packet, now_ms)
            return
        try:
            message = decode(topic.kind, packet.payload)
        except MessageError as e:
            self._unreadable(packet, topic, str(e), now_ms)
            return
        if isinstance(message, (Data, Block)):
            self._sample(packet, topic.name, message, now_ms)
            return
        self._verbatim(packet, now_ms)
        self._other(packet, topic, message, now_ms)

    def _parse(self, name: str) -> tuple[Topic | None, bool]:
        """The topic taken apart, and whether this logger is responsible for it."""
        known = self._parsed.get(name)
        if known is None:
            if len(self._parsed) > 10_000:
                self._parsed.clear()
            topic = self._topics.parse(name)
            mine = topic is None or topic.kind not in INSTRUMENT_KINDS or self.share.has(topic.name)
            known = self._parsed[name] = (topic, mine)
        return known

    def _complain(self, complaint: str) -> None:
        if complaint:
            self._outcome.complaints.append(complaint)

    def _foreign(self, packet: Packet, topic: Topic | None) -> None:
        """An instrument of another logger: if that is a mistake, its status tells."""
        self._outcome.foreign += 1
        if topic is not None and topic.kind is Kind.STATUS and packet.payload:
            with suppress(MessageError):
                self._complain(self.neighbours.hear(topic, decode(Kind.STATUS, packet.payload)))

    def _verbatim(self, packet: Packet, now_ms: int, *, unreadable: bool = False) -> None:
        flags = traffic.flags(packet.qos, packet.retain, unreadable=unreadable)
        self._traffic.verbatim(_arrival(packet, now_ms), packet.topic, flags, packet.payload)

    def _sample(self, packet: Packet, source: str, message: Data | Block, now_ms: int) -> None:
        self._touched.add(source)
        block = isinstance(message, Block)
        if isinstance(message, Block):
            book, seq = self._samples.block(source, message, now_ms)
            n, late = message.n, message.late
            if late:
                self._outcome.late.add(source)
        else:
            book, seq = self._samples.data(source, message, packet.payload, packet.retain, now_ms)
            n, late = 1, False
        flags = traffic.flags(packet.qos, packet.retain, late=late, block=block)
        digest = digest_of(packet.payload)
        t_ms = _arrival(packet, now_ms)
        self._traffic.samples(t_ms, packet.topic, flags, len(packet.payload), book.id, seq, n, digest)

    def _other(self, packet: Packet, topic: Topic, message: object, now_ms: int) -> None:
        kind = topic.kind
        self._complain(self.neighbours.hear(topic, message))
        if kind in _RECORDS:
            self._record(packet, topic, message, now_ms)
        elif kind is Kind.META:
            self._samples.metas_changed()
            self._metas.take(topic.name, message, packet.payload, now_ms)  # type: ignore[arg-type]
        elif isinstance(message, Status):
            self._touched.add(topic.name)
            if message.state != "lost":  # a will knows nothing of the spool
                self._books.hear(topic.name, Stream.SAMPLES, message.hold, now_ms, message.edge)
                self._books.hear(topic.name, Stream.EVENTS, message.ehold, now_ms, message.edge)
        elif isinstance(message, ServiceStatus) and message.state not in ("lost", "offline"):
            source = _service(topic)
            self._touched.add(source)
            self._books.hear(source, Stream.EVENTS, message.ehold, now_ms)
        elif kind is Kind.COMMIT and topic.part != self._name and self.share.has(topic.name) and self._is_news(packet):
            self._outcome.complaints.append(f"{topic.name} is also stored by the logger {topic.part!r}")

    def _is_news(self, packet: Packet) -> bool:
        """Whether this was said now: a live message, too, carries the retain flag it was published with."""
        known = self._remembered.setdefault(packet.topic, packet.payload)
        self._remembered[packet.topic] = packet.payload
        return not packet.retain or known != packet.payload

    def _record(self, packet: Packet, topic: Topic, message: object, now_ms: int) -> None:
        fresh, source = self._records.take(
            topic.kind,
            _source_of(topic),
            message,  # type: ignore[arg-type]
            packet.payload,
            packet.retain,
            now_ms,
        )
        self._touched.add(source)
        if fresh:
            self._outcome.records += 1
        else:
            self._samples.count.duplicates += 1

    # --- what cannot be read -------------------------------------------------------------------------------------

    def _unreadable(self, packet: Packet, topic: Topic, reason: str, now_ms: int) -> None:
        """Count it, keep its bytes, and where it says who it is, do not wait for it to come again."""
        self._outcome.undecodable += 1
        self._outcome.complaints.append(f"{packet.topic}: {reason}")
        self._verbatim(packet, now_ms, unreadable=True)
        identity = _identity(packet.payload)
        if identity is None:
            return
        source = _source_of(topic)
        if topic.kind in (Kind.DATA, Kind.BLOCK) and identity.seq is not None:
            book = self._books.book(source, Stream.SAMPLES, identity.boot, now_ms)
            self._set_aside(book, identity.seq, identity.n if topic.kind is Kind.BLOCK else 1, packet, reason, now_ms)
        elif topic.kind in _RECORDS and identity.eseq is not None:
            book = self._records.book(source, identity.boot, now_ms)
            self._set_aside(book, identity.eseq, 1, packet, reason, now_ms)

    def _set_aside(self, book: Book, seq: int, n: int, packet: Packet, reason: str, now_ms: int) -> None:
        if not (seq >= 0 and 0 < n <= ASIDE_ROWS and seq + n <= MAX_SAFE_INTEGER):
            return
        self._touched.add(book.source)
        if book.stored.missing(seq, seq + n):
            book.stored.add(seq, seq + n)
            self._books.changed(book)
            self._samples.count.set_aside += n
            self._samples.asides.append(Aside(now_ms, book.source, book.boot, seq, "", packet.payload, reason))


def _arrival(packet: Packet, now_ms: int) -> int:
    """When the message came, for the log; ``now_ms`` for one that does not say."""
    arrived: int = getattr(packet, "arrived_ms", 0)
    return arrived if now_ms - _WAITED_MS <= arrived <= now_ms else now_ms


def _service(topic: Topic) -> str:
    return f"{SYSTEM}{topic.part}-{topic.name}"


def _source_of(topic: Topic) -> str:
    """Whose records stand on this topic; "" where only the record's boot says it."""
    if topic.kind is Kind.AUDIT:
        return _service(topic)
    return "" if topic.kind in (Kind.RUN, Kind.NOTE) else topic.name


def _identity(payload: bytes) -> _Identity | None:
    try:
        found = msgspec.json.decode(payload, type=_Identity)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if 0 < len(found.boot) <= 64 else None
