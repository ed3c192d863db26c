"""Pieces, segments and sheets as rows of their tables: their checksums and what they weigh. Pure."""

import struct
import zlib
from dataclasses import dataclass

from logger.pieces import Packed

PIECE_BYTES, SHEET_BYTES, SEGMENT_BYTES = 100, 60, 60
"""What a row takes beside its bytes, about: numbers, and its places in the indexes."""

INSERT_PIECE = (
    "INSERT INTO piece (book, seq, source, n, t_min, t_max, dt, shape, fold, level, crc, extra, summary, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_SEGMENT = "INSERT INTO segment (t_min, t_max, n, codec, crc, topics, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_SHEET = "INSERT INTO rollup (source, level, window, shape, crc, body) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose rows a piece has, and how they are read; all are numbers of the database."""

    book: int
    source: int
    shape: int
    fold: int


def piece(packed: Packed, place: Place, level: int) -> tuple[object, ...]:
    """The row for INSERT_PIECE."""
    p = packed
    crc = piece_crc(p, place)
    head = (place.book, p.seq, place.source, p.n, p.t_min, p.t_max, p.dt, place.shape, place.fold)
    return (*head, level, crc, p.extra, p.summary, p.body)


def piece_crc(p: Packed, place: Place) -> int:
    """Of everything in the row but its level, which changes."""
    numbers = (p.seq, p.n, p.t_min, p.t_max, -1 if p.dt is None else p.dt)
    head = struct.pack("<9q", *numbers, place.book, place.source, place.shape, place.fold)
    return zlib.crc32(p.body, zlib.crc32(p.summary or b"", zlib.crc32(p.extra or b"", zlib.crc32(head))))


def piece_weight(p: Packed) -> int:
    return len(p.body) + len(p.summary or b"") + len(p.extra or b"") + PIECE_BYTES


def sheet_crc(source: int, level: int, window: int, shape: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(struct.pack("<4q", source, level, window, shape)))


def segment_crc(t_min: int, t_max: int, n: int, codec: int, topics: bytes, body: bytes) -> int:
    head = struct.pack("<4q", t_min, t_max, n, codec)
    return zlib.crc32(body, zlib.crc32(topics, zlib.crc32(head)))
