import math
from pathlib import Path

import pytest

from broker.config import ConfigError
from logger import cli_replay
from logger.replay.service import Wish
from tests.logger.support import T_MS, T_US, data, open_store, write


def wish(*args: str) -> Wish:
    return cli_replay.wish(cli_replay.parser().parse_args(args), T_US)


def test_what_the_arguments_ask_for() -> None:
    assert wish() == Wish()
    asked = wish(
        "--from", "10s", "--to", "2026-11-21T00:59:58", "--tz", "Europe/Berlin", "--speed", "max", "--prefix", "x"
    )
    assert asked == Wish(prefix="x", from_ms=T_MS - 10_000, to_ms=T_MS - 1000, speed=math.inf)
    assert [n for n in ("kiln1", "oven1") if wish("--instrument", "k*").wants(n)] == ["kiln1"]


@pytest.mark.parametrize(
    "args",
    [("--speed", "0"), ("--speed", "-1"), ("--speed", "fast"), ("--speed", "nan"), ("--speed", "inf"),
     ("--from", "soon"), ("--tz", "Mars"), ("--run", "r", "--to", "1h")],
)  # fmt: skip
def test_what_cannot_be_asked(args: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        wish(*args)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--prefix", "lab"], "the laboratory itself is below 'lab'"),
        (["--prefix", "a/#"], "--prefix: topic root"),
        (["--speed", "max", "--shift-now"], "--shift-now needs a speed that is a number"),
        (["--run", "nope"], "there is no run 'nope'"),
        (["--to", "2000-01-01"], "nothing was recorded in this time; the record is from 2026-11-20T23:59:59"),
    ],
)
def test_mistakes_are_one_sentence_and_need_no_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    store = open_store(tmp_path)
    write(store, data(0))
    store.close()
    (tmp_path / "replay.toml").write_text('history_db = "labwire.db"\n[broker]\nport = 1\n')
    assert cli_replay.main(["-c", str(tmp_path / "replay.toml"), *args]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_missing_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli_replay.main(["-c", str(tmp_path / "replay.toml")]) == 2
    assert "replay.toml" in capsys.readouterr().err
