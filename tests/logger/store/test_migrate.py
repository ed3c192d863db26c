import logging
import sqlite3
from pathlib import Path

import pytest

from logger.store import History, HistoryError
from logger.store.migrate import steps
from logger.store.schema import ADDED, StoreError
from tests.logger.store import version1
from tests.logger.store.test_writer import stored
from tests.logger.support import BOOT, T_MS, T_US, block, open_store, write

DB = "labwire.db"
ROWS = 200 * version1.BLOCK


def as_it_was(folder: Path, oven: int = ROWS, balance: int = 300) -> None:
    """Every row is there once, and the plots and the ledger say the same."""
    rows = stored(folder)
    assert {seq for _, seq in rows} == set(range(oven))
    assert all(row == (T_US + 1000 * seq, {"temp": seq / 8}) for (_, seq), row in rows.items())
    assert len(stored(folder, "balance1")) == balance
    with History(folder / DB) as history:
        for step in (50_000, 1_000_000, 10**8):
            found = history.buckets("oven1", ["temp"], T_US, T_US + oven * 1000, step)["temp"]
            assert (found.n.sum(), found.min[0], found.max[-1]) == (oven, 0, (oven - 1) / 8)
            assert history.buckets("balance1", ["temp"], T_US, T_US + 10**9, step)["temp"].n.sum() == balance
        assert [(x.source, x.stored) for x in history.ledger()] == [
            ("balance1", [(0, balance - 1)]),
            ("oven1", [(0, oven - 1)]),
        ]
        assert len(history.log(None, None, None, 1000)) >= 200


def version(folder: Path) -> int:
    db = sqlite3.connect(folder / DB)
    (found,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return int(found)


def old_pieces(folder: Path) -> int:
    db = sqlite3.connect(folder / DB)
    (found,) = db.execute("SELECT count(*) FROM piece WHERE level = 98").fetchone()
    db.close()
    return int(found)


def test_a_store_of_version_1_becomes_one_of_version_2(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    version1.make(tmp_path / DB)
    as_it_was(tmp_path)  # a bridge that was updated first reads it as it is
    with caplog.at_level(logging.INFO, "logger.store"):
        store = open_store(tmp_path)

    assert version(tmp_path) == 2
    assert "is a store of version 1: it becomes version 2 in" in caplog.text
    assert "is a store of version 2 now" in caplog.text
    as_it_was(tmp_path)
    assert store.id == "0123456789abcdef"
    assert write(store, block(ROWS - 50, 100, late=True)).count.samples == 50
    as_it_was(tmp_path, ROWS + 50)


def test_its_old_pieces_become_large_beside_the_work(tmp_path: Path) -> None:
    version1.make(tmp_path / DB)
    store = open_store(tmp_path)
    before = old_pieces(tmp_path)
    assert before == 500
    assert store.tend(T_MS, 10**12).more
    assert 0 < old_pieces(tmp_path) < before
    as_it_was(tmp_path)
    store.close()
    store = open_store(tmp_path)
    while store.tend(T_MS, 10**12).more:
        as_it_was(tmp_path)

    assert old_pieces(tmp_path) == 0
    db = sqlite3.connect(tmp_path / DB)
    assert db.execute("SELECT count(*) FROM piece").fetchone()[0] <= 5
    db.close()
    as_it_was(tmp_path)


@pytest.mark.parametrize("done", range(len(list(steps(ADDED)))))
def test_an_interrupted_migration_goes_on(tmp_path: Path, done: int) -> None:
    version1.make(tmp_path / DB, blocks=20, singles=40)
    db = sqlite3.connect(tmp_path / DB, isolation_level=None)
    for step in list(steps(ADDED))[:done]:
        assert not step.done(db)
        for statement in step.statements:
            db.execute(statement)
        assert step.done(db)
    db.close()
    as_it_was_small(tmp_path)

    open_store(tmp_path)

    assert version(tmp_path) == 2
    as_it_was_small(tmp_path)


def as_it_was_small(folder: Path) -> None:
    assert len(stored(folder)) == 20 * version1.BLOCK
    with History(folder / DB) as history:
        found = history.buckets("oven1", ["temp"], T_US, T_US + 10**7, 100_000)["temp"]
    assert found.n.sum() == 20 * version1.BLOCK


def test_the_file_can_shrink_afterwards(tmp_path: Path) -> None:
    version1.make(tmp_path / DB)
    store = open_store(tmp_path)
    assert store._db.execute("PRAGMA auto_vacuum").fetchone()[0] == 2


def test_a_newer_store_is_refused_in_one_sentence(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    db = sqlite3.connect(tmp_path / DB)
    db.execute("PRAGMA user_version = 3")
    db.close()
    said = "is a store of version 3, and this labwire knows versions up to 2: update it"

    with pytest.raises(StoreError, match=said):
        open_store(tmp_path)
    with pytest.raises(HistoryError, match=said):
        History(tmp_path / DB)


def test_numbers_of_before_stay_known(tmp_path: Path) -> None:
    version1.make(tmp_path / DB)
    store = open_store(tmp_path)
    assert write(store, block(0, 100)).count.duplicates == 100
    assert store.watermark("oven1").boots[BOOT].upto == ROWS - 1


def test_a_large_file_is_rewritten_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("logger.store.migrate.SMALL_BYTES", 1000)
    version1.make(tmp_path / DB)
    with caplog.at_level(logging.INFO, "logger.store"):
        store = open_store(tmp_path)
    assert "given back only after labwire logger check --repair" in caplog.text
    assert store._db.execute("PRAGMA auto_vacuum").fetchone()[0] == 0
    as_it_was(tmp_path)
    store.rebuild()
    assert store._db.execute("PRAGMA auto_vacuum").fetchone()[0] == 2
    while store.tend(T_MS, 10**12).more:
        pass
    as_it_was(tmp_path)
