import io
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from logger.columns import Column, column
from logger.export import parquetfile
from logger.export.fields import Field
from logger.export.table import Batch, Table

pq = pytest.importorskip("pyarrow.parquet")
FIELDS = [
    Field("time", "time"),
    Field("temp", "float", "°C", "Zone 1"),
    Field("count", "int64"),
    Field("most", "uint64"),
    Field("on", "bool"),
    Field("mode", "str"),
]


def batch(n: int = 3) -> Batch:
    columns = [
        Column("int64", np.arange(n, dtype="<i8")),
        column("float", [0.1, None, -0.0])[0],
        column("int64", [2**62 + 1, None, -(2**63)])[0],
        column("uint64", [2**64 - 1, 0, None])[0],
        column("bool", [True, False, None])[0],
        column("str", ["ü", None, ""])[0],
    ]
    return Batch(n, columns, "oven1", 0)


def test_every_type_keeps_every_bit() -> None:
    table = Table(FIELDS, iter([batch(), Batch(2, [Column("int64", np.array([5, 6])), *[None] * 5], "oven1", 0)]))
    parts = list(parquetfile.write(table, ZoneInfo("Europe/Berlin"), {"labwire": b"{}"}))
    assert sum(rows for _, rows, _, _ in parts) == 5
    read = pq.read_table(io.BytesIO(b"".join(data for data, *_ in parts)))
    assert str(read.schema.field("time").type) == "timestamp[us, tz=Europe/Berlin]"
    assert read.column("temp").to_pylist() == [0.1, None, -0.0, None, None]
    assert read.column("count").to_pylist() == [2**62 + 1, None, -(2**63), None, None]
    assert read.column("most").to_pylist() == [2**64 - 1, 0, None, None, None]
    assert read.column("on").to_pylist() == [True, False, None, None, None]
    assert read.column("mode").to_pylist() == ["ü", None, "", None, None]
    assert read.schema.field("temp").metadata == {b"unit": "°C".encode(), b"label": b"Zone 1"}
    assert read.schema.metadata[b"labwire"] == b"{}"


def test_groups_are_written_as_they_fill_and_taken_at_once() -> None:
    """What bounds the memory: nothing waits beyond a group."""
    n = parquetfile.GROUP_ROWS // 2
    taken = 0

    def batches() -> Iterator[Batch]:
        nonlocal taken
        for _ in range(6):
            taken += 1
            yield Batch(n, [Column("float", np.random.default_rng(1).random(n))], "x", 0)

    parts = parquetfile.write(Table([Field("x", "float")], batches()), ZoneInfo("UTC"), {})
    data, rows, _, _ = next(parts)
    assert (rows, taken) == (2 * n, 2)
    assert len(data) > 5 * 2 * n
    whole = data + b"".join(d for d, *_ in parts)
    assert pq.ParquetFile(io.BytesIO(whole)).num_row_groups == 3


def test_a_table_without_rows_is_a_file_too() -> None:
    data = b"".join(d for d, *_ in parquetfile.write(Table(FIELDS, iter([])), ZoneInfo("UTC"), {}))
    assert pq.read_table(io.BytesIO(data)).column_names == [f.name for f in FIELDS]
