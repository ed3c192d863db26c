from pathlib import Path

import pytest

from broker.client import Client
from broker.messages import EdgeStatus, ServiceStatus, encode
from broker.topics import Kind, Topics
from labwire.health import identity, judge, look, main
from tests.support.broker import TestBroker

TOPICS = Topics()


async def publish(mosquitto: TestBroker, user: str, topic: str, payload: bytes) -> None:
    async with Client(mosquitto.config(user), f"{user}-test") as client:
        client.subscribe(topic)
        await client.subscribed()
        await client.publish(topic, payload, retain=True)


async def test_a_service_that_says_so_lives(mosquitto: TestBroker) -> None:
    topic = TOPICS.service_status("logger", "main")
    await publish(mosquitto, "logger-main", topic, encode(ServiceStatus(state="online", boot="b")))
    health = await look("logger", "main", mosquitto.config("logger-main"), 10)
    assert (health.alive, health.text) == (True, "logger main is online")


async def test_an_edge_may_look_at_itself(mosquitto: TestBroker) -> None:
    topic = TOPICS.edge_status("pi")
    await publish(mosquitto, "edge-pi", topic, encode(EdgeStatus(state="degraded", boot="b", reason="no line")))
    health = await look("edge", "pi", mosquitto.config("edge-pi"), 10)
    assert (health.alive, health.text) == (True, "edge pi is degraded: no line")


async def test_silence_is_no_life(mosquitto: TestBroker) -> None:
    health = await look("bridge", "main", mosquitto.config("bridge-main"), 0.5)
    assert not health.alive
    assert "bridge main has said nothing" in health.text


async def test_no_broker_is_said(mosquitto: TestBroker) -> None:
    config = mosquitto.config("logger-main")
    await mosquitto.kill()
    health = await look("logger", "main", config, 1)
    assert not health.alive
    assert f"127.0.0.1:{config.port}" in health.text


@pytest.mark.parametrize(
    ("state", "alive"), [("holding", False), ("lost", False), ("offline", False), ("starting", True)]
)
def test_states(state: str, alive: bool) -> None:
    payload = encode(ServiceStatus(state=state, boot="b"))  # type: ignore[arg-type]
    assert judge("logger main", Kind.SERVICE_STATUS, payload).alive is alive


def test_a_status_that_is_none_is_no_life() -> None:
    assert not judge("logger main", Kind.SERVICE_STATUS, b"{").alive


async def test_the_adapter_is_looked_for_as_an_edge_and_called_by_its_own_name(mosquitto: TestBroker) -> None:
    topic = TOPICS.edge_status("etherlab")
    await publish(mosquitto, "edge-etherlab", topic, encode(EdgeStatus(state="online", boot="b")))
    health = await look("msr", "etherlab", mosquitto.config("edge-etherlab"), 10)
    assert (health.alive, health.text) == (True, "msr etherlab is online")


@pytest.mark.parametrize("service", ["edge", "msr", "logger", "bridge", "calibration"])
def test_the_name_comes_from_the_services_own_file(service: str) -> None:
    name, broker = identity(service, Path("deploy/compose") / f"{service}.toml")
    assert name == {"edge": "demo", "msr": "etherlab"}.get(service, "main")
    assert broker.user == f"{'edge' if service == 'msr' else service}-{name}"


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bridge", "-c", str(tmp_path / "no.toml")]) == 2
    assert "no.toml cannot be read" in capsys.readouterr().err
