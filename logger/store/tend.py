"""What the store does beside its work, a little at a time: room given back, retention, older pieces rolled up."""

import sqlite3
from dataclasses import dataclass, field

from logger.ledger import Book, Stream
from logger.rollups import OLD, OPEN
from logger.store import rebuild
from logger.store.melt import Melter
from logger.store.retention import DAY_MS, Expired, Keeper
from logger.store.sheets import SheetWriter
from logger.store.sql import pragma

SPARE_PAGES = 4096
"""So many free pages stay in the file: what comes next uses them."""
VACUUM_PAGES = 256
"""Of a step: 25 ms."""


@dataclass(frozen=True, slots=True)
class Tended:
    """``more``: there is more to do at once."""

    more: bool = False
    expired: Expired = field(default_factory=Expired)


class Tender:
    """Belongs to the writer, inside its transactions; after a failed one a new one is made."""

    def __init__(self, db: sqlite3.Connection, melter: Melter, sheets: SheetWriter, keeper: Keeper) -> None:
        self._db = db
        self._melter = melter
        self._sheets = sheets
        self._keeper = keeper
        self._old = True
        self._looked_ms: int | None = None

    def step(self, now_ms: int, free_bytes: int) -> Tended:
        """Do one little thing, the most urgent first. ``free_bytes``: what the disk has."""
        if self._give_back():
            return Tended(more=True)
        unused = pragma(self._db, "freelist_count") * pragma(self._db, "page_size")
        expired = self._keeper.step(now_ms, free_bytes + unused)
        more = bool(expired) or rebuild.step(self._db, self._sheets) or self._older()
        if not more:
            self._idle(now_ms)
        return Tended(more, expired)

    def _give_back(self) -> bool:
        """Give some of the free pages back to the disk."""
        if pragma(self._db, "freelist_count") <= SPARE_PAGES or pragma(self._db, "auto_vacuum") == 0:
            return False
        for _ in range(VACUUM_PAGES):  # Python's sqlite3 makes one step of a statement without columns: one page
            self._db.execute("PRAGMA incremental_vacuum(1)")
        return True

    def _older(self) -> bool:
        """Finish some pieces of an earlier version."""
        if self._old:
            row = self._db.execute(f"{_YOUNG} AND level = {OLD} LIMIT 1").fetchone()
            self._old = row is not None and self._melter.finish_old(_book(row), row[0])
            self._sheets.flush()
        return self._old

    def _idle(self, now_ms: int) -> None:
        """Once a day: finish what has not grown since the last look."""
        if self._looked_ms is None:
            self._looked_ms = now_ms
        if now_ms - self._looked_ms < DAY_MS:
            return
        self._looked_ms = now_ms
        for row in self._db.execute(f"{_YOUNG} AND level = {OPEN} GROUP BY book.id").fetchall():
            if row[1] not in self._melter.touched:
                self._melter.finish_idle(_book(row), row[0])
        self._melter.touched.clear()
        self._sheets.flush()


_YOUNG = (
    "SELECT book.source, book.id, source.name, boot FROM piece JOIN book ON book.id = piece.book"
    " JOIN source ON source.id = book.source WHERE level >= 98"
)


def _book(row: tuple[int, int, str, str]) -> Book:
    """As much of the book as its pieces need."""
    return Book(row[1], row[2], Stream.SAMPLES, row[3])
