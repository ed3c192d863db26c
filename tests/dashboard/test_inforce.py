"""A calibration on the page: what it says while it is in force, due, overdue, and when it has ended."""

import re
import time

import pytest
from playwright.async_api import Page, expect

from broker.calibration import Calibration, Correction, Uncertainty
from broker.client import Client
from broker.messages import encode
from broker.topics import Kind, Topics
from tests.dashboard.pages import INSTRUMENT, Pages, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEIGHT = "balance1/weight"
DAY_MS = 86_400_000


def calibration(due_days: float, **more: object) -> Calibration:
    """Adds 1 g; U = 0.2 g below 100 g and 0.4 g beyond."""
    given = {
        "id": "K-2026-0147",
        "unit": "g",
        "item": "balance-7",
        "serial": "4711",
        "due": int(time.time() * 1000 + due_days * DAY_MS),
        "range": (-1.0, 220.0),
        "correction": Correction(type="poly", coef=[1.0]),
        "U": [Uncertainty(x=0, U=0.2), Uncertainty(x=100, U=0.2), Uncertainty(x=100.1, U=0.4)],
    }
    return Calibration(**(given | more))  # type: ignore[arg-type]


async def publish(lab: Lab, weight: Calibration) -> None:
    async with Client(lab.broker.config("calibration-main"), "cal") as client:
        await eventually(lambda: client.connected)
        topic = Topics().of("balance1", Kind.CALIBRATION)
        await client.publish(topic, encode({"weight": weight}), retain=True)


async def balance(lab: Lab) -> None:
    """It corrects, and 50 g are on it."""
    await lab.simulate("mt-sics:balance1")
    table = INSTRUMENT.format(name="balance1", kind="mt-sics", port=lab.lines / "balance1")
    await lab.edge(table + "correct = true\n")
    lab.tell("balance1", "load 50")


async def badge(page: Page, words: str, tone: str) -> None:
    found = tile(page, WEIGHT).locator(f".calibration.{tone}")
    await expect(found).to_have_attribute("title", re.compile(f"^K-2026-0147: {words}"))
    await expect(found.locator(".calibration-id")).to_have_text("K-2026-0147")
    await expect(page.locator(".legend .calibration").first).to_contain_text(words)


async def test_a_calibration_from_its_beginning_to_its_end(lab: Lab, pages: Pages) -> None:
    await balance(lab)
    page = await pages.open()
    await expect(tile(page, WEIGHT).locator(".tile-number")).to_have_text(re.compile(r"^(49\.9|50\.0)"))
    await expect(tile(page, WEIGHT).locator(".tile-u")).to_have_count(0)

    await publish(lab, calibration(200))
    await expect(tile(page, WEIGHT).locator(".tile-number")).to_have_text(re.compile(r"^(50\.9|51\.0)"))
    await expect(tile(page, WEIGHT).locator(".tile-u")).to_have_text("± 0.20 g")
    await expect(tile(page, WEIGHT).locator(".calibration")).to_have_count(0)
    await expect(page.locator('.tile[data-key="balance1/weight_raw"]')).to_have_count(0)
    await expect(page.locator(".leaf", has_text="(raw)")).to_have_count(1)
    await shot(page, "calibrated")

    await publish(lab, calibration(5, status="due"))
    await badge(page, "calibration due", "warn")
    await publish(lab, calibration(-1, status="overdue"))
    await badge(page, "calibration overdue", "bad")
    await expect(tile(page, WEIGHT).locator(".tile-state")).to_contain_text("uncertain")
    await shot(page, "overdue")

    await tile(page, WEIGHT).hover()
    await tile(page, WEIGHT).locator(".tile-info").click()
    for words in ("K-2026-0147", "calibration overdue", "balance-7, no. 4711", "U = 0.20 g (k = 2)"):
        await expect(page.locator("dialog .facts, [role=dialog] .facts")).to_contain_text(words)
    await shot(page, "calibration-details")
    await page.keyboard.press("Escape")

    await publish(lab, Calibration(id="K-2026-0147", status="void", reason="balance-7 was removed"))
    await badge(page, "calibration void", "bad")
    await expect(tile(page, WEIGHT).locator(".tile-number")).to_have_text(re.compile(r"^(49\.9|50\.0)"))
    await expect(tile(page, WEIGHT).locator(".tile-u")).to_have_count(0)


async def test_outside_its_range_a_value_says_so(lab: Lab, pages: Pages) -> None:
    await balance(lab)
    await publish(lab, calibration(200, range=(0.0, 20.0)))
    page = await pages.open()

    await expect(tile(page, WEIGHT).locator(".tile-state")).to_contain_text("outside calibration")


async def test_a_correction_that_no_edge_applies_is_said(lab: Lab, pages: Pages) -> None:
    await lab.simulate("mt-sics:balance1")
    await lab.edge(INSTRUMENT.format(name="balance1", kind="mt-sics", port=lab.lines / "balance1"))
    await publish(lab, calibration(200))
    page = await pages.open()

    await badge(page, "correction not applied", "off")
    await expect(tile(page, WEIGHT).locator(".tile-u")).to_have_count(0)
