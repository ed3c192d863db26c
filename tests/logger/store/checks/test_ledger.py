from pathlib import Path

from tests.logger.store.checks.damage import change, counted, found, make
from tests.logger.support import BOOT


def test_rows_that_count_as_stored_are_there(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "DELETE FROM piece WHERE seq = (SELECT seq FROM piece ORDER BY seq LIMIT 1)")
    (text, *_) = found(path)["ledger"]
    assert text.startswith(f"oven1 {BOOT}: 0…")
    assert text.endswith("count as stored and are not there")


def test_rows_that_are_there_count_as_stored(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE span SET b = 1990 WHERE b = 2007")
    assert found(path) == {"ledger": [f"oven1 {BOOT}: 1990…2006 are there and do not count as stored"]}


def test_no_row_is_there_twice(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(
        path,
        "INSERT INTO piece (book, seq, source, n, t_min, t_max, dt, shape, fold, level, crc, extra, summary, body)"
        " SELECT book, seq + 1, source, n, t_min, t_max, dt, shape, fold, level, NULL, extra, summary, body"
        " FROM piece ORDER BY seq LIMIT 1",
    )
    assert any("are there twice" in text for text in found(path)["ledger"])


def test_records_too(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "DELETE FROM record")
    assert found(path) == {"ledger": [f"oven1 {BOOT}, records: 0…0 count as stored and are not there"]}


def test_expired_rows_have_a_reason(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "INSERT INTO expired SELECT book, seq, seq + n FROM piece WHERE n < 32 LIMIT 1")
    change(path, "DELETE FROM piece WHERE n < 32")
    counted(path)
    assert found(path) == {}
