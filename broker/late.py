"""Samples as records and blocks: live ones cut to size, late ones packed from what the spool kept. Pure."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from broker.messages import MAX_BLOCK_BYTES, Block, Data, MessageError, Quality, Value, decode, encode, finite
from broker.segment import Record
from broker.topics import Kind

DATA = 1
BLOCK = 2
EVENT = 3
"""Kinds of records in the spool; the body of an EVENT is its topic, a line feed and its payload."""

PACK_BYTES = 128 * 1024
"""Bodies of single sample sets that together make a late block of well over half the allowed size."""
NULL_BYTES = 8 * 1024
"""What a late block may spend on "not sampled" where streams interleave; more only beside four times as much data."""
_NULL = 5  # bytes of "null,"
_LIMIT = MAX_BLOCK_BYTES - 64  # "late":true comes on top when it is sent again


def stamp_of(kind: int, body: bytes) -> tuple[int, int] | None:
    """The last stamp in a record, µs since the epoch, and its fold; None for events."""
    try:
        if kind == DATA:
            data = decode(Kind.DATA, body)
            return data.t_us, data.fold
        if kind == BLOCK:
            block = decode(Kind.BLOCK, body)
            return block.times_us()[-1], block.fold
    except MessageError:
        pass  # written by another version
    return None


def cleaned(column: Sequence[Value]) -> tuple[list[Value], dict[str, Quality]]:
    """A column as it may travel: numbers that are not finite are None, and the code of their row."""
    if _plain(column):
        return list(column), {}
    values: list[Value] = []
    codes: dict[str, Quality] = {}
    for row, value in enumerate(column):
        clean, code = finite(value)
        values.append(clean)
        if code is not None:
            codes[str(row)] = code
    return values, codes


def _plain(column: Sequence[Value]) -> bool:
    """Whether nothing needs a look value by value: the usual case, five times faster."""
    try:
        total: float = sum(column)  # type: ignore[arg-type]
        return math.isfinite(total) and min(column) >= -(2**63) and max(column) < 2**63  # type: ignore[type-var,operator]
    except (TypeError, ValueError, OverflowError):  # not all numbers, empty, too large
        return False


def cut(block: Block, limit: int = _LIMIT) -> Iterator[tuple[Block, bytes]]:
    """The block in as few pieces as fit into ``limit`` bytes each, with their payloads; a single row may exceed it."""
    payload = encode(block)
    if len(payload) <= limit or block.n == 1:
        yield block, payload
        return
    rows = max(1, min(block.n - 1, block.n * limit * 9 // (10 * len(payload))))
    for first in range(0, block.n, rows):
        yield from cut(part(block, first, min(block.n, first + rows)), limit)


def part(block: Block, first: int, end: int) -> Block:
    """Rows ``first`` to ``end`` − 1."""
    q = {ch: {str(int(r) - first): c for r, c in rows.items() if first <= int(r) < end} for ch, rows in block.q.items()}
    return msgspec.structs.replace(
        block,
        seq=block.seq + first,
        n=end - first,
        cols={ch: col[first:end] for ch, col in block.cols.items()},
        t0_us=None if block.t0_us is None else block.t0_us + first * (block.dt_us or 0),
        t_us=None if block.t_us is None else block.t_us[first:end],
        q={ch: rows for ch, rows in q.items() if rows},
        u={ch: u[first:end] if isinstance(u, list) else u for ch, u in block.u.items()},
    )


def late_block(records: Sequence[Record], boot: str) -> tuple[bytes, int, int]:
    """A late block of as many of ``records`` as belong together and fit, and the numbers [first, end) it carries.

    It ends where the numbers are not consecutive, and where fold, description or calibration change. Single sample
    sets and blocks are merged alike: sent one by one, a fast signal could never catch up. Streams that interleave are
    merged while what is not sampled in their rows costs little. Raises MessageError when the first record cannot be
    read.
    """
    packer = _Packer(boot, records[0])
    for record in records[1:]:
        if record.seq != packer.end or not packer.take(record):
            break
    block, payload = next(cut(packer.block()))
    return payload, block.seq, block.seq + block.n


class _Packer:
    """Rows of several records, column by column."""

    def __init__(self, boot: str, first: Record) -> None:
        self._boot = boot
        self._first = self._open(first)
        self._seq = first.seq
        self._n = 0
        self._nulls = self._bytes = 0
        self._times: list[int] = []
        self._cols: dict[str, list[Value]] = {}
        self._q: dict[str, dict[str, Quality]] = {}
        self._u: dict[str, list[float | None]] = {}
        self._add(self._first[0], len(first.body))

    @property
    def end(self) -> int:
        return self._seq + self._n

    def take(self, record: Record) -> bool:
        try:
            opened = self._open(record)
        except MessageError:
            return False
        if opened[1:] != self._first[1:] or self._sparse(opened[0], len(record.body)):
            return False
        self._add(opened[0], len(record.body))
        return True

    def _sparse(self, message: Data | Block, size: int) -> bool:
        """Whether the block would have too much that is not sampled, with the rows of ``message``."""
        more, total = self._not_sampled(message), self._bytes + size
        return more > 0 and (total > _LIMIT or (self._nulls + more) * _NULL > max(NULL_BYTES, total // 4))

    def _not_sampled(self, message: Data | Block) -> int:
        """What its rows add: channels that only the others have, and the other way round."""
        rows, names = (1, message.values) if isinstance(message, Data) else (message.n, message.cols)
        shared = len(self._cols.keys() & names.keys())
        return (len(self._cols) - shared) * rows + (len(names) - shared) * self._n

    @staticmethod
    def _open(record: Record) -> tuple[Data | Block, int, str, dict[str, str]]:
        """The message, and what must be the same in all rows of a block."""
        message: Data | Block = decode(Kind.DATA if record.kind == DATA else Kind.BLOCK, record.body)
        return message, message.fold, message.rev or record.tag, message.cal

    def _add(self, message: Data | Block, size: int) -> None:
        self._nulls += self._not_sampled(message)
        self._bytes += size
        if isinstance(message, Data):
            self._add_row(message)
        else:
            self._add_rows(message)

    def _add_row(self, data: Data) -> None:
        self._times.append(data.t_us)
        for ch, value in data.values.items():
            _padded(self._cols, ch, self._n).append(value)
        for ch, code in data.q.items():
            self._q.setdefault(ch, {})[str(self._n)] = code
        for ch, u in data.u.items():
            _padded(self._u, ch, self._n).append(u)
        self._n += 1

    def _add_rows(self, block: Block) -> None:
        self._times.extend(block.times_us())
        for ch, column in block.cols.items():
            _padded(self._cols, ch, self._n).extend(column)
        for ch, rows in block.q.items():
            self._q.setdefault(ch, {}).update({str(self._n + int(row)): code for row, code in rows.items()})
        for ch, u in block.u.items():
            _padded(self._u, ch, self._n).extend(u if isinstance(u, list) else [u] * block.n)
        self._n += block.n

    def block(self) -> Block:
        _, fold, rev, cal = self._first
        t0_us, dt_us, t_us = times(self._times)
        return Block(
            boot=self._boot,
            seq=self._seq,
            n=self._n,
            cols={ch: _padded(self._cols, ch, self._n) for ch in self._cols},
            t0_us=t0_us,
            dt_us=dt_us,
            t_us=t_us,
            late=True,
            fold=fold,
            rev=rev or None,
            q=self._q,
            u={ch: _one_or_all(_padded(self._u, ch, self._n)) for ch in self._u},
            cal=cal,
        )


def _padded(columns: dict[str, list[Any]], name: str, n: int) -> list[Any]:
    """The column ``name``, filled up to ``n`` rows with "not sampled"."""
    column = columns.setdefault(name, [])
    if len(column) < n:
        column.extend([None] * (n - len(column)))
    return column


def _one_or_all(column: list[float | None]) -> float | list[float | None]:
    first = column[0]
    return first if first is not None and all(u == first for u in column) else column


def times(t_us: list[int]) -> tuple[int | None, int | None, list[int] | None]:
    """Instants in µs as (t0_us, dt_us, None) when they are regular, else (None, None, t_us)."""
    step = t_us[1] - t_us[0] if len(t_us) > 1 else 0
    if step >= 0 and all(b - a == step for a, b in itertools.pairwise(t_us)):
        return t_us[0], step, None
    return None, None, t_us
