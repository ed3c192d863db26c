import sqlite3
from pathlib import Path

import pytest

from logger.store.retention import DAY_MS
from logger.store.writer import Store
from tests.logger.store.checks.damage import found
from tests.logger.support import T_MS, T_US, block, data, open_store, write

DB = "labwire.db"


def growing(folder: Path) -> list[int]:
    db = sqlite3.connect(folder / DB)
    rows = [seq for (seq,) in db.execute("SELECT seq FROM piece WHERE level = 99 ORDER BY seq")]
    db.close()
    return rows


def tend(store: Store, now_ms: int) -> None:
    while store.tend(now_ms, 10**12).more:
        pass


def test_what_has_not_grown_for_a_day_is_finished(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, data(0), block(1, 100), block(200, 100))
    tend(store, T_MS)
    assert growing(tmp_path) == [0, 1, 200]
    tend(store, T_MS + DAY_MS // 2)
    assert growing(tmp_path) == [0, 1, 200]
    tend(store, T_MS + DAY_MS)
    assert growing(tmp_path) == [0, 1, 200], "it grew since the first look"
    tend(store, T_MS + 2 * DAY_MS)
    assert growing(tmp_path) == []
    store.close()
    assert found(tmp_path / DB) == {}


def test_what_grows_stays_open(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    tend(store, T_MS)
    for day in range(1, 4):
        write(store, data(day, ts=T_MS + day * DAY_MS))
        tend(store, T_MS + day * DAY_MS)
    assert growing(tmp_path)[-1] == 3


def test_a_store_with_nothing_to_do_writes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100, t0_us=T_US))
    tend(store, T_MS)
    before = store._db.total_changes
    tend(store, T_MS + 1000)
    assert store._db.total_changes == before


@pytest.mark.parametrize("rows", [300, 9000])
def test_rows_that_are_many_are_finished_at_once(tmp_path: Path, rows: int) -> None:
    store = open_store(tmp_path)
    write(store, *(block(seq, 100) for seq in range(0, rows, 100)))
    assert bool(growing(tmp_path)) == (rows < 8192 or rows % 8192 != 0)
    store.close()
    assert found(tmp_path / DB) == {}
