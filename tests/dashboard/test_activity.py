"""Notes, runs, events and alarms: listed, marked in the plots, and still there after a reload."""

import re
import time

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from broker.client import Client
from broker.messages import Event, encode
from broker.topics import Kind, Topics
from tests.dashboard.pages import Pages, drawn, instruments, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    await instruments(shared_lab, "stirrer1")
    return shared_lab


async def opened(pages: Pages) -> Page:
    page = await pages.open(fragment="w=60")
    await drawn(page, "1/min", 4)
    return page


async def kept(lab: Lab, text: str) -> bool:
    async with lab.http() as http:
        now = time.time() * 1000
        marks = await http.get("/api/marks", params={"from": int(now - 60_000), "to": int(now + 60_000)})
    return any(m["text"] == text for m in marks.json())


async def test_a_note_is_listed_and_survives_a_reload(lab: Lab, pages: Pages) -> None:
    page = await opened(pages)

    await page.get_by_label("Note", exact=True).fill("Added 5 ml of acid")
    await page.keyboard.press("Enter")

    note = page.locator('.entry[data-kind="note"]')
    await expect(note).to_contain_text("Added 5 ml of acid anna")
    await expect(page.get_by_label("Note", exact=True)).to_have_value("")
    await eventually(lambda: kept(lab, "Added 5 ml of acid"), 20, "the note in the log", every=0.1)
    await page.reload()
    await expect(note).to_contain_text("Added 5 ml of acid")
    await expect(note).to_have_count(1)
    summary = page.locator('.plot[aria-label="Stirrer · Speed"] .canvas')
    await expect(summary).to_have_attribute("aria-label", re.compile(r"\d+ marks?\."))
    await shot(page, "note")


async def test_a_run_is_started_and_stopped(lab: Lab, pages: Pages) -> None:
    page = await opened(pages)

    await page.get_by_role("button", name="Start a run").click()
    await page.get_by_label("Name of the run").fill("Melt 12")
    await page.get_by_label("Sample").fill("Sn-37Pb")
    await page.get_by_role("button", name="Start", exact=True).click()

    await expect(page.locator(".open-run")).to_contain_text("Melt 12 – Sn-37Pb")
    await shot(page, "run")
    await page.reload()
    await expect(page.locator(".open-run")).to_contain_text("Melt 12 – Sn-37Pb")
    await page.locator(".open-run").get_by_role("button", name="Stop").click()
    await expect(page.locator(".open-run")).to_have_count(0)
    await expect(page.locator('.entry[data-kind="run"][data-state="stopped"]')).to_have_count(1)


async def test_an_alarm_is_sticky_until_seen(lab: Lab, pages: Pages) -> None:
    page = await opened(pages)
    chip = page.locator(".chip.alarm")

    async with Client(lab.broker.config("edge-pi"), "test-alarm") as client:
        await eventually(lambda: client.connected, 20, "connected")

        async def event(state: str, text: str) -> None:
            ts = int(time.time() * 1000)
            message = Event(ts=ts, kind="high", text=text, severity="error", channel="torque", state=state)  # type: ignore[arg-type]
            await client.publish(Topics().of("stirrer1", Kind.EVENT), encode(message))

        await event("raised", "Torque above 8 N·cm")
        await expect(chip).to_contain_text("1 alarm")
        await expect(page.locator("[aria-live=assertive]")).to_contain_text("Torque above 8 N·cm")
        await expect(page).to_have_title(re.compile("^▲"))
        await shot(page, "alarm")
        await event("cleared", "Torque is fine again")
        await expect(page.locator('.entry[data-state="cleared"]').first).to_contain_text("Torque is fine again")
        await expect(chip).to_contain_text("1 alarm")

    await chip.click()
    dialog = page.get_by_role("dialog", name="Alarms")
    await expect(dialog).to_contain_text("over")
    await shot(page, "alarms")
    await dialog.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(chip).to_have_count(0)
    await page.reload()
    await expect(tile(page, "stirrer1/speed")).to_be_visible()
    await expect(page.locator('.entry[data-kind="event"]').first).to_be_visible()
    await expect(chip).to_have_count(0)


async def test_values_are_never_read_out(lab: Lab, pages: Pages) -> None:
    page = await opened(pages)

    live = await page.evaluate(
        "[...document.querySelectorAll('[aria-live], [role=status], [role=log], output')].map(e => e.textContent)"
    )

    assert live == ["", ""]
    assert await page.locator(".tile [aria-live]").count() == 0
