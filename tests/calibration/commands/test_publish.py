"""``labwire cal publish`` as a user runs it."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from broker.client import Client
from broker.config import BrokerConfig
from broker.messages import decode
from broker.topics import Kind, Topics
from calibration.__main__ import main
from tests.calibration.test_publish import calibrated
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


def config(folder: Path, broker: BrokerConfig) -> str:
    path = folder / "calibration.toml"
    register_dir = folder / "cal"
    table = f'[broker]\nport = {broker.port}\nuser = "{broker.user}"\npassword_file = "{broker.password_file}"\n'
    path.write_text(f'calibration_dir = "{register_dir}"\n{table}')
    return str(path)


async def in_force(mosquitto: TestBroker) -> dict[str, str]:
    async with Client(mosquitto.config("viewer"), "viewer") as client:
        client.subscribe(Topics().all_of(Kind.CALIBRATION))
        await client.subscribed()
        try:
            message = (await asyncio.wait_for(client.batch(), 1))[0]
        except TimeoutError:
            return {}
        return {channel: c.id for channel, c in decode(Kind.CALIBRATION, message.payload).items()}


async def test_once_is_enough(mosquitto: TestBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calibrated(tmp_path)
    file = config(tmp_path, mosquitto.config("calibration-main"))
    code = await asyncio.to_thread(main, ["publish", "--once", "-c", file])

    assert code == 0
    assert "in force at 1 instruments" in capsys.readouterr().out
    assert await in_force(mosquitto) == {"temp": "K-2026-0001"}


async def test_who_may_not_is_told(mosquitto: TestBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calibrated(tmp_path)
    file = config(tmp_path, mosquitto.config("viewer"))
    code = await asyncio.to_thread(main, ["publish", "--once", "-c", file])

    assert code == 1
    assert "not authorised" in capsys.readouterr().err
    assert await in_force(mosquitto) == {}


async def test_it_goes_on_until_it_is_stopped(mosquitto: TestBroker, tmp_path: Path) -> None:
    calibrated(tmp_path)
    file = config(tmp_path, mosquitto.config("calibration-main"))
    words = ("-m", "calibration", "publish", "-c", file)
    process = await asyncio.create_subprocess_exec(sys.executable, *words)
    try:
        await eventually(lambda: in_force(mosquitto), timeout=30)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_show_prints_and_needs_no_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = calibrated(tmp_path)

    assert main(["publish", "--show", "--dir", str(made.folder)]) == 0
    head, payload = capsys.readouterr().out.splitlines()
    assert head.startswith("oven1/temp  K-2026-0001  ")
    assert decode(Kind.CALIBRATION, payload.encode())["temp"].item == "sensor1"


def test_what_cannot_be_published_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = calibrated(tmp_path)
    sha = made.record("K-2026-0001").procedure.sha256
    (made.folder / "procedures" / f"{sha}.toml").write_text("changed")

    assert main(["publish", "--show", "--dir", str(made.folder)]) == 1
    assert "K-2026-0001 cannot be published" in capsys.readouterr().err


def test_no_broker_no_register_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = calibrated(tmp_path)
    assert main(["publish", "--once", "--dir", str(tmp_path / "none")]) == 2
    assert main(["publish", "--once", "--dir", str(made.folder), "-c", str(tmp_path / "none.toml")]) == 2
    err = capsys.readouterr().err
    assert "is no register of calibrations" in err
    assert "none.toml cannot be read" in err
