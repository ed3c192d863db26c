"""Descriptions before samples: a real Mosquitto with a queue for a logger whose database is gone."""

import asyncio
from pathlib import Path

from broker.client import Client
from broker.messages import Channel, Meta, encode
from broker.topics import Kind
from logger.descriptions import retained
from logger.store import History
from tests.logger.support import TOPICS
from tests.logger.test_service import edge_and_ear, logger, rows, sample
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

META = encode(Meta(name="Counter", channels={"temp": Channel(type="str")}))


async def test_a_new_store_knows_the_types_of_what_waited_in_the_queue(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with edge_and_ear(mosquitto) as (edge, ear):
        await eventually(lambda: edge.connected)
        await edge.publish(TOPICS.of("i1", Kind.META), META, retain=True)
        async with logger(mosquitto, tmp_path):
            await eventually(lambda: ear.state() == "online")
        for leftover in (tmp_path / "logger").glob("labwire.db*"):
            leftover.unlink()
        for seq in range(3):
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
        await eventually(lambda: len([t for t, _ in ear.all if t == TOPICS.of("i1", Kind.DATA)]) == 3)
        async with logger(mosquitto, tmp_path):
            await eventually(lambda: ear.state() == "online")
            await eventually(lambda: len(rows(tmp_path)) == 3)

    with History(tmp_path / "logger" / "labwire.db") as history:
        assert history.channels("i1", 0, 2**62) == [("temp", "str")]


async def test_everything_that_is_retained_and_nothing_else(mosquitto: TestBroker) -> None:
    async with Client(mosquitto.config("edge-pi"), "edge-pi") as edge:
        await eventually(lambda: edge.connected)
        names = [f"i{k}" for k in range(10)]
        for name in names:
            edge.publish(TOPICS.of(name, Kind.META), META, retain=True)
        await edge.publish(TOPICS.of("i0", Kind.DATA), sample(0))
        found = await retained(mosquitto.config("logger-main"), "look", TOPICS.all_of(Kind.META))

    assert sorted(m.topic for m in found) == [TOPICS.of(name, Kind.META) for name in names]


async def test_a_logger_without_a_broker_can_be_stopped(mosquitto: TestBroker, tmp_path: Path) -> None:
    await mosquitto.stop()
    async with asyncio.timeout(20), logger(mosquitto, tmp_path):
        await eventually(lambda: (tmp_path / "logger" / "labwire.db").exists())
