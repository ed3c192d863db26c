"""The samples themselves as a table: one row a sample set, one column a channel.

Columns: ``time``, ``t_us`` (µs since the epoch), ``boot``, ``seq``, then the channels. In a table of several
instruments ``instrument`` stands before ``boot``, and a channel is ``oven1.temp``; the instruments follow each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from logger.columns import Column
from logger.export.fields import Field, cells
from logger.export.plan import Scope
from logger.export.table import Batch, Table
from logger.store import History, Rows

WINDOW_US = 24 * 3600 * 10**6
"""Rows are read a day at a time: a slow client must not keep one moment of the store alive for hours."""

TIME = Field("time", "time")
T_US = Field("t_us", "int64")
IDENTITY = (Field("boot", "str"), Field("seq", "int64"))
INSTRUMENT = Field("instrument", "str")


def one(history: History, scope: Scope) -> Table:
    """One instrument."""
    fields = [TIME, T_US, *IDENTITY, *(s.field for s in scope.series)]
    return Table(fields, (_batch(scope, rows, []) for rows in rows_of(history, scope)))


def several(history: History, scopes: Sequence[Scope]) -> Table:
    """Several instruments, one after the other."""
    own = [replace(s.field, name=f"{scope.instrument}.{s.field.name}") for scope in scopes for s in scope.series]
    return Table([TIME, T_US, INSTRUMENT, *IDENTITY, *own], _several(history, scopes))


def _several(history: History, scopes: Sequence[Scope]) -> Iterator[Batch]:
    before, total = 0, sum(len(s.series) for s in scopes)
    for scope in scopes:
        after = total - before - len(scope.series)
        for rows in rows_of(history, scope):
            batch = _batch(scope, rows, [Column("str", [scope.instrument] * len(rows.chunk))])
            yield replace(batch, columns=_amid(batch.columns, 5, before, after))
        before += len(scope.series)


def _amid(columns: Sequence[Column | None], fixed: int, before: int, after: int) -> list[Column | None]:
    return [*columns[:fixed], *[None] * before, *columns[fixed:], *[None] * after]


def rows_of(history: History, scope: Scope, channels: Sequence[str] | None = None) -> Iterator[Rows]:
    """The raw rows of a scope, in the order of time, a day at a time."""
    for start in range(scope.from_us, scope.to_us, WINDOW_US):
        yield from history.rows(scope.instrument, channels, start, min(start + WINDOW_US, scope.to_us))


def _batch(scope: Scope, rows: Rows, more: list[Column]) -> Batch:
    chunk, n = rows.chunk, len(rows.chunk)
    times = Column("int64", chunk.t_us)
    identity = [Column("str", [rows.boot] * n), Column("int64", np.arange(chunk.seq, chunk.seq + n, dtype="<i8"))]
    values = [cells(s, chunk, rows.shape, scope.about) for s in scope.series]
    return Batch(n, [times, times, *more, *identity, *values], scope.instrument, int(chunk.t_us[-1]))
