"""Opening the store to read it: from another process, as another user, while the logger runs and when it does not.

A WAL database wants its ``-wal`` and ``-shm`` beside it. While the logger runs they are there, and reading them is
enough. After a clean end they are gone, and a user who may not create them opens the file as immutable: it is complete
in itself, and nobody writes it until a ``-wal`` appears again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from logger.store.schema import StoreError, check


class HistoryError(Exception):
    """The history cannot be read; one sentence for a person."""


class Reader:
    """A read-only connection, made anew when the file's situation changes. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._wal = path.with_name(path.name + "-wal")
        self._db: sqlite3.Connection | None = None
        self._immutable = False
        self._inode = 0
        self.db()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def db(self) -> sqlite3.Connection:
        """The connection. Raises HistoryError."""
        if self._db is not None and (self._replaced() or (self._immutable and self._wal.exists())):
            self.close()
        if self._db is None:
            self._db = self._open()
        return self._db

    def _replaced(self) -> bool:
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def _open(self) -> sqlite3.Connection:
        try:
            self._inode = self.path.stat().st_ino
        except OSError as e:
            raise HistoryError(f"{self.path} cannot be read: {e.strerror}; has the logger ever run here?") from e
        try:
            return self._open_as_allowed()
        except sqlite3.Error as e:
            hint = "; is it, with its -wal and -shm, readable?" if self._wal.exists() else ""
            raise HistoryError(f"{self.path} cannot be read: {e}{hint}") from e

    def _open_as_allowed(self) -> sqlite3.Connection:
        try:
            self._immutable = False
            return self._connect("mode=ro")
        except sqlite3.OperationalError:
            if self._wal.exists():
                raise
        self._immutable = True
        return self._connect("mode=ro&immutable=1")

    def _connect(self, how: str) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"file:{quote(str(self.path))}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=5
        )
        try:
            check(db, self.path)
        except StoreError as e:
            db.close()
            raise HistoryError(str(e)) from e
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the store until the block is left. Raises HistoryError."""
        db = self.db()
        outermost = not db.in_transaction
        try:
            if outermost:
                db.execute("BEGIN")
            yield db
            if self._immutable and self._wal.exists():
                raise HistoryError(f"the logger started while {self.path} was read; ask again")
        except sqlite3.Error as e:
            if self._immutable and self._wal.exists():
                raise HistoryError(f"the logger started while {self.path} was read; ask again") from e
            raise HistoryError(f"{self.path} cannot be read: {e}") from e
        finally:
            if outermost and db.in_transaction:
                db.execute("ROLLBACK")
