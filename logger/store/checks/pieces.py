"""Every piece: its checksum, its rows, what it says of them."""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping

import msgspec
import numpy as np

from logger.columns import Array
from logger.pieces import Packed, Shape, summary_of, unpack
from logger.store.reading import Reader
from logger.store.rows import Place, piece_crc
from logger.store.shapes import Shapes

AT_ONCE = 64
DAMAGE = (zlib.error, struct.error, ValueError, IndexError, KeyError, TypeError, OverflowError, msgspec.MsgspecError)
"""What reading damaged bytes can end in."""

_ROWS = (
    "SELECT seq, n, t_min, t_max, dt, extra, summary, body, book, source, shape, fold, crc, id FROM piece"  # noqa: S608
    f" WHERE id > ? ORDER BY id LIMIT {AT_ONCE}"
)


def run(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    """A few pieces in one snapshot: the logger's file can be tidied between two of them."""
    last = 0
    while True:
        with reader.snapshot() as db:
            (most,) = db.execute("SELECT max(id) FROM piece").fetchone()
            shapes, names = Shapes(db), dict(db.execute("SELECT id, name FROM source"))
            rows = db.execute(_ROWS, (last,)).fetchall()
            found = [wrong for row in rows if (wrong := _wrong(row, shapes, names))]
        yield from found
        if not rows:
            return
        last = rows[-1][-1]
        progress(last / most)


def _wrong(row: tuple, shapes: Shapes, names: Mapping[int, str]) -> str:  # type: ignore[type-arg]
    packed, crc, id_ = Packed(*row[:8]), row[12], row[13]
    whose = f"{names.get(row[9], 'nobody')}, rows {packed.seq}…{packed.seq + packed.n - 1} (piece {id_})"
    try:
        if crc is not None and crc != piece_crc(packed, Place(row[8], row[9], row[10], row[11])):
            return f"{whose}: the checksum is not right, a byte has changed"
        return _content(packed, shapes[row[10]], whose)
    except DAMAGE as e:
        return f"{whose}: cannot be read: {e}"


def _content(packed: Packed, shape: Shape, whose: str) -> str:
    chunk = unpack(packed, shape)
    lengths = {len(chunk), *(len(column) for column in chunk.columns.values())}
    if lengths != {packed.n}:
        return f"{whose}: has {lengths} rows, and says {packed.n}"
    if (int(chunk.t_us.min()), int(chunk.t_us.max())) != (packed.t_min, packed.t_max):
        return f"{whose}: its first or last time is not what it says"
    if packed.summary is None:
        return ""
    real = summary_of([chunk.columns[name] for name, _ in shape.channels])
    if packed.summary != real and not np.allclose(_numbers(packed.summary), _numbers(real), equal_nan=True):
        return f"{whose}: its summary is not what its rows say"
    return ""


def _numbers(summary: bytes) -> Array:
    return np.frombuffer(summary, "<f8")
