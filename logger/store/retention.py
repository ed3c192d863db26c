"""What is old enough, or too much, goes: samples, roll-ups and traffic each for themselves, a little at a time.

The ledger keeps knowing what was stored: ranges that have gone stand in ``expired``, and are no gap. A *guard* can keep
rows that somebody still wants (the projection that has not written them yet).
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from logger.pieces import SPAN_US, Packed, unpack
from logger.rollups import OLD, WIDTHS_US, WINDOW, level_of, sheet_of
from logger.store.accounts import Accounts, What
from logger.store.rows import PIECE_BYTES, SEGMENT_BYTES, SHEET_BYTES
from logger.store.shapes import Shapes
from logger.store.sheets import SheetWriter
from logger.store.sql import pragma

log = logging.getLogger("logger.store")

DAY_MS = 86_400_000
AT_ONCE = 64
LEAST_FREE = 200_000_000
"""Deleting has to begin while there is room for SQLite's log."""
BYTES_AT_ONCE = 4 << 20
"""What one transaction throws away, about."""

Guard = Callable[[str, str, int, int], bool]
"""(source, boot, a, b): whether rows [a, b) must stay for now. Called in the store's thread, inside its transaction."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stays: 0 is no limit. ``…_days`` count from the stamp, ``…_bytes`` are of the database's content.

    ``rollup_days``: roll-ups may outlive their samples. ``free_bytes``: below this on the disk the oldest goes,
    traffic before samples, also what a guard wants: a database that is down for weeks must not stop the storing.
    """

    samples_days: float = 0.0
    samples_bytes: int = 0
    traffic_days: float = 0.0
    traffic_bytes: int = 0
    rollup_days: float = 0.0
    free_bytes: int = 0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, 0 (no limit) or more was expected")
        if 0 < self.free_bytes < LEAST_FREE:
            raise ValueError(f"free_bytes is {self.free_bytes}, 0 (no limit) or at least {LEAST_FREE} was expected")

    @property
    def any(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


@dataclass(slots=True)
class Expired:
    """What a step threw away; ``kept`` pieces were due, and a guard wanted them."""

    samples: int = 0
    rollups: int = 0
    segments: int = 0
    kept: int = 0

    def __bool__(self) -> bool:
        return bool(self.samples or self.rollups or self.segments)


@dataclass(frozen=True, slots=True)
class _Due:
    id: int
    book: int
    source: int
    shape: int
    level: int
    a: int
    n: int
    t_max: int
    weight: int


_OLDEST = (
    "SELECT id, book, source, shape, level, seq, n, t_max, coalesce(length(extra), 0) + coalesce(length(summary), 0)"  # noqa: S608 - our own number
    f" + length(body) + {PIECE_BYTES} FROM piece WHERE source = ? AND t_min < ? ORDER BY t_min LIMIT ?"
)


class Keeper:
    """Throws away by the rules. Belongs to the writer, inside its transactions."""

    def __init__(
        self, db: sqlite3.Connection, rules: Retention, guards: Sequence[Guard], accounts: Accounts, sheets: SheetWriter
    ) -> None:
        self._db = db
        self._rules = rules
        self._guards = guards
        self._accounts = accounts
        self._sheets = sheets

    def step(self, now_ms: int, free_bytes: int) -> Expired:
        """Throw away a little of what is due; says nothing was when nothing is."""
        gone = Expired()
        short = max(0, self._rules.free_bytes - free_bytes)
        gone.segments = self._traffic(now_ms, short)
        if not gone.segments:
            self._samples(now_ms, short, gone)
        if not gone:
            gone.rollups = self._rollups(now_ms)
        return gone

    # --- traffic -----------------------------------------------------------------------------------------------------

    def _traffic(self, now_ms: int, short: int) -> int:
        limit = now_ms - int(self._rules.traffic_days * DAY_MS) if self._rules.traffic_days else None
        over = self._over("traffic", self._rules.traffic_bytes, short)
        rows = self._db.execute(
            "SELECT id, t_max, length(topics) + length(body) FROM segment ORDER BY id LIMIT ?", (AT_ONCE,)
        ).fetchall()
        gone = []
        for id_, t_max, size in rows:
            if not (over > 0 or (limit is not None and t_max < limit)):
                break
            gone.append((id_,))
            weight = size + SEGMENT_BYTES
            over -= weight
            self._accounts.add("traffic", -weight)
        self._db.executemany("DELETE FROM segment WHERE id = ?", gone)
        return len(gone)

    def _over(self, what: What, most: int, short: int) -> int:
        size = self._accounts.of(what)
        return max(size - most if most else 0, min(short, size))

    # --- samples -----------------------------------------------------------------------------------------------------

    def _samples(self, now_ms: int, short: int, gone: Expired) -> None:
        limit_us = (now_ms - int(self._rules.samples_days * DAY_MS)) * 1000 if self._rules.samples_days else None
        over = self._over("samples", self._rules.samples_bytes, short)
        if limit_us is None and over <= 0:
            return
        freed = 0
        for due in self._oldest(limit_us if over <= 0 else None):
            by_age = limit_us is not None and due.t_max < limit_us and self._since(due.book) * 1000 < limit_us
            if not by_age and over <= 0:
                continue
            if not short and self._guarded(due):
                gone.kept += 1
                continue
            self._expire(due)
            gone.samples += 1
            over, freed = over - due.weight, freed + due.weight
            if freed > BYTES_AT_ONCE:
                break
        self._sheets.flush()

    def _oldest(self, limit_us: int | None) -> Iterator[_Due]:
        """The oldest pieces of all sources, about in the order of their first stamps."""
        heads = []
        before = 2**62 if limit_us is None else limit_us
        for (source,) in self._db.execute("SELECT DISTINCT source FROM book WHERE stream = 0").fetchall():
            first = self._db.execute("SELECT min(t_min) FROM piece WHERE source = ?", (source,)).fetchone()[0]
            if first is not None and first < before:
                heads.append((first, source))
        heads.sort()
        for k, (first, source) in enumerate(heads):
            until = max(heads[k + 1][0], first + SPAN_US) if k + 1 < len(heads) else before
            for row in self._db.execute(_OLDEST, (source, min(until, before), AT_ONCE)).fetchall():
                yield _Due(*row)

    def _since(self, book: int) -> int:
        """When this numbering was first heard of: a clock that is wrong makes nothing old."""
        (since,) = self._db.execute("SELECT since_ms FROM book WHERE id = ?", (book,)).fetchone()
        return int(since)

    def _guarded(self, due: _Due) -> bool:
        source, boot = self._db.execute(
            "SELECT name, boot FROM book JOIN source ON source.id = book.source WHERE book.id = ?", (due.book,)
        ).fetchone()
        return any(guard(source, boot, due.a, due.a + due.n) for guard in self._guards)

    def _expire(self, due: _Due) -> None:
        if due.level >= OLD:  # it grew still: what it amounts to stays
            row = self._db.execute(
                "SELECT seq, n, t_min, t_max, dt, extra, summary, body FROM piece WHERE id = ?", (due.id,)
            ).fetchone()
            packed = Packed(*row)
            level = level_of(packed.t_min, packed.t_max, packed.n)
            self._sheets.add(due.source, level, sheet_of(unpack(packed, Shapes(self._db)[due.shape]), level))
        self._db.execute("DELETE FROM piece WHERE id = ?", (due.id,))
        self._accounts.add("samples", -due.weight)
        add_range(self._db, due.book, due.a, due.a + due.n)

    # --- roll-ups ----------------------------------------------------------------------------------------------------

    def _rollups(self, now_ms: int) -> int:
        if not self._rules.rollup_days:
            return 0
        limit_us = (now_ms - int(self._rules.rollup_days * DAY_MS)) * 1000
        gone = 0
        for (source,) in self._db.execute("SELECT DISTINCT source FROM book WHERE stream = 0").fetchall():
            (first,) = self._db.execute("SELECT min(t_min) FROM piece WHERE source = ?", (source,)).fetchone()
            before_us = limit_us if first is None else min(limit_us, first)  # they stand for rows that are there
            for level, width in enumerate(WIDTHS_US):
                rows = self._db.execute(
                    "SELECT id, length(body) FROM rollup WHERE source = ? AND level = ? AND window < ? LIMIT ?",
                    (source, level, before_us // (width * WINDOW), AT_ONCE),
                ).fetchall()
                for id_, size in rows:
                    self._sheets.drop(source, level, id_, size + SHEET_BYTES)
                gone += len(rows)
        return gone


def add_range(db: sqlite3.Connection, book: int, a: int, b: int) -> None:
    """Note that rows [a, b) have expired, as one range with its neighbours."""
    before = db.execute(
        "SELECT a, b FROM expired WHERE book = ? AND a < ? ORDER BY a DESC LIMIT 1", (book, a)
    ).fetchone()
    after = db.execute("SELECT b FROM expired WHERE book = ? AND a = ?", (book, b)).fetchone()
    if after is not None:
        db.execute("DELETE FROM expired WHERE book = ? AND a = ?", (book, b))
        b = after[0]
    if before is not None and before[1] == a:
        a = before[0]
    db.execute("INSERT OR REPLACE INTO expired VALUES (?, ?, ?)", (book, a, b))


def read(db: sqlite3.Connection, book: int) -> list[tuple[int, int]]:
    """The expired ranges [a, b) of a book."""
    return list(db.execute("SELECT a, b FROM expired WHERE book = ? ORDER BY a", (book,)))


def expired(db: sqlite3.Connection) -> dict[int, list[tuple[int, int]]]:
    """Book → what of it has expired, first and last number included; nothing in a store of an earlier version."""
    found: dict[int, list[tuple[int, int]]] = {}
    if pragma(db, "user_version") > 1:
        for book, a, b in db.execute("SELECT book, a, b FROM expired ORDER BY book, a"):
            found.setdefault(book, []).append((a, b - 1))
    return found
