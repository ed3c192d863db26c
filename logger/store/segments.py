"""The traffic log in the database: one segment a transaction, later melted into large compressed ones."""

import sqlite3

from logger import traffic
from logger.store.accounts import Accounts
from logger.store.books import Names
from logger.store.rows import INSERT_SEGMENT, SEGMENT_BYTES, segment_crc
from logger.traffic import Entry

MELT_COUNT = 256
MELT_BYTES = 1 << 20
"""Small segments become one compressed segment when there are so many of them, or so many bytes in them."""


class TrafficWriter:
    """Belongs to the writer; after a failed transaction a new one is made."""

    def __init__(self, db: sqlite3.Connection, accounts: Accounts) -> None:
        self._db = db
        self._accounts = accounts
        self._topics = Names(db, "topic", "name")
        self._entries: list[Entry] = []
        self._small, self._bytes = db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM segment WHERE codec = 0"
        ).fetchone()

    def verbatim(self, t_ms: int, topic: str, flags: int, payload: bytes) -> None:
        self._entries.append(Entry(t_ms, self._topics.id(topic), flags, payload))

    def samples(
        self, t_ms: int, topic: str, flags: int, length: int, book: int, seq: int, n: int, digest: bytes
    ) -> None:
        self._entries.append(Entry(t_ms, self._topics.id(topic), flags, None, length, book, seq, n, digest))

    def flush(self) -> None:
        """Write what was collected; inside the transaction."""
        if self._entries:
            segment = traffic.pack(self._entries)
            self._entries = []
            self._insert(segment)
            self._small += 1
            self._bytes += len(segment.body)
        if self._small >= MELT_COUNT or self._bytes >= MELT_BYTES:
            self._melt()

    def _insert(self, s: traffic.Segment) -> None:
        crc = segment_crc(s.t_min, s.t_max, s.n, s.codec, s.topics, s.body)
        self._db.execute(INSERT_SEGMENT, (s.t_min, s.t_max, s.n, s.codec, crc, s.topics, s.body))
        self._accounts.add("traffic", segment_weight(s.topics, s.body))

    def _melt(self) -> None:
        rows = self._db.execute("SELECT id, topics, body FROM segment WHERE codec = 0 ORDER BY id").fetchall()
        entries = [entry for _, _, body in rows for entry in traffic.unpack(traffic.RAW, body)]
        self._db.executemany("DELETE FROM segment WHERE id = ?", [(id_,) for id_, _, _ in rows])
        self._accounts.add("traffic", -sum(segment_weight(topics, body) for _, topics, body in rows))
        if entries:  # retention may have taken them meanwhile
            self._insert(traffic.pack(entries, deflate=True))
        self._small = self._bytes = 0


def segment_weight(topics: bytes, body: bytes) -> int:
    return len(topics) + len(body) + SEGMENT_BYTES
