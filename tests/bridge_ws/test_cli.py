"""note, run and send from a shell, against a real bridge."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridge_ws import cli
from tests.bridge_ws.bench import OPERATOR, VIEWER, Bridge, bridge, instrument
from tests.support.broker import TestBroker


async def labwire(b: Bridge, *argv: str, token: str = OPERATOR) -> int:
    return await asyncio.to_thread(cli.main, argv, {"LABWIRE_URL": b.url, "LABWIRE_TOKEN": token})


async def test_a_note_and_a_run(mosquitto: TestBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.page() as page:
        assert await labwire(b, "note", "opened the valve", "--instrument", "balance1") == 0
        note = await page.until(op="note")
        assert (note["text"], note["instruments"], note["by"]) == ("opened the valve", ["balance1"], "olga")
        assert await labwire(b, "run", "start", "Melt 7", "--sample", "Fe") == 0
        run = capsys.readouterr().out.strip()
        assert await labwire(b, "run", "list") == 0
        assert capsys.readouterr().out.split() == [run, "Melt", "7", "Fe"]
        assert await labwire(b, "run", "stop", run) == 0
        assert await labwire(b, "run", "stop", run) == 1
        assert "has ended" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "more", "code", "said"),
    [
        ("done", {"result": {"mass": 0.5}}, 0, "done: mass = 0.5"),
        ("failed", {"error": {"code": "interlock", "message": "door open"}}, 1, "failed: door open"),
        ("rejected", {"error": {"code": "limits"}}, 1, "rejected: limits"),
        ("expired", {}, 1, "expired"),
    ],
)
async def test_send_tells_what_became_of_it(
    mosquitto: TestBroker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    state: str,
    more: dict[str, Any],
    code: int,
    said: str,
) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        asked = asyncio.create_task(
            labwire(b, "send", "balance1", "tare", "value=4.5", "mode=ramp", "fast=true", "x=null")
        )
        command = await balance.next_command()
        await balance.reply(command, state, **more)
        assert await asked == code
        assert command.args == {"value": 4.5, "mode": "ramp", "fast": True, "x": None}
        assert capsys.readouterr().out.strip() == said


async def test_send_without_an_answer(
    mosquitto: TestBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        assert await labwire(b, "send", "balance1", "tare", "--ttl-ms", "50", "--json") == 3
        assert json.loads(capsys.readouterr().out)["state"] == "no_answer"


async def test_refusals_are_sentences(
    mosquitto: TestBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        assert await labwire(b, "send", "nothing", "tare") == 1
        assert await labwire(b, "note", "x", token=VIEWER) == 1
        assert await labwire(b, "note", "x", token="wrong") == 1
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("labwire: ")]
        assert ["no instrument" in said[0], "viewer" in said[1], "not known" in said[2]] == [True] * 3


@pytest.mark.parametrize(
    ("env", "said", "code"),
    [
        ({}, "LABWIRE_TOKEN", 2),
        ({"LABWIRE_TOKEN_FILE": "/nowhere"}, "/nowhere", 2),
        ({"LABWIRE_TOKEN": "x", "LABWIRE_URL": "file:///etc"}, "LABWIRE_URL", 2),
        ({"LABWIRE_TOKEN": "x", "LABWIRE_URL": "http://127.0.0.1:1"}, "cannot be reached", 1),
    ],
)
def test_what_is_missing_is_named(
    env: dict[str, str], said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["note", "x"], env) == code
    assert said in capsys.readouterr().err


def test_the_token_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")

    assert cli.token({"LABWIRE_TOKEN_FILE": str(tmp_path / "token")}) == "secret"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=1", ("a", 1)),
        ("a=1.5", ("a", 1.5)),
        ("a=true", ("a", True)),
        ('a="1"', ("a", "1")),
        ("a=ramp=x", ("a", "ramp=x")),
        ("a=", ("a", "")),
        ("a=[1]", ("a", "[1]")),
        ("a=NaN", ("a", "NaN")),
    ],
)
def test_arguments(text: str, wanted: tuple[str, Any]) -> None:
    assert cli.argument(text) == wanted


def test_an_argument_without_a_value_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["send", "i", "n", "oops"], {"LABWIRE_TOKEN": "x"}) == 2
    assert "oops" in capsys.readouterr().err
