from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.messages import Channel, Meta, with_rev
from broker.topics import Kind
from logger.export import every
from logger.export.ask import ExportError
from tests.logger.export.support import BIG, export, lines, make, parquet
from tests.logger.support import T_MS, block, data, open_store, packet, write

MS = 1000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_one_table_over_all_instruments(database: Path) -> None:
    head, *rows = lines(database, every_us=10 * MS, aggregates=("mean", "max"), channels=("temp", "x"))
    assert head == "time (UTC),t_us,oven1.temp mean (°C),oven1.temp max (°C),vib1.x mean (g),vib1.x max (g)"
    assert [r.split(",", 2)[2] for r in rows] == [
        f"{(21.5 + 22.5 - 1.5) / 3!r},22.5,4.5,9.0",
        ",,14.5,19.0",
        ",,24.5,29.0",
        ",,34.5,39.0",
    ]
    assert [int(r.split(",")[1]) % (10 * MS) for r in rows] == [0] * 4


def test_last_keeps_type_and_takes_texts(database: Path) -> None:
    table = parquet(export(database, format="parquet", instruments=("oven1",), every_us=2 * MS, aggregates=("last",)))
    assert table.column_names == ["time", "t_us", "temp last", "on last", "mode last", "count last"]
    assert [str(t) for t in table.schema.types[2:]] == ["double", "bool", "string", "int64"]
    assert table.to_pydict()["count last"] == [BIG, 7]
    assert table.to_pydict()["on last"] == [False, None]
    assert table.to_pydict()["mode last"] == ["=1+1", None]
    assert table.to_pydict()["temp last"] == [22.5, -1.5]


def test_last_is_by_stamp_whatever_came_first(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, data(0, {"x": 5.0}, ts=T_MS + 9), data(1, {"x": 1.0}, ts=T_MS + 2), data(2, {"x": None}, ts=T_MS + 9))
    write(store, data(3, {"x": 7.0}, ts=T_MS + 9), data(4, {"x": 2.0}, ts=T_MS + 3))
    store.close()
    rows = lines(tmp_path / "labwire.db", every_us=10 * MS, aggregates=("last",), instruments=("oven1",))
    assert [r.split(",")[2] for r in rows[1:]] == ["7.0"]


def test_steps_without_anything_have_no_row_and_windows_leave_no_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 95), block(95, 5, t0_us=(T_MS + 10**6) * 1000))
    store.close()
    whole = lines(tmp_path / "labwire.db", every_us=10 * MS, aggregates=("mean", "last"), instruments=("oven1",))
    assert len(whole) == 1 + 10 + 1
    monkeypatch.setattr(every, "STEPS", 3)
    assert (
        lines(tmp_path / "labwire.db", every_us=10 * MS, aggregates=("mean", "last"), instruments=("oven1",)) == whole
    )


def test_more_steps_than_anybody_wants(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted where there is something, not in what was asked for."""
    monkeypatch.setattr(every, "MOST_STEPS", 100)
    assert len(lines(database, every_us=MS, from_us=0)) > 30
    with pytest.raises(ExportError, match="more than 100 steps"):
        lines(database, every_us=100)


def test_every_value_is_in_exactly_one_step(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 1000, {"x": list(range(1000))}, dt_us=700, t0_us=T_MS * 1000 + 333))
    store.close()
    head, *rows = lines(tmp_path / "labwire.db", every_us=7 * MS, aggregates=("min", "max"), instruments=("oven1",))
    assert head.endswith("x min,x max")
    spans = [tuple(map(float, r.split(",")[2:])) for r in rows]
    assert sum(high - low + 1 for low, high in spans) == 1000


def corrected(folder: Path) -> Path:
    store = open_store(folder)
    channels = {"temp": Channel(unit="°C"), "temp_raw": Channel(unit="°C")}
    write(store, packet(Kind.META, with_rev(Meta(channels=channels))), data(0, {"temp": 1.0}))
    cal = {"temp": "K-1"}
    write(store, *(data(k, {"temp": k + 0.5, "temp_raw": float(k)}, cal=cal) for k in range(1, 4)))
    store.close()
    return folder / "labwire.db"


@pytest.mark.parametrize(
    ("values", "columns", "row"),
    [
        ("corrected", ["temp mean"], [(1 + 1.5 + 2.5 + 3.5) / 4]),
        ("raw", ["temp_raw mean"], [(1 + 1 + 2 + 3) / 4]),
        ("recorded", ["temp mean", "temp_raw mean"], [(1 + 1.5 + 2.5 + 3.5) / 4, 2.0]),
    ],
)
def test_raw_and_corrected(tmp_path: Path, values: Any, columns: list[str], row: list[float]) -> None:
    table = parquet(
        export(corrected(tmp_path), format="parquet", instruments=("oven1",), every_us=10**6, values=values)
    )
    assert table.column_names[2:] == columns
    assert [table.column(c).to_pylist() for c in columns] == [[v] for v in row]


def units(folder: Path) -> Iterator[Path]:
    store = open_store(folder)
    for k, unit in enumerate(("°C", "K")):
        write(store, packet(Kind.META, with_rev(Meta(channels={"temp": Channel(unit=unit)}))), data(k))
    store.close()
    yield folder / "labwire.db"


def test_two_units_are_not_averaged(tmp_path: Path) -> None:
    (database,) = units(tmp_path)
    with pytest.raises(ExportError, match=r"oven1\.temp is in K and °C within this time"):
        lines(database, every_us=10**6)
    assert lines(database, every_us=10**6, from_us=T_MS * 1000 + 1000)[0].endswith("oven1.temp mean (K)")
