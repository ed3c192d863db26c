import asyncio
import json
import time
from pathlib import Path

import pytest

from broker.client import Client
from broker.messages import Meta, ServiceStatus, Status, encode
from broker.topics import Kind, Topics
from labwire.standing import Standing
from labwire.status import lines, main
from tests.support.broker import TestBroker

TOPICS = Topics()


async def alive(mosquitto: TestBroker, state: str = "online") -> None:
    now = int(time.time() * 1000)
    status = Status(state=state, boot="b", ts=now, stored_by="main", reason="" if state == "online" else "no answer")  # type: ignore[arg-type]
    service = ServiceStatus(state="online", boot="b", ts=now)
    async with Client(mosquitto.config("edge-pi"), "e") as edge, Client(mosquitto.config("logger-main"), "l") as client:
        await anext(edge.connections())
        await anext(client.connections())
        await edge.publish(TOPICS.of("balance1", Kind.META), encode(Meta()), retain=True)
        await edge.publish(TOPICS.of("balance1", Kind.STATUS), encode(status), retain=True, expiry_s=90)
        topic = TOPICS.service_status("logger", "main")
        await client.publish(topic, encode(service), retain=True, expiry_s=90)


def flags(mosquitto: TestBroker, *more: str) -> list[str]:
    config = mosquitto.config("viewer")
    where = ["--host", config.host, "--port", str(config.port), "--user", config.user]
    return [*where, "--password-file", config.password_file, "--timeout", "20", *more]


async def test_all_well_is_code_0(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    await alive(mosquitto)
    assert await asyncio.to_thread(main, flags(mosquitto)) == 0
    out = capsys.readouterr().out
    assert "balance1" in out
    assert "logger main" in out
    assert out.endswith("all well\n")


async def test_something_wrong_is_code_1(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    await alive(mosquitto, "degraded")
    assert await asyncio.to_thread(main, flags(mosquitto, "--json")) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["problems"]) == (False, ["instrument balance1: no answer"])
    assert told["instruments"][0]["state"] == "degraded"


async def test_no_broker_is_code_1_and_a_sentence(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    argv = flags(mosquitto, "--timeout", "0.5")
    await mosquitto.kill()
    assert await asyncio.to_thread(main, argv) == 1
    assert f"127.0.0.1:{mosquitto.port}" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_nothing_makes_no_table() -> None:
    assert lines(Standing([], [], [], ["nothing is there"])) == ["not well: nothing is there"]


async def test_watching_goes_on_with_what_is_said(mosquitto: TestBroker) -> None:
    import sys

    await alive(mosquitto)
    argv = flags(mosquitto, "--watch", "--json")
    program = [sys.executable, "-m", "labwire.status", *argv]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            while not json.loads(await process.stdout.readline())["ok"]:
                pass
            await alive(mosquitto, "degraded")
            while json.loads(await process.stdout.readline())["ok"]:
                pass
    finally:
        process.kill()
        await process.wait()
