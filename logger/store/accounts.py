"""How many bytes there are of samples, roll-ups and traffic: counted as they come and go."""

# ruff: noqa: S608 - our own numbers

import sqlite3
from collections import Counter
from typing import Literal

from logger.store.rows import PIECE_BYTES, SEGMENT_BYTES, SHEET_BYTES

What = Literal["samples", "rollups", "traffic"]


class Accounts:
    """Belongs to the writer; after a failed transaction a new one is made."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._changes: Counter[What] = Counter()
        self._bytes = read(db)

    def add(self, what: What, size: int) -> None:
        """``size`` bytes came, or went when it is negative."""
        self._changes[what] += size

    def of(self, what: What) -> int:
        return self._bytes.get(what, 0) + self._changes[what]

    def flush(self) -> None:
        """Write what changed; inside the transaction."""
        for what, change in self._changes.items():
            if change:
                self._bytes[what] = max(0, self._bytes.get(what, 0) + change)
                self._db.execute("INSERT OR REPLACE INTO account VALUES (?, ?)", (what, self._bytes[what]))
        self._changes.clear()


def read(db: sqlite3.Connection) -> dict[What, int]:
    return dict(db.execute("SELECT what, bytes FROM account"))


_SUMS: dict[What, str] = {
    "samples": f"SELECT sum(length(body) + coalesce(length(summary), 0) + coalesce(length(extra), 0) + {PIECE_BYTES})"
    " FROM piece",
    "rollups": f"SELECT sum(length(body) + {SHEET_BYTES}) FROM rollup",
    "traffic": f"SELECT sum(length(body) + length(topics) + {SEGMENT_BYTES}) FROM segment",
}
COUNT = (
    "DELETE FROM account",
    *(f"INSERT INTO account SELECT '{what}', coalesce(({sql}), 0)" for what, sql in _SUMS.items()),
)
"""Counts everything from scratch."""


def counted(db: sqlite3.Connection) -> dict[What, int]:
    """What the accounts should say."""
    return {what: db.execute(sql).fetchone()[0] or 0 for what, sql in _SUMS.items()}
