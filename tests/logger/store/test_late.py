import sqlite3
from pathlib import Path

from logger.ranges import Ranges
from logger.store import late
from tests.logger.support import BOOT, T_MS, block, data, open_store, write


def read(path: Path) -> dict[str, Ranges]:
    db = sqlite3.connect(path)
    try:
        return late.read(db, "oven1")
    finally:
        db.close()


def test_only_new_rows_of_late_blocks_are_late_and_a_backlog_in_order_is_one_row(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, data(0), block(1, 9), block(30, 10))
    write(store, block(5, 15, late=True))
    write(store, block(20, 5, late=True), block(30, 10, late=True))
    write(store, block(50, 5, late=True), at_ms=T_MS + 1)
    store.close()
    path = tmp_path / "labwire.db"
    assert {boot: list(ranges) for boot, ranges in read(path).items()} == {BOOT: [(10, 25), (50, 55)]}
    db = sqlite3.connect(path)
    assert db.execute("SELECT a, b, t_ms FROM late").fetchall() == [(10, 25, T_MS), (50, 55, T_MS + 1)]
    db.close()


def test_a_store_that_never_had_the_table_has_nothing_late_and_gets_it_from_its_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "labwire.db"
    store = open_store(tmp_path)
    write(store, data(0))
    store.close()
    db = sqlite3.connect(path)
    db.execute("DROP TABLE late")
    db.close()
    assert read(path) == {}

    store = open_store(tmp_path)
    write(store, block(5, 5, late=True))
    store.close()
    assert list(read(path)[BOOT]) == [(5, 10)]
