import sqlite3
from pathlib import Path

from tests.logger.store.checks.damage import found, make


def test_a_page_that_is_no_page_is_found(tmp_path: Path) -> None:
    path = make(tmp_path)
    db = sqlite3.connect(path)
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'piece_seq'").fetchone()
    db.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)

    assert found(path)["the file"]
