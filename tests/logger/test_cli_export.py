import csv
import subprocess
import sys
from pathlib import Path

import pytest

from broker.topics import Kind
from logger.__main__ import main
from tests.logger.support import BOOT, T_MS, block, data, meta, open_store, packet, write


@pytest.fixture
def database(tmp_path: Path) -> Path:
    store = open_store(tmp_path)
    write(store, packet(Kind.META, meta(temp="float", mode="str")))
    write(store, data(0, {"temp": 21, "mode": "a,b"}), data(1, q={"temp": "bad"}), block(10, 40))
    store.close()
    return tmp_path / "labwire.db"


def test_csv_to_standard_output(database: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", "--db", str(database), "--instrument", "oven1", "--to", "2026-11-20T23:59:59.011Z"]) == 0
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "time (UTC),t_us,boot,seq,temp,temp:quality,mode",
        f'2026-11-20T23:59:59.000000Z,{T_MS}000,{BOOT},0,21.0,,"a,b"',
        f"2026-11-20T23:59:59.001000Z,{T_MS + 1}000,{BOOT},1,0.125,bad,",
        f"2026-11-20T23:59:59.010000Z,{T_MS + 10}000,{BOOT},10,1.25,,",
    ]


def test_a_file_is_whole_or_not_there(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert main(["export", "--db", str(database), "--instrument", "oven1", "-o", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 43
    assert not list(tmp_path.glob("*.partial"))


def test_the_name_says_the_format(database: Path, tmp_path: Path) -> None:
    for name, begin in (("x.parquet", b"PAR1"), ("x.zip", b"PK"), ("x.csv", b"time (UTC)"), ("x.txt", b"time (UTC)")):
        assert main(["export", "--db", str(database), "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_bytes().startswith(begin)


def test_times_without_a_zone_are_in_the_zone_asked_for(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    args = ["--tz", "Europe/Berlin", "--from", "2026-11-21T00:59:59.010", "--to", "2026-11-21T00:59:59.012"]
    assert main(["export", "--db", str(database), "--instrument", "oven1", *args, "-o", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [r["time (Europe/Berlin)"] for r in rows] == [
        "2026-11-21T00:59:59.010000+01:00",
        "2026-11-21T00:59:59.011000+01:00",
    ]


def test_steps(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    args = ["--every", "10ms", "--agg", "min,max", "--channel", "temp", "--instrument", "oven1"]
    assert main(["export", "--db", str(database), *args, "-o", str(out)]) == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["time (UTC)", "t_us", "temp min", "temp max"]
    assert [r[2:] for r in rows[1:]] == [["0.125", "21.0"], *([str(k / 8), str((k + 9) / 8)] for k in (10, 20, 30, 40))]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--instrument", "nope"], 1, "no samples of 'nope'; instruments: oven1"),
        (["--run", "nope"], 1, "there is no run 'nope'"),
        (["--channel", "nope"], 1, "there is no channel nope in this time"),
        (["--from", "yesterday"], 2, "'yesterday' is no time"),
        (["--from", "1h", "--to", "2h"], 2, "from is not before to"),
        (["--run", "x", "--to", "2h"], 2, "name the run, or from and to"),
        (["--every", "5 parsecs"], 2, "'5 parsecs' is no step"),
        (["--every", "1s", "--agg", "median"], 2, "'median' is no aggregate"),
        (["--every", "1s", "--channel", "mode"], 2, "there is no number in this time"),
        (["--tz", "Mars/Phobos"], 2, "'Mars/Phobos' is no time zone"),
        (["--excel", "de", "--format", "parquet"], 2, "Parquet has no decimal comma"),
        (["-o", "/nonexistent/x.csv"], 2, "/nonexistent/x.csv cannot be written: No such file"),
    ],
)
def test_mistakes_are_one_sentence(
    database: Path, capsys: pytest.CaptureFixture[str], args: list[str], code: int, says: str
) -> None:
    assert main(["export", *args, "--db", str(database)]) == code
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_bar_on_a_terminal(database: Path, tmp_path: Path) -> None:
    """``script`` gives the command a pseudo-terminal."""
    out = tmp_path / "out.parquet"
    command = f"{sys.executable} -m logger export --db {database} -o {out}"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], capture_output=True, timeout=50, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout
    assert "oven1: 42 rows" in done.stdout.decode()
    assert "100%" in done.stdout.decode()
    assert out.read_bytes().endswith(b"PAR1")
