"""Sample sets of the traffic log written again as the messages they came in.

The same values, times, numbers and qualities; not the same bytes (21 and 21.0 are one float, keys have another order,
"not sampled" may be null or absent).
"""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import pairwise

import msgspec

from broker.messages import MAX_SAFE_INTEGER, Block, Data, encode
from broker.values import Quality, Value
from logger.columns import Column
from logger.pieces import Chunk, Packed, Shape, joined, unpack
from logger.store.shapes import Shapes

_PIECES = (
    "SELECT id, seq, n FROM piece WHERE book = :book AND seq < :end"
    " AND seq >= coalesce((SELECT max(seq) FROM piece WHERE book = :book AND seq <= :seq), :seq) ORDER BY seq"
)
_PIECE = "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape, fold FROM piece WHERE id = ?"
_Found = tuple[Chunk, Shape, int]


class Unpacked:
    """The last pieces that were needed: messages that follow each other lie in one, and rows never change."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._pieces: dict[tuple[int, int, int], _Found] = {}

    def find(self, db: sqlite3.Connection, book: int, seq: int, end: int) -> Iterator[_Found]:
        """Chunk, shape and fold of the pieces that reach into rows ``seq`` to ``end`` − 1."""
        for id_, first, n in db.execute(_PIECES, {"book": book, "seq": seq, "end": end}).fetchall():
            key = (book, first, n)
            found = self._pieces.pop(key, None)
            if found is None:
                row = db.execute(_PIECE, (id_,)).fetchone()
                shape = Shapes(db)[row[8]]
                found = (unpack(Packed(*row[:8]), shape), shape, row[9])
            self._pieces[key] = found
            if len(self._pieces) > self._most:
                self._pieces.pop(next(iter(self._pieces)))
            yield found


def message(
    db: sqlite3.Connection, pieces: Unpacked, book: int, seq: int, n: int, *, single: bool, late: bool
) -> bytes | None:
    """The payload of ``data`` (``single``) or ``block``; None when its rows are not all there, or not of one type."""
    end = seq + n
    parts: list[Chunk] = []
    shape, fold = Shape(()), 0
    for chunk, shape, fold in pieces.find(db, book, seq, end):  # noqa: B007 - the last ones are used below
        if chunk.seq + len(chunk) > seq:
            parts.append(chunk.slice(max(0, seq - chunk.seq), min(len(chunk), end - chunk.seq)))
    types = {(name, column.type) for part in parts for name, column in part.columns.items()}
    if sum(map(len, parts)) != n or len(types) != len(dict(types)):
        return None
    whole = joined(parts)
    boot, aside = _boot(db, book), _aside(db, book, seq, end)
    return encode((_data if single else _block)(boot, whole, shape, fold, late, aside))


_Aside = Mapping[int, Mapping[str, Value]]


def _boot(db: sqlite3.Connection, book: int) -> str | None:
    (boot,) = db.execute("SELECT boot FROM book WHERE id = ?", (book,)).fetchone()
    return boot or None


def _aside(db: sqlite3.Connection, book: int, seq: int, end: int) -> _Aside:
    """Values that did not fit their channel, by row and channel."""
    found: dict[int, dict[str, Value]] = {}
    rows = db.execute(
        "SELECT seq, channel, value FROM aside JOIN book ON book.source = aside.source AND book.boot = aside.boot"
        " WHERE book.id = ? AND seq >= ? AND seq < ? AND channel <> ''",
        (book, seq, end),
    )
    for row, channel, value in rows:
        found.setdefault(row, {})[channel] = msgspec.json.decode(value)
    return found


def _data(boot: str | None, chunk: Chunk, shape: Shape, fold: int, _late: bool, aside: _Aside) -> Data:
    ts, us = divmod(int(chunk.t_us[0]), 1000)
    values = {name: _wire(column)[0] for name, column in chunk.columns.items()}
    q: dict[str, Quality] = {name: rows[0] for name, rows in chunk.q.items() if 0 in rows}
    u = {name: v[0] if isinstance(v, list) else v for name, v in chunk.u.items()}
    return Data(
        ts=ts,
        us=us,
        boot=boot,
        seq=None if boot is None else chunk.seq,
        values={k: v for k, v in values.items() if v is not None or k in q} | dict(aside.get(chunk.seq, {})),
        fold=fold,
        rev=shape.rev or None,
        q=q,
        u={name: v for name, v in u.items() if v is not None},
        cal=dict(shape.cal),
    )


def _block(boot: str | None, chunk: Chunk, shape: Shape, fold: int, late: bool, aside: _Aside) -> Block:
    cols = {name: _wire(column) for name, column in chunk.columns.items()}
    for row, values in aside.items():
        for name, value in values.items():
            cols.setdefault(name, [None] * len(chunk))[row - chunk.seq] = value
    times: list[int] = chunk.t_us.tolist()
    step = times[1] - times[0] if len(times) > 1 else 0
    regular = step >= 0 and all(b - a == step for a, b in pairwise(times))
    return Block(
        boot=boot or "",
        seq=chunk.seq,
        n=len(chunk),
        cols=cols,
        t0_us=times[0] if regular else None,
        dt_us=step if regular else None,
        t_us=None if regular else times,
        late=late,
        fold=fold,
        rev=shape.rev or None,
        q={name: {str(k): code for k, code in rows.items()} for name, rows in chunk.q.items()},
        u={name: _one_or_all(v) for name, v in chunk.u.items()},
        cal=dict(shape.cal),
    )


def _wire(column: Column) -> list[Value]:
    values = column.python()
    if column.type in ("int64", "uint64"):
        return [str(v) if isinstance(v, int) and abs(v) > MAX_SAFE_INTEGER else v for v in values]
    return values


def _one_or_all(u: float | list[float | None]) -> float | list[float | None]:
    return u[0] if isinstance(u, list) and u[0] is not None and len(set(u)) == 1 else u
