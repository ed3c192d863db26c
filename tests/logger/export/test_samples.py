from pathlib import Path

import pytest

from logger.export import samples
from tests.logger.export.support import BIG, export, lines, make, parquet
from tests.logger.support import BOOT, T_MS, block, data, open_store, write


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_one_instrument(database: Path) -> None:
    assert lines(database, instruments=("oven1",)) == [
        "time (UTC),t_us,boot,seq,temp (°C),temp:quality,temp:u (°C),temp:cal,on,mode,count",
        f"2026-11-20T23:59:59.000000Z,{T_MS}000,{BOOT},0,21.5,uncertain,0.25,,true,=1+1,{BIG}",
        f"2026-11-20T23:59:59.001000Z,{T_MS + 1}000,{BOOT},1,22.5,,,K-2026-0001,false,,",
        f"2026-11-20T23:59:59.003000Z,{T_MS + 3}000,{BOOT},3,-1.5,,,,,,7",
    ]


def test_several_instruments_in_one_table(database: Path) -> None:
    table = parquet(export(database, format="parquet", channels=("temp", "x")))
    assert table.column_names == [
        *("time", "t_us", "instrument", "boot", "seq"),
        *("oven1.temp", "oven1.temp:quality", "oven1.temp:u", "oven1.temp:cal", "vib1.x"),
    ]
    assert table.column("instrument").to_pylist() == ["oven1"] * 3 + ["vib1"] * 40
    assert table.column("oven1.temp").to_pylist() == [21.5, 22.5, -1.5, *[None] * 40]
    assert table.column("vib1.x").to_pylist() == [*[None] * 3, *map(float, range(40))]
    head, *rows = lines(database, channels=("temp", "x"))
    assert head.endswith("oven1.temp:cal,vib1.x (g)")
    assert {len(r.split(",")) for r in rows} == {10}


def test_raw_samples_never_buckets(tmp_path: Path) -> None:
    """Small pieces and large ones, several days, several boots, stamps that go back: each row once, as it was."""
    store = open_store(tmp_path)
    day = 24 * 3600 * 1000
    expected = []
    for k in range(5):
        write(
            store, block(0, 50, {"x": list(range(k, k + 50))}, boot=f"mh8x2k3q-000{k}", t0_us=(T_MS + k * day) * 1000)
        )
        expected += [(f"mh8x2k3q-000{k}", s, float(k + s)) for s in range(50)]
    write(store, data(50, {"x": 0.5}, boot="mh8x2k3q-0000", ts=T_MS - 5 * day))
    store.close()
    rows = [r.split(",") for r in lines(tmp_path / "labwire.db", instruments=("oven1",))[1:]]
    assert [(r[2], int(r[3]), float(r[4])) for r in rows] == [("mh8x2k3q-0000", 50, 0.5), *expected]


def test_a_window_border_cuts_no_row_and_doubles_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 1000))
    store.close()
    monkeypatch.setattr(samples, "WINDOW_US", 7_300)
    rows = lines(tmp_path / "labwire.db", instruments=("oven1",))[1:]
    assert [int(r.split(",")[3]) for r in rows] == list(range(1000))
