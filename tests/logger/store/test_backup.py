import math
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from broker.messages import Value
from logger.store import HistoryError
from logger.store.backup import copy
from tests.logger.store.checks.damage import found
from tests.logger.store.test_writer import stored
from tests.logger.support import block, open_store, write

DB = "labwire.db"


def test_a_copy_is_one_moment_while_the_logger_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.store.backup.PAGES", 1)
    store = open_store(tmp_path)
    write(store, *(block(seq, 100) for seq in range(0, 20_000, 100)))
    steps: list[float] = []

    def meanwhile(share: float) -> None:
        """Between two steps of the copy a batch is stored."""
        if len(steps) < 50:
            write(store, block(20_000 + 100 * len(steps), 100))
        steps.append(share)

    copy(tmp_path / DB, tmp_path / "copy.db", meanwhile)

    assert len(steps) > 20, "in steps"
    assert steps == sorted(steps), "it never began anew"
    assert sorted(p.name for p in tmp_path.iterdir() if "copy" in p.name) == ["copy.db"]
    folder = tmp_path / "restored"
    folder.mkdir()
    (tmp_path / "copy.db").rename(folder / DB)
    assert found(folder / DB) == {}
    assert {seq for _, seq in stored(folder)} == set(range(20_000)), "the moment it began"
    assert len(stored(tmp_path)) == 20_000 + 100 * min(50, len(steps))


def test_a_restored_store_takes_again_what_came_after_the_copy(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100))
    copy(tmp_path / DB, tmp_path / "copy.db", lambda _share: None)
    write(store, block(100, 100))
    store.close()
    (tmp_path / "copy.db").replace(tmp_path / DB)

    again = open_store(tmp_path)

    assert len(stored(tmp_path)) == 100
    assert write(again, block(50, 150, late=True)).count.samples == 100
    assert {seq for _, seq in stored(tmp_path)} == set(range(200))


def test_it_is_not_written_over_another_one(tmp_path: Path) -> None:
    open_store(tmp_path)
    target = tmp_path / "copy.db"
    target.write_text("older")
    with pytest.raises(HistoryError, match="is there already"):
        copy(tmp_path / DB, target, lambda _share: None)
    assert target.read_text() == "older"


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100))

    def fails(_share: float) -> None:
        raise OSError("the stick was pulled")

    with pytest.raises(OSError, match="stick"):
        copy(tmp_path / DB, tmp_path / "copy.db", fails)
    assert [p.name for p in tmp_path.iterdir() if "copy" in p.name] == []


def test_a_writer_does_not_wait_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.store.backup.PAGES", 1)
    store = open_store(tmp_path)
    write(store, *(block(seq, 100) for seq in range(0, 2000, 100)))
    copying, go_on = threading.Event(), threading.Event()

    def waits(_share: float) -> None:
        copying.set()
        go_on.wait(20)

    thread = threading.Thread(target=copy, args=(tmp_path / DB, tmp_path / "copy.db", waits))
    thread.start()
    try:
        assert copying.wait(20)
        assert write(store, block(2000, 100)).count.samples == 100
    finally:
        go_on.set()
        thread.join(20)
    db = sqlite3.connect(tmp_path / "copy.db")
    assert db.execute("SELECT sum(n) FROM piece").fetchone() == (2000,)
    db.close()


def test_a_full_disk_is_the_copys_not_the_stores(tmp_path: Path) -> None:
    write(open_store(tmp_path), *(block(seq, 100, noise(seq, 100)) for seq in range(0, 100_000, 100)))
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    try:
        with pytest.raises(OSError, match="No space left on device"):
            copy(tmp_path / DB, small / "copy.db", lambda _share: None)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def noise(seq: int, n: int) -> dict[str, list[Value]]:
    return {"temp": [math.sin(k * 12.9898) * 43758.5453 % 1 for k in range(seq, seq + n)]}
