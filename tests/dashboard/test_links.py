"""What the page says when something on the way is gone: each case in its own words, nothing claimed to be current."""

import itertools
import re
import time

import pytest
from playwright.async_api import expect

from tests.dashboard.pages import Pages, curves, drawn, instruments, number, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRIP = ".strip"


async def test_the_bridge_goes_and_comes_back_and_the_gap_is_filled(lab: Lab, pages: Pages) -> None:
    await instruments(lab, "stirrer1")
    page = await pages.open(fragment="w=60")
    await drawn(page, "1/min", 4)

    await lab.programs["bridge"].kill()
    lost = time.time() * 1000

    await expect(page.locator(STRIP)).to_contain_text(re.compile(r"No connection to the bridge since \d\d:\d\d:\d\d"))
    speed = tile(page, "stirrer1/speed")
    await expect(speed).to_have_class(re.compile(r"\bgone\b"))
    await expect(speed.locator(".tile-state")).to_have_text(re.compile(r"\d+(\.\d)? s old"))
    assert await number(speed) > 0, "the last value stays on screen"
    await expect(page.locator(".obstacle")).to_contain_text("No connection to the bridge")
    await expect(page.locator('[data-command="set_speed"] .present')).to_have_text("last known: 300 1/min")
    await page.wait_for_timeout(3000)
    await shot(page, "bridge-away")

    await lab.bridge()

    await expect(page.locator(STRIP)).to_have_count(0)
    await expect(speed).to_have_class(re.compile(r"\bfresh\b"))
    back = time.time() * 1000

    async def filled() -> bool:
        times = [t for t, _ in (await curves(page, "1/min"))[0]["points"] if lost - 2000 < t < back]
        # The bridge was away for more than 4 s; a slow machine may poll late, but not that late.
        return len(times) > 5 and max(b - a for a, b in itertools.pairwise(times)) < 3000

    await eventually(filled, 40, "the time of the outage, drawn from the log", every=0.2)


async def test_the_broker_goes_and_comes_back(lab: Lab, pages: Pages) -> None:
    await instruments(lab, "stirrer1")
    page = await pages.open(fragment="w=60")
    await drawn(page, "1/min", 4)

    await lab.broker.kill()

    await expect(page.locator(STRIP)).to_contain_text("The bridge has no connection to the MQTT broker since")
    await expect(page.locator(".chip.link")).to_have_text(re.compile("broker down"))
    await expect(tile(page, "stirrer1/speed")).to_have_class(re.compile(r"\bgone\b"))
    await shot(page, "broker-away")

    await lab.broker.start()

    await expect(page.locator(STRIP)).to_have_count(0)
    await expect(tile(page, "stirrer1/speed")).to_have_class(re.compile(r"\bfresh\b"))


async def test_a_silent_instrument_is_old_before_it_is_said_to_be_offline(lab: Lab, pages: Pages) -> None:
    await instruments(lab, "stirrer1", "balance1")
    page = await pages.open()
    await drawn(page, "1/min")

    lab.tell("stirrer1", "silent")

    speed = tile(page, "stirrer1/speed")
    await expect(speed).to_have_class(re.compile(r"\b(stale|gone)\b"))
    await expect(speed.locator(".tile-state")).to_contain_text(re.compile(r"\d+(\.\d)? s old"))
    await expect(tile(page, "balance1/weight")).to_have_class(re.compile(r"\bfresh\b"))
    await expect(page.locator(".trouble")).to_have_text(re.compile(r"^(offline|degraded)\b.*"))
    await shot(page, "instrument-silent")

    lab.tell("stirrer1", "normal")

    await expect(speed).to_have_class(re.compile(r"\bfresh\b"))


async def test_an_edge_that_dies_is_another_sentence(lab: Lab, pages: Pages) -> None:
    await instruments(lab, "stirrer1")
    page = await pages.open()
    await drawn(page, "1/min")

    await lab.programs["edge"].kill()

    await expect(page.locator(".trouble")).to_contain_text("lost")
    await expect(page.locator(".obstacle")).to_contain_text("Stirrer has been lost")
    await shot(page, "edge-lost")
    await lab.programs["edge"].restart()
    await expect(tile(page, "stirrer1/speed")).to_have_class(re.compile(r"\bfresh\b"))


async def test_nothing_there_yet_says_what_to_do(lab: Lab, pages: Pages) -> None:
    page = await pages.open()

    await expect(page.get_by_role("heading")).to_have_text("Connected to the broker, no instruments yet.")
    await expect(page.get_by_text("labwire demo")).to_be_visible()
    await shot(page, "empty")

    await instruments(lab, "balance1")

    await expect(tile(page, "balance1/weight")).to_be_visible()


async def test_a_stopped_logger_is_said_too(lab: Lab, pages: Pages) -> None:
    page = await pages.open()
    await expect(page.locator(".chip.link")).to_contain_text("connected")

    await lab.programs["logger"].end()

    await expect(page.locator(".chip.warn")).to_contain_text("log ")
    await lab.programs["logger"].restart()
    await expect(page.locator(".chip.warn")).to_have_count(0)
