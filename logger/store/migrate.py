"""From an earlier version of the store to the present one: in steps, each a transaction of its own.

A step that is done is seen to be done, so an interrupted migration goes on where it stopped. Readers may read
meanwhile. What takes long is not part of it: old pieces are rolled up later, beside the work (``store/tend``).
"""

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from logger.rollups import OLD
from logger.store import accounts
from logger.store.sql import transaction

log = logging.getLogger("logger.store")

SMALL_BYTES = 1 << 30
"""A file up to this size is rewritten at once, so that it can shrink later."""


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` says whether it has happened."""

    what: str
    done: Callable[[sqlite3.Connection], bool]
    statements: tuple[str, ...]


def _has_column(table: str, column: str) -> Callable[[sqlite3.Connection], bool]:
    return lambda db: column in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


def _has(name: str, *, gone: bool = False) -> Callable[[sqlite3.Connection], bool]:
    return lambda db: (db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is None) == gone


def steps(added: str) -> Iterator[Step]:
    """From version 1 to version 2, but for the number. ``added``: the statements for what is new."""
    statements = [part for part in (p.strip() for p in added.split(";\n")) if part]
    made = {name: s for name in ("piece_span", "piece_young") for s in statements if f"INDEX {name} " in s}
    tables = tuple(s for s in statements if s not in made.values())
    yield Step(
        "pieces know their roll-ups",
        _has_column("piece", "level"),
        (f"ALTER TABLE piece ADD COLUMN level INTEGER NOT NULL DEFAULT {OLD}",),
    )
    yield Step("pieces have a checksum", _has_column("piece", "crc"), ("ALTER TABLE piece ADD COLUMN crc INTEGER",))
    yield Step(
        "segments have a checksum", _has_column("segment", "crc"), ("ALTER TABLE segment ADD COLUMN crc INTEGER",)
    )
    yield Step("tables for roll-ups and retention", _has("expired"), tables)
    for name, statement in made.items():
        yield Step(f"index {name}", _has(name), (statement,))
    for name in ("piece_small", "piece_time"):
        yield Step(f"index {name} goes", _has(name, gone=True), (f"DROP INDEX {name}",))
    yield Step("sizes are counted", _counted, accounts.COUNT)


def _counted(db: sqlite3.Connection) -> bool:
    return _has("account")(db) and bool(db.execute("SELECT count(*) = 3 FROM account").fetchone()[0])


def up(db: sqlite3.Connection, path: Path, added: str) -> None:
    """Bring a store of version 1 to version 2. Raises sqlite3.Error; then the next start goes on."""
    todo = [step for step in steps(added) if not step.done(db)]
    log.info("%s is a store of version 1: it becomes version 2 in %d steps", path, len(todo))
    for number, step in enumerate(todo, 1):
        with transaction(db):
            for statement in step.statements:
                db.execute(statement)
        log.info("%s: step %d of %d is done: %s", path, number, len(todo), step.what)
    let_shrink(db, path, SMALL_BYTES)
    db.execute("PRAGMA user_version = 2")
    log.info("%s is a store of version 2 now; its older samples are rolled up beside the work", path)


def let_shrink(db: sqlite3.Connection, path: Path, most_bytes: int) -> None:
    """A file of version 1 can give room back only after it has been rewritten; one of ``most_bytes`` is."""
    if db.execute("PRAGMA auto_vacuum").fetchone()[0]:
        return
    size = path.stat().st_size
    if size > most_bytes or shutil.disk_usage(path.parent).free < 3 * size:
        log.info("%s is large: room in it is used again, and given back only after labwire logger check --repair", path)
        return
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("VACUUM")
