"""Two loggers share a laboratory by instrument: one is killed under load, and every sample is in exactly one store."""

import asyncio
from collections.abc import Mapping

import pytest

from broker.client import Client
from broker.messages import decode
from broker.topics import Kind, Topics
from tests.support.waiting import eventually
from tests.system.lab import STREAM, Lab

RATE = 200
STORES: Mapping[str, str] = {"i0": "logger", "i1": "logger", "other1": "logger-kilns"}


async def start(lab: Lab) -> None:
    await lab.simulate(*(f"counter:{name}@{RATE}" for name in STORES))
    await lab.logger(instruments=["*", "!other*"])
    await lab.logger(name="kilns", instruments=["other*"])
    await lab.edge(*(STREAM.format(name=n, port=lab.lines / n) for n in ("i0", "i1")))
    await lab.edge(STREAM.format(name="other1", port=lab.lines / "other1"), name="other", stored_by="kilns")
    await until_sent(lab, 2 * RATE)


async def until_sent(lab: Lab, more: int) -> None:
    before = {name: len(lab.sent(name)) for name in STORES}
    await eventually(
        lambda: all(len(lab.sent(n)) >= before[n] + more for n in STORES), 60, f"{more} more numbers sent", every=0.2
    )


async def online(lab: Lab, name: str) -> None:
    """Until a logger says so."""
    topics = Topics()
    async with Client(lab.broker.config("viewer"), "waits-for-a-logger") as client, asyncio.timeout(30):
        client.subscribe(topics.service_status("logger", name))
        async for message in client.messages:
            if decode(Kind.SERVICE_STATUS, message.payload).state == "online":
                return


@pytest.mark.parametrize("killed", ["logger", "logger-kilns"])
async def test_one_is_killed_and_nothing_is_missing_or_double(lab: Lab, killed: str) -> None:
    await start(lab)
    await lab.programs[killed].kill()
    await until_sent(lab, 3 * RATE)
    await lab.programs[killed].restart()
    await until_sent(lab, 3 * RATE)

    for name in STORES:
        lab.tell(name, "silent")
    for name, by in STORES.items():
        sent = lab.sent(name)

        async def complete(name: str = name, by: str = by, last: int = sent[-1]) -> bool:
            lines = await lab.ledger(name, by=by)
            return all(x["complete"] for x in lines) and (await lab.stored(name, by=by))[-1:] == [last]

        await eventually(complete, 90, f"everything of {name} stored", every=0.5)
        stored = await lab.stored(name, by=by)
        assert stored == sent[sent.index(stored[0]) :]
    for name, by in STORES.items():
        (other,) = {"logger", "logger-kilns"} - {by}
        assert await lab.ledger(name, by=other) == []
    assert "is also stored by" not in lab.programs["logger"].tail(200) + lab.programs["logger-kilns"].tail(200)


async def test_who_would_share_an_instrument_does_not_begin(lab: Lab) -> None:
    await lab.logger(instruments=["*", "!kiln*"])
    await online(lab, "main")

    second = await lab.logger(name="kilns", instruments=["kiln*", "oven1"])
    await eventually(lambda: not second.alive, 30, "the second logger's end")
    assert second.process is not None
    assert second.process.returncode == 2
    assert "the logger 'kilns' with instruments" in second.tail()
    assert "would store 'oven1', and so does the logger 'main'" in second.tail()

    await lab.programs["logger"].end()
    third = await lab.logger(name="kilns", instruments=["kiln*", "oven1"])
    await online(lab, "kilns")
    assert third.alive
