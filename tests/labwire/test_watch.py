import asyncio
import json

import pytest

from broker.client import Client
from broker.messages import Channel, Meta, encode
from broker.topics import Kind, Topics
from labwire.watch import main
from tests.support.broker import TestBroker

TOPICS = Topics()
SAMPLE = b'{"ts":1767270000123,"values":{"mass":1.5}}'


def flags(mosquitto: TestBroker, *more: str) -> list[str]:
    config = mosquitto.config("viewer")
    where = ["--host", config.host, "--port", str(config.port), "--user", config.user]
    return [*where, "--password-file", config.password_file, *more]


async def watched(mosquitto: TestBroker, *more: str) -> int:
    """Run it while samples come."""
    async with Client(mosquitto.config("edge-pi"), "edge-pi") as edge:
        await anext(edge.connections())
        meta = Meta(channels={"mass": Channel(unit="g", resolution=0.001)})
        await edge.publish(TOPICS.of("balance1", Kind.META), encode(meta), retain=True)
        running = asyncio.create_task(asyncio.to_thread(main, flags(mosquitto, *more)))
        while not running.done():
            await edge.publish(TOPICS.of("balance1", Kind.DATA), SAMPLE)
            await asyncio.wait({running}, timeout=0.05)
        return running.result()


async def test_samples_are_lines_with_units(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert await watched(mosquitto, "--count", "3", TOPICS.all_of(Kind.DATA)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("lab/balance1/data  mass 1.500 g")


async def test_everything_is_watched_where_nothing_is_asked_for(
    mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await watched(mosquitto, "--count", "2", "--json") == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["kind"], first["retain"]) == ("meta", True)
    assert (second["kind"], second["units"]) == ("data", {"mass": "g"})


async def test_a_filter_that_is_none_is_a_sentence(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, flags(mosquitto, "a/#/b")) == 2
    assert "labwire watch: " in capsys.readouterr().err


async def test_a_broker_that_does_not_let_us_in(mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, ["--host", "127.0.0.1", "--port", str(mosquitto.port), "--user", "x"]) == 1
    assert "does not accept user 'x'" in capsys.readouterr().err


async def test_what_is_said_now_is_not_marked_as_kept(
    mosquitto: TestBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(mosquitto.config("edge-pi"), "edge-pi") as edge:
        await anext(edge.connections())
        topic = TOPICS.of("balance1", Kind.LAST)
        await edge.publish(topic, b'{"ts":1,"mass":1}', retain=True)
        running = asyncio.create_task(asyncio.to_thread(main, flags(mosquitto, "--count", "2", topic)))
        while not running.done():
            await edge.publish(topic, b'{"ts":2,"mass":2}', retain=True)
            await asyncio.wait({running}, timeout=0.05)
    kept, now = capsys.readouterr().out.splitlines()
    assert "[retained]" in kept
    assert "[retained]" not in now
