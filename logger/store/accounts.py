"""How many bytes there are of samples, roll-ups and traffic: counted as they come and go."""

import sqlite3
from collections import Counter
from typing import Literal

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
