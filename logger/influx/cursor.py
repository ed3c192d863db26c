"""How far the projection is: per numbering the ranges that are in the database. A file of its own, ``influx.db``.

Numberings are known by their names, not by the store's row numbers: those change when a store is restored. Losing the
last second of this file is harmless, so nothing waits for the disk: a row that goes twice hits the same point.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from logger.ranges import Ranges
from logger.store.schema import transaction

FILE_NAME = "influx.db"
_TABLES = (
    """CREATE TABLE IF NOT EXISTS done (
        source TEXT, boot TEXT, a INTEGER, b INTEGER NOT NULL, PRIMARY KEY (source, boot, a)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS mark (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS field (name TEXT PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID",
)

Key = tuple[str, str]
"""An instrument and its boot; boot "" for sample sets without identity."""


class Cursor:
    """One owner at a time for ranges and marks; fields may be named from several processes. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        for statement in _TABLES:
            self._db.execute(statement)
        self._done: dict[Key, Ranges] = {}
        for source, boot, a, b in self._db.execute("SELECT source, boot, a, b FROM done"):
            self._done.setdefault((source, boot), Ranges()).add(a, b)
        self.marks: dict[str, str] = dict(self._db.execute("SELECT key, value FROM mark"))
        self._kinds: dict[str, str] = {}

    def close(self) -> None:
        self._db.close()

    def done(self, key: Key) -> Ranges:
        """What of a numbering is in the database."""
        return self._done.setdefault(key, Ranges())

    def advance(self, ranges: Iterable[tuple[Key, int, int]] = (), marks: Mapping[str, str] | None = None) -> None:
        """These rows are in the database (or never will be), and these marks hold."""
        touched: dict[Key, Ranges] = {}
        for key, a, b in ranges:
            touched[key] = self.done(key)
            touched[key].add(a, b)
        with transaction(self._db):
            for key, done in touched.items():
                self._save(key, done)
            for name, value in (marks or {}).items():
                self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))
        self.marks.update(marks or {})

    def forget(self, key: Key, beyond: int) -> None:
        """The rows from ``beyond`` on are not those that were written: the store was put back to an older state."""
        done = self.done(key)
        done.remove(beyond, 2**62)
        with transaction(self._db):
            self._save(key, done)

    def _save(self, key: Key, done: Ranges) -> None:
        self._db.execute("DELETE FROM done WHERE source = ? AND boot = ?", key)
        self._db.executemany("INSERT INTO done VALUES (?, ?, ?, ?)", [(*key, a, b) for a, b in done])

    # --- names ---------------------------------------------------------------------------------------------------

    def field(self, channel: str, kind: str) -> str:
        """The field of a channel's values of one type. The first type of a name keeps it, others get ``name:type``:
        the database has one type a name, whatever the instrument."""
        known = self._kinds.get(channel)
        if known is None:
            self._db.execute("INSERT OR IGNORE INTO field VALUES (?, ?)", (channel, kind))
            (known,) = self._db.execute("SELECT kind FROM field WHERE name = ?", (channel,)).fetchone()
            self._kinds[channel] = known
        return channel if known == kind else f"{channel}:{kind}"
