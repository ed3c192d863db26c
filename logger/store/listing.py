"""What else the store knows, for exports, the ledger's days and the flight recorder: a History is the argument."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from broker.messages import MessageError, Meta, Run, decode, with_rev
from broker.topics import Kind
from logger import traffic as traffic_
from logger.ranges import Ranges
from logger.store import late as late_
from logger.store.history import History, LogEntry, log_entry


@dataclass(frozen=True, slots=True)
class About:
    """The store itself: ``id`` was made with the database."""

    id: str
    made_ms: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reply, event, note or run as it came. ``source``: the instrument, or the service that wrote it."""

    kind: Kind
    source: str
    message: Any


@dataclass(frozen=True, slots=True)
class Description:
    """One revision of an instrument's description, first heard at ``since_ms``."""

    since_ms: int
    meta: Meta


def about(history: History) -> About:
    with history.snapshot() as db:
        known = dict(db.execute("SELECT key, value FROM store"))
        return About(str(known["id"]), int(known["made_ms"]))


def descriptions(history: History, instrument: str) -> list[Description]:
    """Every revision, in the order they were first heard; those that cannot be read any more are left out."""
    with history.snapshot() as db:
        rows = db.execute(
            "SELECT since_ms, payload FROM meta JOIN source ON source.id = meta.source WHERE name = ?"
            " ORDER BY since_ms, turn",
            (instrument,),
        )
        found = [(since, _decoded(Kind.META, payload)) for since, payload in rows]
    return [Description(since, m if m.rev else with_rev(m)) for since, m in found if m is not None]


def records(history: History, kinds: Collection[Kind], from_ms: int, to_ms: int) -> Iterator[Recorded]:
    """Replies, events, notes, runs of a time, in its order."""
    with history.snapshot() as db:
        rows = db.execute(
            "SELECT kind, name, payload FROM record JOIN source ON source.id = record.source"
            " WHERE t_ms >= ? AND t_ms < ? ORDER BY t_ms, record.id",
            (from_ms, to_ms),
        )
        for kind, source, payload in rows:
            if kind in kinds and (message := _decoded(Kind(kind), payload)) is not None:
                yield Recorded(Kind(kind), source, message)


def run(history: History, id_: str) -> Run | None:
    """A run with its end, if it has one; None for one nobody has begun."""
    with history.snapshot() as db:
        rows = db.execute("SELECT payload FROM record WHERE kind = 'run' AND ref = ? ORDER BY t_ms, id", (id_,))
        found: list[Run] = [m for (payload,) in rows if (m := _decoded(Kind.RUN, payload)) is not None]
    return next((m for m in found if m.end is not None), found[-1] if found else None)


def _decoded(kind: Kind, payload: bytes) -> Any:
    try:
        return decode(kind, payload)
    except MessageError:  # written by a version with other rules
        return None


def asides(history: History, instrument: str, from_ms: int, to_ms: int) -> int:
    """How many values and messages of an instrument did not become samples."""
    with history.snapshot() as db:
        (count,) = db.execute(
            "SELECT count(*) FROM aside JOIN source ON source.id = aside.source"
            " WHERE name = ? AND t_ms >= ? AND t_ms < ?",
            (instrument, from_ms, to_ms),
        ).fetchone()
        return int(count)


def late(history: History, instrument: str) -> dict[str, Ranges]:
    """Boot → the rows that came late, as blocks sent again."""
    with history.snapshot() as db:
        return late_.read(db, instrument)


def expired(history: History, instrument: str) -> list[tuple[str, int, int]]:
    """(boot, a, b): rows [a, b) that were here and have gone by the rules of retention."""
    with history.snapshot() as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'expired'").fetchone():
            return []
        rows = db.execute(
            "SELECT boot, a, b FROM expired JOIN book ON book.id = expired.book JOIN source ON source.id = book.source"
            " WHERE name = ? AND stream = 0 ORDER BY book, a",
            (instrument,),
        )
        return [(str(boot), int(a), int(b)) for boot, a, b in rows]


def around(history: History, instrument: str, boot: str, a: int, b: int) -> tuple[int | None, int | None]:
    """The stamps on both sides of missing rows [a, b) of a boot, µs; None where nothing is stored on that side."""
    piece = "SELECT {} FROM piece WHERE book = ? AND {} ORDER BY seq {} LIMIT 1"
    with history.snapshot() as db:
        book = db.execute(
            "SELECT book.id FROM book JOIN source ON source.id = book.source"
            " WHERE name = ? AND boot = ? AND stream = 0",
            (instrument, boot),
        ).fetchone()
        if book is None:
            return None, None
        before = db.execute(piece.format("t_max", "seq < ?", "DESC"), (book[0], a)).fetchone()
        after = db.execute(piece.format("t_min", "seq >= ?", "ASC"), (book[0], b)).fetchone()
        return (None if before is None else int(before[0])), (None if after is None else int(after[0]))


def traffic(history: History, topic_filter: str | None, since_ms: int, until_ms: int) -> Iterator[LogEntry]:
    """Every message with ``since_ms`` ≤ arrival < ``until_ms`` that matches, in the order they came. Streams."""
    with history.snapshot() as db:
        names = dict(db.execute("SELECT id, name FROM topic"))
        boots = dict(db.execute("SELECT id, boot FROM book"))
        wanted = None
        if topic_filter is not None:
            wanted = {id_ for id_, name in names.items() if traffic_.matches(topic_filter, name)}
        rows = db.execute(
            "SELECT codec, topics, body FROM segment WHERE t_max >= ? AND t_min < ? ORDER BY id", (since_ms, until_ms)
        )
        for codec, topics, body in rows:
            if wanted is None or traffic_.names_any(topics, wanted):
                for entry in traffic_.within(traffic_.unpack(codec, body), since_ms, until_ms - 1, wanted):
                    yield log_entry(entry, names, boots)


def traffic_span(history: History) -> tuple[int, int] | None:
    """When the first and the last message came, ms; None when there is none."""
    with history.snapshot() as db:
        first, last = db.execute("SELECT min(t_min), max(t_max) FROM segment").fetchone()
        return None if first is None else (int(first), int(last))


def topics(history: History) -> list[str]:
    """Every topic a message came on."""
    with history.snapshot() as db:
        return [name for (name,) in db.execute("SELECT name FROM topic ORDER BY id")]
