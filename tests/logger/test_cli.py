import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker.messages import Hold, Status
from broker.topics import Kind
from logger.__main__ import main
from tests.logger.support import BOOT, T_MS, TOPICS, block, data, meta, open_store, packet, write


@pytest.fixture
def database(tmp_path: Path) -> Path:
    store = open_store(tmp_path)
    status = Status(state="online", boot=BOOT, hold=[Hold(BOOT, 0, 60)])
    write(store, packet(Kind.META, meta(temp="float", mode="str")), packet(Kind.STATUS, status))
    write(store, data(0, {"temp": 21, "mode": "a,b"}), data(1, q={"temp": "bad"}), block(10, 40))
    store.close()
    return tmp_path / "labwire.db"


def test_ledger(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(database)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"oven1  {BOOT}  since 2025-10-27T09:09:45Z  42 sample sets  of 60",
        "  missing 2…9 (8): not received yet",
        "  missing 50…59 (10): not received yet",
        "something is missing in 1 of 1",
    ]
    assert main(["ledger", "--db", str(database), "--json", "--instrument", "oven1"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["complete"], line["stored"]) == (False, [[0, 1], [10, 49]])
    assert line["gaps"][0] == {"from": 2, "to": 9, "reason": "not received yet"}


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


def test_export_csv(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--db", str(database), "--instrument", "oven1", "--to", "2026-11-20T23:59:59.011Z"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "time,t_us,boot,seq,temp,mode,temp:quality",
        f'2026-11-20T23:59:59.000000Z,{T_MS}000,{BOOT},0,21.0,"a,b",',
        f"2026-11-20T23:59:59.001000Z,{T_MS + 1}000,{BOOT},1,0.125,,bad",
        f"2026-11-20T23:59:59.010000Z,{T_MS + 10}000,{BOOT},10,1.25,,",
    ]


def test_export_to_a_file_is_whole_or_not_there(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert main(["export", "--db", str(database), "--instrument", "oven1", "-o", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 43
    assert not list(tmp_path.glob("*.partial"))


def test_export_parquet(database: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "out.parquet"
    assert main(["export", "--db", str(database), "--instrument", "oven1", "--format", "parquet", "-o", str(out)]) == 0
    table = parquet.read_table(out)
    assert [str(t) for t in table.schema.types] == [
        "timestamp[us, tz=UTC]", "int64", "string", "int64", "double", "string", "string",
    ]  # fmt: skip
    assert table.column("temp").to_pylist()[:3] == [21.0, 0.125, 1.25]
    assert table.column("time").cast("int64").to_pylist() == table.column("t_us").to_pylist()


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["export", "--instrument", "nope"], 1, "no samples of 'nope'; instruments: oven1"),
        (["export", "--instrument", "oven1", "--format", "parquet"], 2, "needs -o FILE"),
        (["log", "--since", "yesterday"], 2, "'yesterday' is no time"),
        (
            ["export", "--instrument", "oven1", "-o", "/nonexistent/x.csv"],
            1,
            "/nonexistent/x.csv cannot be written: No such file",
        ),
    ],
)
def test_mistakes_are_one_sentence(
    database: Path, capsys: pytest.CaptureFixture[str], args: list[str], code: int, says: str
) -> None:
    assert main([*args, "--db", str(database)]) == code
    assert says in capsys.readouterr().err


def test_a_missing_database_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--db", str(tmp_path / "x.db")]) == 1
    assert "has the logger ever run here" in capsys.readouterr().err
    assert main(["ledger", "-c", str(tmp_path / "logger.toml")]) == 2
    assert "logger.toml is not there: name the logger's file with --config" in capsys.readouterr().err


def test_a_closed_pipe_is_no_mistake(database: Path) -> None:
    command = f"{sys.executable} -m logger log --db {database} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=50, env=dict(os.environ))
    assert (done.returncode, done.stderr) == (0, "")
