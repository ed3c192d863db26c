"""Samples as a wide table: one row a sample set, one column a channel. Streams: memory does not grow with the range.

Columns: ``time`` (ISO, UTC), ``t_us`` (µs since the epoch), ``boot``, ``seq``, then the channels as their types; a
channel that once had another type has that series in a column of its own (``temp:int``). Where any row has a quality
or an uncertainty, ``temp:quality`` (empty is good) and ``temp:u`` follow.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from broker.values import ChannelType, Value
from logger.columns import Column
from logger.pieces import Chunk
from logger.store.history import Rows
from logger.when import iso

BATCH_ROWS = 65_536
"""Rows gathered before a parquet row group is written."""
_FIXED = ("time", "t_us", "boot", "seq")


@dataclass(frozen=True, slots=True)
class Series:
    """One column of the table: a channel as one type, or what is remarked about it."""

    channel: str
    type: ChannelType
    title: str
    what: Literal["value", "quality", "uncertainty"] = "value"


def series(
    channels: Sequence[tuple[str, ChannelType]], qualities: Sequence[str] = (), uncertainties: Sequence[str] = ()
) -> list[Series]:
    """The columns for what occurs, in that order. The last type of a channel has its plain name."""
    last = dict(channels)
    found = [Series(name, type_, name if last[name] == type_ else f"{name}:{type_}") for name, type_ in channels]
    found += [Series(name, "str", f"{name}:quality", "quality") for name in qualities]
    return found + [Series(name, "float", f"{name}:u", "uncertainty") for name in uncertainties]


def _remarks(chunk: Chunk, column: Series) -> list[Value] | None:
    """The cells of a column that holds no values of its channel; None for one that does."""
    if column.what == "quality":
        codes = chunk.q.get(column.channel, {})
        return [codes.get(row) for row in range(len(chunk))]
    if column.what == "uncertainty":
        u = chunk.u.get(column.channel)
        return list(u) if isinstance(u, list) else [u] * len(chunk)
    return None


def write_csv(out: TextIO, columns: Sequence[Series], rows: Iterator[Rows]) -> Iterator[Rows]:
    """Write a table; yields each chunk when it has been written. An absent value is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_FIXED, *(c.title for c in columns)])
    for each in rows:
        times = each.chunk.t_us.tolist()
        cells = [_cells(each.chunk, c) for c in columns]
        numbers = range(each.chunk.seq, each.chunk.seq + len(times))
        for t, seq, *values in zip(times, numbers, *cells, strict=True):
            writer.writerow([iso(t), t, each.boot, seq, *values])
        yield each


def _cells(chunk: Chunk, column: Series) -> list[Any]:
    """Texts and numbers as csv writes them without loss (a float's shortest exact form)."""
    if (remarks := _remarks(chunk, column)) is not None:
        return remarks
    found = chunk.columns.get(column.channel)
    if found is None or found.type != column.type:
        return [None] * len(chunk)
    if column.type == "bool":
        return [None if v is None else "true" if v else "false" for v in found.python()]
    return found.python()


def write_parquet(path: Path, columns: Sequence[Series], rows: Iterator[Rows]) -> Iterator[Rows]:
    """The same as a parquet file, typed. Needs pyarrow (extra ``parquet``)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [("time", pa.timestamp("us", tz="UTC")), ("t_us", pa.int64()), ("boot", pa.string()), ("seq", pa.int64())]
    schema = pa.schema([*fields, *((c.title, _arrow_type(pa, c.type)) for c in columns)])
    waiting: list[Any] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for each in rows:
            waiting.append(_record_batch(pa, schema, columns, each))
            if sum(b.num_rows for b in waiting) >= BATCH_ROWS:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting = []
            yield each
        writer.write_table(pa.Table.from_batches(waiting, schema))


def _arrow_type(pa: Any, type_: ChannelType) -> Any:
    types = {"float": pa.float64(), "int": pa.int64(), "int64": pa.int64(), "uint64": pa.uint64()}
    return types.get(type_) or (pa.bool_() if type_ == "bool" else pa.string())


def _record_batch(pa: Any, schema: Any, columns: Sequence[Series], rows: Rows) -> Any:
    n = len(rows.chunk)
    seq = np.arange(rows.chunk.seq, rows.chunk.seq + n, dtype="<i8")
    fixed = [rows.chunk.t_us.astype("datetime64[us]"), rows.chunk.t_us, [rows.boot] * n, seq]
    cells = [_arrow_cells(rows.chunk, column) for column in columns]
    arrays = [pa.array(a, type=field.type) for a, field in zip([*fixed, *cells], schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _arrow_cells(chunk: Chunk, column: Series) -> Sequence[Value] | np.ndarray[Any, Any]:
    if (remarks := _remarks(chunk, column)) is not None:
        return remarks
    found: Column | None = chunk.columns.get(column.channel)
    if found is None or found.type != column.type:
        return [None] * len(chunk)
    if found.nulls is None and column.type in ("int", "int64", "uint64") and not isinstance(found.values, list):
        return found.values
    return found.python()
