import json
from pathlib import Path

import pytest

from broker.messages import Hold, Status
from broker.topics import Kind
from logger.__main__ import main
from tests.logger.support import BOOT, T_MS, block, data, open_store, packet, write


@pytest.fixture
def database(tmp_path: Path) -> Path:
    store = open_store(tmp_path)
    status = Status(state="online", boot=BOOT, ts=T_MS, hold=[Hold(BOOT, 0, 60)])
    write(store, packet(Kind.STATUS, status), data(0), data(1), block(10, 40))
    store.close()
    return tmp_path / "labwire.db"


def test_by_numbering(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(database)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"oven1  {BOOT}  since 2025-10-27T09:09:45Z  42 sample sets  of 60",
        "  missing 2…9 (8): not received yet",
        "  still to come 50…59 (10): held by its sender",
        "something is missing in 1 of 1",
    ]
    assert main(["ledger", "--db", str(database), "--json", "--instrument", "oven1"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["complete"], line["stored"]) == (False, [[0, 1], [10, 49]])
    assert line["gaps"][0] == {"from": 2, "to": 9, "reason": "not received yet"}


def test_right_after_the_start_nothing_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status names what the spool holds before the first sample set has come."""
    store = open_store(tmp_path)
    status = Status(state="online", boot=BOOT, ts=T_MS, hold=[Hold(BOOT, 0, 1)], ehold=[Hold(BOOT, 0, 2)])
    write(store, packet(Kind.STATUS, status))
    store.close()
    assert main(["ledger", "--db", str(tmp_path / "labwire.db")]) == 0
    out = capsys.readouterr().out
    assert "missing 0" not in out
    assert "still to come 0…0 (1): held by its sender" in out
    assert out.splitlines()[-1] == "nothing is missing in 2; 3 still to come"


def test_by_day(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(database), "--day", "2026-11-20", "--instrument", "oven1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "oven1  2026-11-20  42 of 50 sample sets  not all there yet"
    assert lines[1] == f"  still to come 2…9 (8) of {BOOT}  23:59:59–23:59:59  held by its sender"
    assert lines[-1] == "nothing is missing in 1"
    assert main(["ledger", "--db", str(database), "--day", "all", "--tz", "Europe/Berlin", "--json"]) == 0
    day = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (day["day"], day["stored"], day["instrument"]) == ("2026-11-21", 42, "oven1")


def test_mistakes_are_one_sentence(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(database), "--day", "someday"]) == 2
    assert "'someday' is no day: write today, yesterday, all" in capsys.readouterr().err
    assert main(["ledger", "--db", str(database), "--day", "today", "--tz", "Mars"]) == 2
    assert "is no time zone" in capsys.readouterr().err
