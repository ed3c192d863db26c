import asyncio
from pathlib import Path

import pytest

from broker.client import Client
from broker.config import ConfigError
from broker.forget import connection, forget
from broker.topics import Kind, TopicError, Topics
from broker.users import UsersConfig, UserTable
from tests.support.broker import TestBroker

TOPICS = Topics()
EDGE = UserTable(name="edge-pi", role="edge", instruments=["balance1", "i1"])


def users(folder: Path, port: int = 1883) -> UsersConfig:
    return UsersConfig(data_dir=str(folder), secrets_dir=str(folder), port=port, user=[EDGE])


async def remembered(broker: TestBroker) -> set[str]:
    """The instruments' retained topics. What is published live comes after them, and ends the look."""
    async with Client(broker.config("edge-pi"), "marker") as edge, Client(broker.config("viewer"), "looker") as viewer:
        viewer.subscribe(f"{TOPICS.root}/+/+", retain_as_published=False)
        await viewer.subscribed()
        await anext(edge.connections())
        await edge.publish(TOPICS.of("i1", Kind.DATA), b"{}")
        found: set[str] = set()
        async with asyncio.timeout(10):
            async for message in viewer.messages:
                if not message.retain:
                    return found
                found.add(message.topic)
    raise AssertionError("the client was closed")


async def test_what_is_retained_is_cleared_and_the_rest_stays(mosquitto: TestBroker) -> None:
    (mosquitto.folder / "edge-pi").write_text((mosquitto.folder / "edge-pi.password").read_text())
    async with Client(mosquitto.config("edge-pi"), "edge") as client:
        await anext(client.connections())
        for instrument in ("balance1", "i1"):
            for kind in (Kind.META, Kind.STATUS, Kind.LAST):
                await client.publish(TOPICS.of(instrument, kind), b"{}", retain=True)

    await forget(connection(users(mosquitto.folder, mosquitto.port), "balance1"), "balance1")

    assert await remembered(mosquitto) == {TOPICS.of("i1", kind) for kind in (Kind.META, Kind.STATUS, Kind.LAST)}


def test_an_instrument_that_nobody_owns_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no user owns the instrument 'oven1'; there are balance1, i1"):
        connection(users(tmp_path), "oven1")
    with pytest.raises(TopicError, match="not a valid name"):
        connection(users(tmp_path), "+")


async def test_a_broker_that_is_not_there_is_one_sentence(mosquitto: TestBroker) -> None:
    await mosquitto.stop()
    (mosquitto.folder / "edge-pi").write_text("x")

    with pytest.raises(ConfigError, match="refuses connections"):
        await forget(connection(users(mosquitto.folder, mosquitto.port), "i1"), "i1", timeout_s=1)
