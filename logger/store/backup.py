"""A copy of the store while the logger writes: one moment of it, whole or not at all."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from logger.store.reading import HistoryError, Reader

PAGES = 2048
"""8 MiB at a time; the writer is never in the way, and never waits."""


def copy(database: Path, target: Path, progress: Callable[[float], None]) -> int:
    """Copy to ``target``, which must not exist; returns its size. Raises HistoryError, OSError, sqlite3.Error.

    The copy is of the moment it began: what the logger writes meanwhile stays in its log until the copy is done.
    """
    if target.exists():
        raise HistoryError(f"{target} is there already: a backup is not written over another one")
    partial = target.with_name(target.name + ".partial")
    reader = Reader(database)
    try:
        _copy(reader, partial, progress)
        _synced(partial)
        partial.replace(target)
        _synced(target.parent)
    finally:
        reader.close()
        for leftover in (partial, *(partial.with_name(partial.name + end) for end in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(reader: Reader, partial: Path, progress: Callable[[float], None]) -> None:
    def told(_status: int, remaining: int, total: int) -> None:
        progress(1 - remaining / max(1, total))

    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial)) as copied, reader.snapshot() as db:
        db.execute("SELECT 1 FROM store").fetchone()  # the moment is now: a later change does not begin the copy anew
        try:
            db.backup(copied, pages=PAGES, progress=told)
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC)
            ) from e  # of the copy: nothing is written to the store


def _synced(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
