"""A service's own records reach the store, whatever the broker does, and each once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.client import Client
from broker.config import ConfigError
from broker.messages import Note, ServiceStatus, encode
from broker.ranges import Ranges
from broker.records import Records
from tests.broker.standin import TOPICS, Disk, running
from tests.broker.test_agent import fast_monotonic, fast_sleep
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

SOURCE = "_bridge-main"
STATUS = TOPICS.service_status("bridge", "main")


@asynccontextmanager
async def service(mosquitto: TestBroker, folder: Path, stored_by: str = "main") -> AsyncIterator[Records]:
    """What a bridge does with its records."""
    async with (
        Client(mosquitto.config("bridge-main"), "bridge-main", sleep=fast_sleep) as client,
        Records(
            client, TOPICS, folder, SOURCE, stored_by=stored_by, sleep=fast_sleep, monotonic=fast_monotonic
        ) as records,
    ):
        tasks = [asyncio.create_task(_read(client, records)), asyncio.create_task(_tell(client, records))]
        try:
            yield records
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _read(client: Client, records: Records) -> None:
    async for message in client.messages:
        assert records.heard(message)
        client.ack(message)


async def _tell(client: Client, records: Records) -> None:
    seen = 0
    while True:
        if client.connected and (records.changed() or client.connection != seen):
            seen = client.connection
            status = ServiceStatus(state="online", boot=records.boot, stored_by="main", ehold=records.ehold)
            client.publish(STATUS, encode(status), retain=True)
        await asyncio.sleep(0.02)


def note(records: Records, text: str) -> Note:
    return records.publish(TOPICS.note("anna"), Note(ts=1, text=text, by="anna"))


async def test_records_are_numbered_and_stored(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with running(mosquitto, disk), service(mosquitto, tmp_path) as records:
        await eventually(lambda: records._client.connected)
        await asyncio.sleep(0.1)  # the status without records is out
        said = [note(records, f"note {k}") for k in range(20)]

        await eventually(lambda: disk.events.get((SOURCE, records.boot)) == Ranges([(0, 20)]))
        await eventually(lambda: not records.waiting)

    assert [n.eseq for n in said] == list(range(20))
    assert {n.boot for n in said} == {records.boot}


async def test_records_of_an_earlier_run_and_of_a_dead_broker_are_stored(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    await mosquitto.stop()
    async with service(mosquitto, tmp_path) as records:
        for k in range(100):
            note(records, f"note {k}")
        first = records.boot
    await mosquitto.start()

    async with service(mosquitto, tmp_path) as records, running(mosquitto, disk):
        note(records, "hello")

        await eventually(lambda: disk.events.get((SOURCE, first)) == Ranges([(0, 100)]), timeout=20)
        await eventually(lambda: disk.events.get((SOURCE, records.boot)) == Ranges([(0, 1)]))
        await eventually(lambda: not records.waiting)


async def test_without_a_logger_the_acknowledged_is_done_with(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with service(mosquitto, tmp_path, stored_by="") as records:
        for k in range(100):
            note(records, f"note {k}")

        await eventually(lambda: not records.waiting)


async def test_two_services_cannot_share_a_folder(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with service(mosquitto, tmp_path):
        with pytest.raises(ConfigError, match="in use"):
            async with service(mosquitto, tmp_path):
                pass
