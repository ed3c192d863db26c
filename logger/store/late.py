"""What came late, as ranges of sequence numbers: blocks sent again from a spool. Beside the ledger, for its page a day.

The table is made when a writer opens the store, so a store of an earlier version gets it too and an older reader does
not mind.
"""

import sqlite3
from dataclasses import dataclass

from logger.ranges import Ranges

TABLE = (
    "CREATE TABLE IF NOT EXISTS late ("
    "book INTEGER, a INTEGER, b INTEGER NOT NULL, t_ms INTEGER NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID"
)


@dataclass(slots=True)
class _Run:
    a: int
    b: int
    t_ms: int


class LateWriter:
    """Belongs to the writer; after a failed transaction a new one is made. A backlog in order costs one row."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._last: dict[int, _Run] = {}
        self._changed: list[tuple[int, _Run]] = []

    def add(self, book: int, a: int, b: int, now_ms: int) -> None:
        """Rows [a, b) were new, and late."""
        last = self._last.get(book)
        if last is not None and last.b == a:
            last.b, last.t_ms = b, now_ms
        else:
            last = self._last[book] = _Run(a, b, now_ms)
        if not self._changed or self._changed[-1][1] is not last:
            self._changed.append((book, last))

    def flush(self) -> None:
        """Write what changed; inside the transaction."""
        if self._changed:
            rows = [(book, run.a, run.b, run.t_ms) for book, run in self._changed]
            self._db.executemany("INSERT OR REPLACE INTO late VALUES (?, ?, ?, ?)", rows)
            self._changed.clear()


def read(db: sqlite3.Connection, source: str) -> dict[str, Ranges]:
    """Boot → the rows of an instrument that came late."""
    found: dict[str, Ranges] = {}
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'late'").fetchone():
        return found
    rows = db.execute(
        "SELECT boot, a, b FROM late JOIN book ON book.id = late.book JOIN source ON source.id = book.source"
        " WHERE name = ? AND stream = 0 ORDER BY book, a",
        (source,),
    )
    for boot, a, b in rows:
        found.setdefault(boot, Ranges()).add(a, b)
    return found
