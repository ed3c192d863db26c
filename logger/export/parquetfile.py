"""Parquet: every column with its own type, the unit and label of each in its metadata. Needs pyarrow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from logger.columns import Column
from logger.export.fields import Field, FieldType, absent
from logger.export.table import Batch, Table

GROUP_ROWS = 65_536
"""Rows gathered before a row group is written: what bounds the memory."""


class Sink:
    """Collects what pyarrow writes until it is taken; pyarrow wants a file, the stream wants bytes."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def write(table: Table, zone: ZoneInfo, metadata: Mapping[str, bytes]) -> Iterator[tuple[bytes, int, str, int]]:
    """The file in parts: bytes, rows in them, of what, and how far in time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([_field(pa, f, zone) for f in table.fields], metadata=dict(metadata))
    sink = Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(table.batches):
            writer.write_table(_joined(pa, schema, table.fields, group))
            yield sink.take(), sum(b.n for b in group), group[-1].what, group[-1].upto_us
    yield sink.take(), 0, "", 0


def _groups(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    waiting: list[Batch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.n
        if count >= GROUP_ROWS:
            yield waiting
            waiting, count = [], 0
    if waiting:
        yield waiting


def _field(pa: Any, field: Field, zone: ZoneInfo) -> Any:
    notes = {k: v for k, v in (("unit", field.unit), ("label", field.label)) if v}
    return pa.field(field.name, _type(pa, field.type, zone), metadata=notes or None)


def _type(pa: Any, type_: FieldType, zone: ZoneInfo) -> Any:
    types = {
        "time": pa.timestamp("us", tz=zone.key),
        "float": pa.float64(),
        "int": pa.int64(),
        "int64": pa.int64(),
        "uint64": pa.uint64(),
        "bool": pa.bool_(),
        "str": pa.string(),
    }
    return types[type_]


def _joined(pa: Any, schema: Any, fields: Sequence[Field], group: Sequence[Batch]) -> Any:
    arrays = []
    for k, field in enumerate(schema):
        parts = [_array(pa, field.type, batch.columns[k], batch.n) for batch in group]
        arrays.append(pa.chunked_array(parts, type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(pa: Any, type_: Any, column: Column | None, n: int) -> Any:
    if column is None:
        return pa.nulls(n, type_)
    if isinstance(column.values, list):
        return pa.array(column.values, type_)
    if pa.types.is_timestamp(type_):
        return pa.array(column.values.astype("<M8[us]"), type_)
    values = column.values.astype(bool) if column.type == "bool" else np.ascontiguousarray(column.values)
    return pa.array(values, type_, mask=absent(column))
