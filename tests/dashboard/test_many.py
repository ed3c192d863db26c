"""Many channels: groups first; and the page stays small however long it is open."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from broker.client import Client
from broker.messages import Block, Channel, Data, Meta, Status, Value, encode, with_rev
from broker.topics import Kind, Topics
from tests.dashboard.pages import Pages, drawn, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANNELS = {f"t{k}": Channel(unit="K", label=f"Stage {k}", group=f"stage {k // 12}", period_ms=1000) for k in range(48)}
TOPICS = Topics()


@asynccontextmanager
async def connected(lab: Lab, name: str) -> AsyncIterator[Client]:
    async with Client(lab.broker.config("edge-pi"), name) as client:
        await eventually(lambda: client.connected, 20, "connected")
        yield client


async def describe(client: Client, channels: dict[str, Channel], name: str = "plant") -> None:
    status = Status(state="online", boot="b1", ts=int(time.time() * 1000), edge="")
    await client.publish(
        TOPICS.of(name, Kind.META), encode(with_rev(Meta(name="Cryostat", channels=channels))), retain=True
    )
    await client.publish(TOPICS.of(name, Kind.STATUS), encode(status), retain=True, expiry_s=90)


async def test_above_forty_channels_groups_come_first(lab: Lab, pages: Pages) -> None:
    async with connected(lab, "test-many") as client:
        await describe(client, CHANNELS)
        values: dict[str, Value] = {name: 4.2 + k for k, name in enumerate(CHANNELS)}
        await client.publish(TOPICS.of("plant", Kind.DATA), encode(Data(ts=int(time.time() * 1000), values=values)))
        page = await pages.open()

        groups = page.locator(".group-head")
        await expect(groups).to_have_count(4)
        await expect(groups.first).to_contain_text("Cryostat · stage 0")
        await expect(groups.first).to_contain_text("12 channels")
        await expect(page.locator(".tile")).to_have_count(0)
        await shot(page, "groups")
        await groups.first.click()
        await expect(page.locator(".tile")).to_have_count(12)
        await page.keyboard.press("/")
        await page.keyboard.type("stage 47")
        await expect(page.locator(".tile")).to_have_count(1)


async def test_fast_signals_are_drawn_as_they_come(lab: Lab, pages: Pages) -> None:
    channels = {f"u{k}": Channel(unit="V", period_ms=1) for k in range(8)}
    async with connected(lab, "test-fast") as client:
        await describe(client, channels, "osc1")
        page = await pages.open(fragment="w=10")
        await expect(tile(page, "osc1/u0")).to_be_visible()

        for seq in range(30):
            begin = int((time.time() - 0.1) * 1e6)
            cols: dict[str, list[Value]] = {c: [float((seq * 100 + i) % 50) for i in range(100)] for c in channels}
            block = Block(boot="b1", seq=seq * 100, n=100, t0_us=begin, dt_us=1000, cols=cols)
            await client.publish(TOPICS.of("osc1", Kind.BLOCK), encode(block))
            await asyncio.sleep(0.1)

        for curve in await drawn(page, "V", 100):
            values = [v for _, v in curve["points"]]
            assert (min(values), max(values)) == (0, 49), "no extreme is lost"
            assert len(values) <= 2500, "two points a pixel, not one a sample"
        await shot(page, "fast")
