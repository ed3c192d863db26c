"""The tables, and the write connection with its one transaction. Why they are so: docs/decisions/0011 and 0017."""

import secrets
import sqlite3
from pathlib import Path

from logger.store import late, migrate
from logger.store.sql import pragma as pragma
from logger.store.sql import transaction as transaction

APPLICATION_ID = 0x6C627772  # "lbwr"
VERSION = 2
FILE_NAME = "labwire.db"

TABLES = """
CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- The ledger: one book per numbering, what of it is stored as ranges [a, b), and the gaps that stay.
CREATE TABLE book (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, stream INTEGER NOT NULL, boot TEXT NOT NULL,
    first INTEGER NOT NULL, next INTEGER NOT NULL, lost INTEGER NOT NULL, held INTEGER, since_ms INTEGER NOT NULL,
    UNIQUE (source, stream, boot));
CREATE TABLE span (book INTEGER, a INTEGER, b INTEGER NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID;
CREATE TABLE gap (
    book INTEGER, a INTEGER, b INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID;

-- Samples: rows of one boot, column by column. body stands last, so a search by time does not read it. level: the width
-- of the roll-ups its rows are in, 99 while it grows, 98 for what an earlier version left; crc: of everything else.
CREATE TABLE shape (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE piece (
    id INTEGER PRIMARY KEY, book INTEGER NOT NULL, seq INTEGER NOT NULL, source INTEGER NOT NULL, n INTEGER NOT NULL,
    t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, dt INTEGER, shape INTEGER NOT NULL, fold INTEGER NOT NULL,
    level INTEGER NOT NULL, crc INTEGER, extra BLOB, summary BLOB, body BLOB NOT NULL);
CREATE UNIQUE INDEX piece_seq ON piece (book, seq);
-- Sample sets without boot and seq: what came within the last minute, to know a repetition.
CREATE TABLE recent (
    source INTEGER, t_us INTEGER, hash BLOB, arrived_ms INTEGER NOT NULL,
    PRIMARY KEY (source, t_us, hash)) WITHOUT ROWID;

-- Every revision of an instrument's description; the present one has the highest turn.
CREATE TABLE meta (
    source INTEGER, rev TEXT, since_ms INTEGER NOT NULL, turn INTEGER NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (source, rev)) WITHOUT ROWID;

-- Replies, events, notes, runs and audit, as they came; ref is the command's or run's id.
CREATE TABLE record (
    id INTEGER PRIMARY KEY, book INTEGER, eseq INTEGER, t_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    source INTEGER NOT NULL, ref TEXT NOT NULL, hash BLOB NOT NULL, arrived_ms INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE UNIQUE INDEX record_eseq ON record (book, eseq) WHERE book IS NOT NULL;
CREATE INDEX record_time ON record (t_ms);
CREATE INDEX record_hash ON record (hash);

-- Values that do not fit their channel, and whole messages that cannot be read but have an identity.
CREATE TABLE aside (
    id INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, source INTEGER NOT NULL, boot TEXT, seq INTEGER,
    channel TEXT NOT NULL, value BLOB NOT NULL, reason TEXT NOT NULL);

-- Every message in and out, in segments.
CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, n INTEGER NOT NULL, codec INTEGER NOT NULL,
    crc INTEGER, topics BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX segment_time ON segment (t_min);
CREATE INDEX segment_raw ON segment (id) WHERE codec = 0;
"""
ADDED = """
CREATE INDEX piece_span ON piece (source, t_min, t_max, level);
CREATE INDEX piece_young ON piece (level, book, seq) WHERE level >= 98;

-- What rows amount to in steps of time: sheets that add up. window: which thousand buckets since the epoch.
CREATE TABLE rollup (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, level INTEGER NOT NULL, window INTEGER NOT NULL,
    shape INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX rollup_window ON rollup (source, level, window);
-- The sheets that are not yet in one of the next width.
CREATE TABLE rollup_open (
    source INTEGER, level INTEGER, id INTEGER, PRIMARY KEY (source, level, id)) WITHOUT ROWID;

-- How many bytes there are of samples, rollups and traffic.
CREATE TABLE account (what TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
-- Stored once, and gone by retention: ranges [a, b) of a book.
CREATE TABLE expired (book INTEGER, a INTEGER, b INTEGER NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID;
"""
"""What version 2 has beside the tables of version 1."""


class StoreError(Exception):
    """A database that is not ours or of another version; one sentence for the person in front of it."""


def open_for_writing(path: Path, now_ms: int, want_hours: float) -> sqlite3.Connection:
    """Open the store, made if missing. Every commit is on the disk when it returns. Raises StoreError, sqlite3.Error.

    ``want_hours``: how far back a new store wants what its senders still have.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        _prepare(db, path, now_ms, want_hours)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path, now_ms: int, want_hours: float) -> None:
    if pragma(db, "application_id") == 0 and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
        db.execute("PRAGMA page_size = 4096")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # or what retention frees would never leave the file
        db.execute("PRAGMA journal_mode = WAL")
        with transaction(db):
            for statement in (TABLES + ADDED).split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            about = {"id": secrets.token_hex(8), "made_ms": now_ms, "want_since": now_ms - int(want_hours * 3_600_000)}
            db.executemany("INSERT INTO store VALUES (?, ?)", [(k, str(v)) for k, v in about.items()])
    check(db, path)
    db.execute("PRAGMA secure_delete = OFF")  # some builds overwrite what is deleted: it would be written twice
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 4000")  # 32 MiB: a checkpoint costs as much as many transactions
    db.execute("PRAGMA journal_size_limit = 67108864")
    db.execute("PRAGMA cache_size = -16384")
    db.execute(late.TABLE)
    if pragma(db, "user_version") < VERSION:
        migrate.up(db, path, ADDED)


def check(db: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError unless the database is a store of this version or an earlier one."""
    if pragma(db, "application_id") != APPLICATION_ID:
        raise StoreError(f"{path} is not a labwire store; name another data_dir or move the file away")
    version = pragma(db, "user_version")
    if not 1 <= version <= VERSION:
        raise StoreError(
            f"{path} is a store of version {version}, and this labwire knows versions up to {VERSION}: update it"
        )
