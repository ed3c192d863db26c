"""The original client library against the simulator: what it can do with the real server it can do here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.simulator.server import Server

pdcom5: Any = pytest.importorskip("pdcom5", reason="pdcom5 has no wheel for this machine")
pytestmark = pytest.mark.filterwarnings("ignore:Server does not support parameter write feedback")


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[Any, Server]]:
    async with simulating(Settings(signals=8, **settings)) as server:
        process = pdcom5.Process("labwire tests")
        await process.connect(f"msr://127.0.0.1:{server.port}")
        try:
            yield process, server
        finally:
            process.close()
            await asyncio.sleep(0)


async def take(subscription: Any, count: int) -> list[tuple[timedelta, Any]]:
    """The next (time, value) pairs."""
    got = []
    async with aclosing(aiter(subscription.subscriber.newValues(autoclose=False))) as stamps:
        async for stamp in stamps:
            value = subscription.value
            got.append((stamp, value.copy() if hasattr(value, "copy") else value))
            if len(got) == count:
                break
    return got


async def test_connects_and_pings() -> None:
    async with connected() as (process, _):
        await process.ping()

        assert process.name == "labwire malting plant"
        assert process.version == "1.0.0"


async def test_lists_directories_and_everything() -> None:
    async with connected() as (process, server):
        root = await process.list("/")
        kiln = await process.list("/Plant/Kiln")
        everything = await process.list("")

        assert root.directories == ["/Counter", "/Plant", "/Sine", "/Special", "/State", "/Taskinfo", "/Test", "/Types"]
        assert "/Plant/Kiln/HeaterSetpoint" in [v.path for v in kiln.variables]
        model = server.world.model
        assert len(everything.variables) == len(model.signals) + len(model.parameters)


async def test_finds_and_polls() -> None:
    async with connected() as (process, _):
        matrix = await process.find("/Test/Param/Mat2x3")
        counter = await process.find("/Types/TULINTMatrix")

        assert await process.find("/no/such") is None
        assert (await matrix.poll())[0].tolist() == [[11, 12, 13], [21, 22, 23]]
        first = (await counter.poll())[0]
        assert first.shape == (2, 4)
        assert int(first[0, 0]) > 2**63
        assert int(first[0, 1]) - int(first[0, 0]) == 1 << 20


@pytest.mark.parametrize(
    "name", ["TDBL", "TFLT", "TLINT", "TULINT", "TINT", "TUINT", "TSHORT", "TUSHORT", "TCHAR", "TUCHAR"]
)
async def test_subscribes_to_every_type(name: str) -> None:
    async with connected() as (process, _):
        subscription = await process.subscribe(0.02, f"/Types/{name}")

        (t0, first), (t1, second), (t2, third) = await take(subscription, 3)

        span = 2 ** (8 * 1) if "CHAR" in name else 2 ** (8 * 2) if "SHORT" in name else 2**64
        factor = 1 << 20 if "LINT" in name else 1
        assert [(int(b) - int(a)) % span for a, b in ((first, second), (second, third))] == [20 * factor, 20 * factor]
        assert timedelta(milliseconds=19) < t1 - t0 < timedelta(milliseconds=21)
        assert t1 < t2


async def test_subscribes_to_vectors_in_blocks() -> None:
    """1 ms is 40 samples a frame, a frame every 40 ms."""
    async with connected() as (process, _):
        subscription = await process.subscribe(0.001, "/Types/TLINTVector")

        got = await take(subscription, 100)

        numbers = [int(v[0]) for _, v in got]
        assert {b - a for a, b in pairwise(numbers)} == {3 << 20}
        assert all((int(v[1]) - int(v[0]), int(v[2]) - int(v[1])) == (1 << 20, 1 << 20) for _, v in got)


async def test_subscribes_to_several_tasks_at_once() -> None:
    async with connected() as (process, _):
        fast = await process.subscribe(0.01, "/Counter/C0000")
        slow = await process.subscribe(0.1, "/Plant/Kiln/AirOnTemperature")

        assert len(await take(fast, 3)) == 3
        ((_, temperature),) = await take(slow, 1)
        assert 15 < float(temperature) < 125


async def test_subscribes_to_changes() -> None:
    async with connected() as (process, _):
        subscription = await process.subscribe(pdcom5.Transmission.event_mode, "/State/Toggle")

        got = await take(subscription, 3)

        values = [int(v) for _, v in got]
        assert values in ([1, 0, 1], [0, 1, 0])
        assert got[2][0] - got[1][0] == pytest.approx(timedelta(seconds=0.5), abs=timedelta(milliseconds=1))


async def test_writes_and_the_plant_follows() -> None:
    async with connected() as (process, server):
        heater = await process.find("/Plant/Kiln/HeaterSetpoint")
        before = (await (await process.find("/Plant/Kiln/AirOnTemperature")).poll())[0]

        await heater.setValue(90.0)

        assert (await heater.poll())[0] == 90.0
        air = await process.subscribe(0.1, "/Plant/Kiln/AirOnTemperature")
        (*_, (_, after)) = await take(air, 5)
        assert float(after) > float(before)
        knob = server.world.model.parameter(b"/Plant/Kiln/HeaterSetpoint")
        assert knob is not None
        assert server.world.model.number(knob) == 90.0


async def test_writes_exactly_and_in_part() -> None:
    async with connected() as (process, _):
        large = await process.find("/Test/Param/TLINT")
        vector = await process.find("/Test/Param/Vec5")

        await large.setValue(2**53 + 1)
        await vector.setValue([5.0, 4.0, 3.0, 2.0, 1.0])

        assert int((await large.poll())[0]) == 2**53 + 1
        assert (await vector.poll())[0].tolist() == [5, 4, 3, 2, 1]


async def test_messages() -> None:
    async with connected() as (process, _):
        messages = process.streamMessages()
        waiting = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        event_set = await process.find("/Test/Param/EventSet")

        await event_set.setValue([0, 0, 0, 0, 1, 1])
        got = [await waiting, await anext(messages)]

        assert [(m.path, m.index) for m in got] == [("/Test/Event/Limits", 2), ("/Test/Event/Crit", -1)]
        await messages.aclose()


async def test_broadcasts_and_statistics() -> None:
    async with connected() as (process, _):
        broadcasts = process.streamBroadcasts()
        waiting = asyncio.ensure_future(anext(broadcasts))
        await asyncio.sleep(0)

        await process.broadcast("hello <all>")

        assert (await waiting).message == "hello <all>"
        (who,) = await process.getClientStatistics()
        assert who.application_name == "labwire tests"
        await broadcasts.aclose()


async def test_one_byte_segments() -> None:
    async with connected(faults=("fragments 1",)) as (process, _):
        subscription = await process.subscribe(0.01, "/Counter/C0000")

        numbers = [float(v) for _, v in await take(subscription, 20)]

        assert {b - a for a, b in pairwise(numbers)} == {10.0}
