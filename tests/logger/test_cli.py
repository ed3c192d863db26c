import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker.messages import Hold, Status
from broker.topics import Kind
from logger.__main__ import main
from tests.logger.support import BOOT, TOPICS, block, data, meta, open_store, packet, write


@pytest.fixture
def database(tmp_path: Path) -> Path:
    store = open_store(tmp_path)
    status = Status(state="online", boot=BOOT, hold=[Hold(BOOT, 0, 60)])
    write(store, packet(Kind.META, meta(temp="float", mode="str")), packet(Kind.STATUS, status))
    write(store, data(0, {"temp": 21, "mode": "a,b"}), data(1, q={"temp": "bad"}), block(10, 40))
    store.close()
    return tmp_path / "labwire.db"


def test_log(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--db", str(database), "--topic", TOPICS.all_of(Kind.DATA)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    length = len(data(0, {"temp": 21, "mode": "a,b"}).payload)
    assert first == f"2026-11-20T23:59:59.000Z  {TOPICS.of('oven1', Kind.DATA)}  q1  {BOOT} 0  {length} bytes"
    assert " 1  " in second

    assert main(["log", "--db", str(database), "--json", "--full", "--limit", "1"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["seq"], line["n"]) == (10, 40)
    assert json.loads(line["payload"])["cols"]["temp"][:2] == [1.25, 1.375]

    assert main(["log", "--db", str(database), "--since", "2026-11-21T00:00Z"]) == 0
    assert capsys.readouterr().out == ""


def test_mistakes_are_one_sentence(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--since", "yesterday", "--db", str(database)]) == 2
    assert "'yesterday' is no time" in capsys.readouterr().err


def test_a_missing_database_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(tmp_path / "x.db")]) == 1
    assert "has the logger ever run here" in capsys.readouterr().err
    assert main(["ledger", "-c", str(tmp_path / "logger.toml")]) == 2
    assert "logger.toml is not there: name the logger's file with --config" in capsys.readouterr().err


def test_a_closed_pipe_is_no_mistake(database: Path) -> None:
    command = f"{sys.executable} -m logger log --db {database} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=50, env=dict(os.environ))
    assert (done.returncode, done.stderr) == (0, "")
