"""The bridge's life: mistakes are one sentence, a dying worker ends the process, a vanished bridge is told."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bridge_ws import service
from bridge_ws.config import BridgeConfig
from bridge_ws.hub import Hub
from broker.client import Client
from broker.config import ConfigError
from broker.mosquitto import free_port
from tests.bridge_ws.bench import TOPICS, bridge, instrument
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


async def test_an_instrument_appears_with_its_values(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        described = await page.until(op="describe", state="online")
        await page.send(op="sub", id=1, filter="lab/+/data", mode="latest")
        ts = await balance.sample(weight=21.5, stable=True)

        assert described["meta"]["name"] == "Balance"
        assert await page.value("balance1", "weight", 21.5) == [ts, 21.5, None]


async def test_a_taken_port_is_one_sentence(mosquitto: TestBroker, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = BridgeConfig(data_dir=str(tmp_path), port=port, broker=mosquitto.config("bridge-main"))
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be listened on"):
            await service.serve(config, asyncio.Event())


async def test_a_wrong_tokens_file_is_one_sentence(mosquitto: TestBroker, tmp_path: Path) -> None:
    (tmp_path / "tokens.toml").write_text("[[token]]\nname = 5\n")
    with pytest.raises(ConfigError, match=r"tokens\.toml"):
        async with bridge(mosquitto, tmp_path):
            pass


async def test_two_bridges_do_not_share_a_folder(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path):
        with pytest.raises(ConfigError, match="in use"):
            async with bridge(mosquitto, tmp_path, user="logger-main"):
                pass


async def test_a_worker_that_dies_ends_everything(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Hub) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Hub, "look", broken)
    config = BridgeConfig(data_dir=str(tmp_path), port=free_port(), broker=mosquitto.config("bridge-main"))
    with pytest.raises(ExceptionGroup) as caught:
        await service.serve(config, asyncio.Event())
    assert caught.value.subgroup(ZeroDivisionError) is not None


def start(mosquitto: TestBroker, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    broker = mosquitto.config("bridge-main")
    (folder / "bridge.toml").write_text(
        f'data_dir = "data"\nport = {port}\nanonymous = "viewer"\n'
        f'[broker]\nport = {broker.port}\nuser = "bridge-main"\npassword_file = "{broker.password_file}"\n'
    )
    return subprocess.Popen(
        [sys.executable, "-m", "bridge_ws", "run", "-c", str(folder / "bridge.toml")],
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


async def test_the_process_starts_serves_and_stops(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with Client(mosquitto.config("viewer"), "watcher") as watcher:
        watcher.subscribe(TOPICS.service_status("bridge", "main"))
        port = free_port()
        process = start(mosquitto, tmp_path, port)
        try:
            states = [json.loads((await watcher.batch(1))[0].payload)["state"]]
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 30)
            states += [json.loads(m.payload)["state"] for m in await watcher.batch()]
        finally:
            process.kill()
            _, log = await asyncio.to_thread(process.communicate)

    assert code == 0, log.decode()
    assert (states[0], states[-1]) == ("online", "offline")
    assert b"Traceback" not in log


async def test_a_killed_bridge_is_lost(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with Client(mosquitto.config("viewer"), "watcher") as watcher:
        watcher.subscribe(TOPICS.service_status("bridge", "main"))
        process = start(mosquitto, tmp_path, free_port())
        states = [json.loads((await watcher.batch(1))[0].payload)["state"]]
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.communicate)

        async def lost() -> bool:
            states.extend(json.loads(m.payload)["state"] for m in await watcher.batch())
            return bool(states[-1] == "lost")

        await eventually(lost)
