"""A store as version 1 made it: its tables, and rows written the way it wrote them."""

import sqlite3
from pathlib import Path

import numpy as np

from broker.topics import Kind
from logger import traffic
from logger.columns import Column
from logger.pieces import Chunk, pack, shape_of
from logger.store.shapes import ShapeIds
from logger.traffic import Entry
from tests.logger.support import BOOT, T_MS, T_US, meta, packet

TABLES = """
CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, stream INTEGER NOT NULL, boot TEXT NOT NULL,
    first INTEGER NOT NULL, next INTEGER NOT NULL, lost INTEGER NOT NULL, held INTEGER, since_ms INTEGER NOT NULL,
    UNIQUE (source, stream, boot));
CREATE TABLE span (book INTEGER, a INTEGER, b INTEGER NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID;
CREATE TABLE gap (
    book INTEGER, a INTEGER, b INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (book, a)) WITHOUT ROWID;
CREATE TABLE shape (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE piece (
    id INTEGER PRIMARY KEY, book INTEGER NOT NULL, seq INTEGER NOT NULL, source INTEGER NOT NULL, n INTEGER NOT NULL,
    t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, dt INTEGER, shape INTEGER NOT NULL, fold INTEGER NOT NULL,
    extra BLOB, summary BLOB, body BLOB NOT NULL);
CREATE UNIQUE INDEX piece_seq ON piece (book, seq);
CREATE INDEX piece_time ON piece (source, t_min);
CREATE INDEX piece_small ON piece (book, seq) WHERE n < 32;
CREATE TABLE recent (
    source INTEGER, t_us INTEGER, hash BLOB, arrived_ms INTEGER NOT NULL,
    PRIMARY KEY (source, t_us, hash)) WITHOUT ROWID;
CREATE TABLE meta (
    source INTEGER, rev TEXT, since_ms INTEGER NOT NULL, turn INTEGER NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (source, rev)) WITHOUT ROWID;
CREATE TABLE record (
    id INTEGER PRIMARY KEY, book INTEGER, eseq INTEGER, t_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    source INTEGER NOT NULL, ref TEXT NOT NULL, hash BLOB NOT NULL, arrived_ms INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE UNIQUE INDEX record_eseq ON record (book, eseq) WHERE book IS NOT NULL;
CREATE INDEX record_time ON record (t_ms);
CREATE INDEX record_hash ON record (hash);
CREATE TABLE aside (
    id INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, source INTEGER NOT NULL, boot TEXT, seq INTEGER,
    channel TEXT NOT NULL, value BLOB NOT NULL, reason TEXT NOT NULL);
CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, n INTEGER NOT NULL, codec INTEGER NOT NULL,
    topics BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX segment_time ON segment (t_min);
CREATE INDEX segment_raw ON segment (id) WHERE codec = 0;
"""
OVEN, BALANCE = 1, 2
BLOCK = 100


def make(path: Path, blocks: int = 200, singles: int = 300) -> None:
    """oven1 sent ``blocks`` of BLOCK rows at 1 kHz, balance1 ``singles`` at 1 Hz; row k has the value k / 8."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA page_size = 4096")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(TABLES)
    db.execute("PRAGMA application_id = 0x6C627772")
    db.execute("PRAGMA user_version = 1")
    about = {"id": "0123456789abcdef", "made_ms": T_MS, "want_since": T_MS - 86_400_000}
    db.executemany("INSERT INTO store VALUES (?, ?)", [(k, str(v)) for k, v in about.items()])
    db.executemany("INSERT INTO source VALUES (?, ?)", [(OVEN, "oven1"), (BALANCE, "balance1")])
    for source, rows in ((OVEN, blocks * BLOCK), (BALANCE, singles)):
        db.execute("INSERT INTO book VALUES (?, ?, 0, ?, 0, ?, 0, 1, ?)", (source, source, BOOT, rows, T_MS))
        db.execute("INSERT INTO span VALUES (?, 0, ?)", (source, rows))
    described = meta(temp="float")
    payload = packet(Kind.META, described).payload
    db.execute("INSERT INTO meta VALUES (?, ?, ?, 1, ?)", (OVEN, described.rev, T_MS, payload))
    for k in range(blocks):
        _piece(db, OVEN, k * BLOCK, BLOCK, 1000)
    for k in range(singles):
        _piece(db, BALANCE, k, 1, 1_000_000)
    _traffic(db, blocks)
    db.commit()
    db.close()


def _piece(db: sqlite3.Connection, book: int, seq: int, n: int, dt_us: int) -> None:
    columns = {"temp": Column("float", np.arange(seq, seq + n) / 8)}
    shape = shape_of(columns, "", {})
    p = pack(Chunk(seq, T_US + dt_us * np.arange(seq, seq + n, dtype="<i8"), columns), shape)
    db.execute(
        "INSERT INTO piece (book, seq, source, n, t_min, t_max, dt, shape, fold, extra, summary, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (book, p.seq, book, p.n, p.t_min, p.t_max, p.dt, ShapeIds(db).id(shape), 0, p.extra, p.summary, p.body),
    )


def _traffic(db: sqlite3.Connection, blocks: int) -> None:
    db.execute("INSERT INTO topic VALUES (1, ?)", (packet(Kind.BLOCK, b"").topic,))
    entries = [Entry(T_MS + k, 1, 33, None, 500, OVEN, k * BLOCK, BLOCK, b"12345678") for k in range(blocks)]
    s = traffic.pack(entries, deflate=True)
    db.execute(
        "INSERT INTO segment (t_min, t_max, n, codec, topics, body) VALUES (?, ?, ?, ?, ?, ?)",
        (s.t_min, s.t_max, s.n, s.codec, s.topics, s.body),
    )
