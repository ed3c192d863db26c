"""The traffic log's segments, and replies, events, notes, runs and descriptions."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np

from broker.messages import MessageError, decode
from broker.topics import Kind
from logger import traffic
from logger.store.checks.pieces import DAMAGE
from logger.store.reading import Reader
from logger.store.rows import segment_crc

AT_ONCE = 64


def run(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    yield from _segments(reader, progress)
    yield from _records(reader)
    with reader.snapshot() as db:
        rows = db.execute("SELECT name, rev, payload FROM meta JOIN source ON source.id = meta.source").fetchall()
    for name, rev, payload in rows:
        try:
            decode(Kind.META, payload)
        except MessageError as e:
            yield f"{name}: its description {rev} cannot be read: {e}"


def _segments(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    last = 0
    while True:
        with reader.snapshot() as db:
            (most,) = db.execute("SELECT max(id) FROM segment").fetchone()
            rows = db.execute(
                "SELECT id, t_min, t_max, n, codec, topics, body, crc FROM segment WHERE id > ? ORDER BY id LIMIT ?",
                (last, AT_ONCE),
            ).fetchall()
        for id_, t_min, t_max, n, codec, topics, body, crc in rows:
            if wrong := _wrong(t_min, t_max, n, codec, topics, body, crc):
                yield f"traffic, segment {id_}: {wrong}"
        if not rows:
            return
        last = rows[-1][0]
        progress(last / most)


def _wrong(t_min: int, t_max: int, n: int, codec: int, topics: bytes, body: bytes, crc: int | None) -> str:
    try:
        if crc is not None and crc != segment_crc(t_min, t_max, n, codec, topics, body):
            return "the checksum is not right, a byte has changed"
        entries = traffic.unpack(codec, body)
        times = [e.t_ms for e in entries]
        named = np.unique(np.array([e.topic for e in entries], "<u4")).tobytes()
        if (len(entries), min(times), max(times), named) != (n, t_min, t_max, topics):
            return "it does not hold what it says"
    except DAMAGE as e:
        return f"it cannot be read: {e}"
    return ""


def _records(reader: Reader) -> Iterator[str]:
    last = 0
    while True:
        with reader.snapshot() as db:
            rows = db.execute(
                "SELECT record.id, kind, name, hash, payload FROM record JOIN source ON source.id = record.source"
                " WHERE record.id > ? ORDER BY record.id LIMIT 1000",
                (last,),
            ).fetchall()
        for id_, kind, name, digest, payload in rows:
            if hashlib.sha256(payload).digest()[:8] != digest:
                yield f"{name}, {kind} {id_}: the checksum is not right, a byte has changed"
        if not rows:
            return
        last = rows[-1][0]
