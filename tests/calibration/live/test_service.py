"""The service's own words: its status. What it does is in tests/system/test_calibration.py."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from broker.client import Client
from broker.config import ConfigError
from broker.messages import ServiceStatus, decode
from broker.topics import Kind, Topics
from calibration.live.config import CalibrationConfig
from calibration.live.service import Pulse, serve
from tests.calibration.live.lab import register
from tests.support.broker import TestBroker

TOPICS = Topics()


async def test_it_says_that_it_is_there_and_when_it_goes(mosquitto: TestBroker, tmp_path: Path) -> None:
    register(tmp_path / "cal")
    config = CalibrationConfig(calibration_dir=str(tmp_path / "cal"), broker=mosquitto.config("calibration-main"))
    stop, states = asyncio.Event(), []
    async with Client(mosquitto.config("viewer"), "viewer") as viewer, asyncio.TaskGroup() as group:
        viewer.subscribe(TOPICS.service_status("calibration", "main"))
        group.create_task(serve(config, stop))
        async for message in viewer.messages:
            status: ServiceStatus = decode(Kind.SERVICE_STATUS, message.payload)
            states.append(status.state)
            viewer.ack(message)
            if status.state == "offline":
                break
            stop.set()
    assert (states[0], states[-1]) == ("online", "offline")


async def test_without_a_register_it_does_not_begin(tmp_path: Path) -> None:
    config = CalibrationConfig(calibration_dir=str(tmp_path / "spam"))
    with pytest.raises(ConfigError, match="is no register"):
        await serve(config, asyncio.Event())


def test_its_will() -> None:
    will = Pulse(TOPICS, "main", "b", lambda: 0.0).will(3)
    lost = msgspec.json.decode(will.payload, type=ServiceStatus)
    assert (will.topic, lost.state, lost.conn, lost.ts) == ("lab/_sys/calibration/main/status", "lost", 3, None)
