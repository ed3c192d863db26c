import sqlite3
from pathlib import Path

import pytest

from logger.__main__ import main
from tests.logger.store import version1
from tests.logger.store.checks.damage import change, make
from tests.logger.support import block, open_store, write


def test_a_whole_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path)
    store = open_store(tmp_path)  # a logger runs
    write(store, block(5000, 100))

    assert main(["check", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert "samples: good" in out
    assert "everything agrees" in out


def test_damaged_samples_need_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path)
    change(path, "UPDATE piece SET body = zeroblob(length(body)) WHERE id = (SELECT min(id) FROM piece)")

    assert main(["check", "--db", str(path)]) == 1
    out = capsys.readouterr().out
    assert "samples: 1 damaged" in out
    assert "can only come from a backup" in out


def test_damaged_roll_ups_are_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path)
    change(path, "DELETE FROM rollup WHERE level = 0")

    assert main(["check", "--db", str(path)]) == 1
    assert "--repair makes the roll-ups again" in capsys.readouterr().out
    assert main(["check", "--repair", "--db", str(path)]) == 0
    assert "everything agrees" in capsys.readouterr().out


def test_what_cannot_be_checked_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--db", str(tmp_path / "none.db")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    version1.make(tmp_path / "labwire.db", blocks=2, singles=2)
    assert main(["check", "--db", str(tmp_path / "labwire.db")]) == 1
    assert "start the logger once" in capsys.readouterr().err
    (tmp_path / "diary.db").write_text("dear diary, " * 500)
    assert main(["check", "--db", str(tmp_path / "diary.db")]) == 1
    assert "not a database" in capsys.readouterr().err


def test_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = make(tmp_path), tmp_path / "copy.db"

    assert main(["backup", "--db", str(path), str(target)]) == 0
    assert f"{target}: " in capsys.readouterr().out
    db = sqlite3.connect(target)
    assert db.execute("SELECT sum(n) FROM piece").fetchone() == (2007,)
    db.close()
    assert main(["backup", "--db", str(path), str(target)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["backup", "--db", str(path), str(tmp_path / "no" / "copy.db")]) == 1
    assert capsys.readouterr().err.startswith("labwire: ")
