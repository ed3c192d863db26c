"""Pause, zoom, back to live; reading and comparing; the table; what can be taken home."""

import csv
import itertools
import re
import time
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.dashboard.pages import Pages, curves, drawn, instruments, plot, shot
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    await instruments(shared_lab, "stirrer1")
    return shared_lab


SPEED = "Stirrer · Speed"


async def shown(page: Page, unit: str = "1/min") -> tuple[float, float]:
    low, high = (await curves(page, unit))[0]["shown"]
    return low, high


async def stirrer(pages: Pages, fragment: str = "w=10") -> Page:
    page = await pages.open(fragment=fragment)
    await drawn(page, "1/min", 4)
    return page


def channels_of(columns: list[str]) -> list[str]:
    """The channels of a file; what comes from history has a smallest and a largest each."""
    return list(dict.fromkeys(re.sub(" (min|max)$", "", column) for column in columns))


async def test_space_pauses_and_nothing_is_lost_meanwhile(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    await page.keyboard.press("Space")
    await expect(page.locator(".chip.link")).to_contain_text("paused")
    paused_at = time.time() * 1000
    before = await eventually(lambda: _at_rest(page), 10, "a plot at rest")
    await page.wait_for_timeout(2500)
    assert await shown(page) == before
    await shot(page, "paused")
    await page.keyboard.press("Space")

    async def went_on() -> bool:
        times = [t for t, _ in (await curves(page, "1/min"))[0]["points"]]
        return any(paused_at + 500 < t < paused_at + 2000 for t in times)

    await eventually(went_on, 20, "samples of the time of the pause", every=0.1)
    await expect(page.locator(".pill")).to_have_count(0)


async def _at_rest(page: Page) -> tuple[float, float] | None:
    """What the plot shows, if that is the same a moment later."""
    before = await shown(page)
    await page.wait_for_timeout(300)
    return before if await shown(page) == before else None


async def test_a_drag_looks_closer_and_the_pill_leads_back_to_live(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages, "w=60")
    box = await plot(page, SPEED).locator(".u-over").bounding_box()
    assert box

    await page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 50, steps=5)
    await page.mouse.up()

    await expect(page.get_by_role("button", name="back to live")).to_be_visible()
    await eventually(lambda: _span_within(page, 6000, 12_000), 10, "a closer look", every=0.1)
    await page.get_by_role("button", name="back to live").click()
    await eventually(lambda: _span_within(page, 59_950, 60_050), 10, "the whole window again", every=0.1)
    _, high = await shown(page)
    assert abs(high - time.time() * 1000) < 3000, "at the live edge"


async def _span_within(page: Page, least: float, most: float) -> bool:
    low, high = await shown(page)
    return least < high - low < most


async def test_keys_choose_the_window_and_the_address_remembers(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    for key, ms in (("2", 60_000), ("3", 600_000), ("4", 3_600_000), ("1", 10_000)):
        await page.keyboard.press(key)
        await eventually(partial(_span_within, page, ms - 50, ms + 50), 10, f"a window of {ms} ms", every=0.1)
    assert page.url.endswith("#w=10")
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(".pill")).to_be_visible()
    await page.keyboard.press("f")
    await expect(page.locator(".pill")).to_have_count(0)
    await page.keyboard.press("/")
    await page.keyboard.type("torque 2")
    await expect(page.locator(".tile")).to_have_count(0)
    await expect(page.get_by_text("No channel matches")).to_be_visible()
    assert "#w=10&" in page.url, "a digit typed in the filter is no key"
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    await shot(page, "help")


async def test_the_readout_follows_the_cursor_and_gives_differences(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    await page.keyboard.press("Space")
    box = await plot(page, SPEED).locator(".u-over").bounding_box()
    assert box

    await page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 50)
    await page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60)

    head = plot(page, SPEED).locator(".legend-time")
    await expect(head).to_have_text(re.compile(r"Δ −(1\.9|2\.0)"))
    await expect(plot(page, SPEED).locator(".legend-delta").last).to_contain_text("Δ 0")
    await page.keyboard.press("Escape")
    await expect(head).not_to_contain_text("Δ")


async def test_the_table_says_what_the_canvas_shows(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    await plot(page, SPEED).get_by_role("button", name="Show as table").click()

    table = plot(page, SPEED).get_by_role("table")
    await expect(table.get_by_role("columnheader").first).to_have_text("Time")
    columns = await table.get_by_role("columnheader").all_inner_texts()
    assert channels_of(columns[1:]) == ["Speed [1/min]", "Set point [1/min]"]
    assert await table.get_by_role("row").count() > 3
    await shot(page, "table")


async def test_what_is_on_screen_can_be_saved(lab: Lab, pages: Pages, tmp_path: Path) -> None:
    page = await stirrer(pages)
    await page.keyboard.press("Space")

    async with page.expect_download() as csv_download:
        await plot(page, SPEED).get_by_role("button", name="CSV").click()
    async with page.expect_download() as png_download:
        await plot(page, SPEED).get_by_role("button", name="PNG").click()

    file = tmp_path / "speed.csv"
    await (await csv_download.value).save_as(file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    columns = list(rows[0])
    assert columns[:2] == ["time_utc", "unix_ms"]
    assert channels_of(columns[2:]) == ["stirrer1/speed [1/min]", "stirrer1/setpoint [1/min]"]
    low, high = await shown(page)
    assert all(low <= float(r["unix_ms"]) <= high for r in rows)
    assert {r["stirrer1/setpoint [1/min]"] for r in rows} - {""} == {"300"}
    picture = tmp_path / "speed.png"
    await (await png_download.value).save_as(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 3000, "not an empty canvas"


async def test_e_offers_everything_for_saving(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    await page.keyboard.press("e")

    dialog = page.get_by_role("dialog", name="Save what is on screen")
    async with page.expect_download() as download:
        await dialog.get_by_role("button", name="All as one CSV").click()
    head = Path(await (await download.value).path()).read_text(encoding="utf-8-sig").splitlines()[0]
    assert len(channels_of(head.split(",")[2:])) == 3
    await shot(page, "export")


async def test_a_channel_dragged_onto_a_plot_is_drawn_there(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    await page.locator('.tile[data-key="stirrer1/torque"]').drag_to(plot(page, SPEED))

    await expect(plot(page, "Stirrer").locator(".legend-label")).to_have_text(["Speed", "Set point", "Torque"])
    assert "p=stirrer1%2Fspeed" in page.url or "p=stirrer1/speed,stirrer1/setpoint,stirrer1/torque" in page.url
    await page.reload()
    await expect(plot(page, "Stirrer").locator(".legend-label")).to_have_text(["Speed", "Set point", "Torque"])
    await shot(page, "two-units")


async def test_where_there_were_no_samples_there_is_no_line(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)

    lab.tell("stirrer1", "unplug")
    await page.wait_for_timeout(3000)
    lab.tell("stirrer1", "plug")

    async def gap() -> bool:
        speed = (await curves(page, "1/min"))[0]
        times = [t for t, _ in speed["points"]]
        return any(b - a > 2000 and any(a < g < b for g in speed["gaps"]) for a, b in itertools.pairwise(times))

    await page.keyboard.press("2")
    await eventually(gap, 40, "a gap with samples on both sides", every=0.2)
    await shot(page, "gap")
