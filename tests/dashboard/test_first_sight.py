"""What somebody sees who opens the link: everything that is alive, at once, with its history."""

import re
import time

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.dashboard.pages import NARROW, Pages, curves, drawn, instruments, number, plot, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    await instruments(shared_lab, *ALL)
    return shared_lab


ALL = ("balance1", "stirrer1", "vib1")
SUMMARY = re.compile(r"^Plot of Balance · Weight, .*Weight: last .* g, between")


async def test_everything_alive_is_there_without_a_click(lab: Lab, pages: Pages) -> None:
    page = await pages.open()

    await expect(page.locator(".chip.link")).to_contain_text("live")
    await expect(page.locator(".tile")).to_have_count(8)
    await expect(tile(page, "balance1/weight").locator(".tile-unit")).to_have_text("g")
    await expect(tile(page, "balance1/weight").locator(".tile-number")).to_contain_text(".")
    await expect(tile(page, "balance1/stable").locator(".tile-number")).to_have_text(re.compile("^(on|off)$"))
    await expect(tile(page, "vib1/ax").locator(".tile-state")).to_contain_text("ok")
    digits = (await tile(page, "balance1/weight").locator(".tile-number").inner_text()).partition(".")[2]
    assert len(digits) == 4, "the balance resolves 0.1 mg"
    for unit in ("g", "1/min", "N·cm", "m/s²"):
        await drawn(page, unit)
    assert len(await curves(page, "m/s²")) == 3
    await expect(plot(page, "Balance · Weight").locator(".canvas")).to_have_attribute("aria-label", SUMMARY)
    await shot(page, "live")


async def test_the_token_leaves_the_address_at_once_and_survives_a_reload(lab: Lab, pages: Pages) -> None:
    page = await pages.open(fragment="w=60")

    await expect(page.locator(".chip.link")).to_contain_text("live")
    assert "token" not in page.url
    assert page.url.endswith("#w=60")
    assert lab.token("anna") not in await page.content()
    await page.reload()
    await expect(page.locator(".chip.link")).to_contain_text("live")
    assert await page.evaluate("localStorage.getItem('labwire.token')") is None


async def test_history_stands_there_before_the_first_live_sample(lab: Lab, pages: Pages) -> None:
    opened = time.time() * 1000 + 3000
    await eventually(lambda: time.time() * 1000 > opened, 10)

    page = await pages.open()
    [curve, _] = await drawn(page, "1/min", 5)

    assert curve["points"][0][0] < opened - 1500, "what was before the page was opened"


async def test_what_the_instrument_writes_is_in_tile_curve_and_store(lab: Lab, pages: Pages) -> None:
    page = await pages.open(fragment="w=10")
    weight = tile(page, "balance1/weight")
    await expect(weight.locator(".tile-number")).not_to_have_text("–")

    lab.tell("balance1", "load 42.5")

    await eventually(lambda: _close(weight, 42.5), 20, "the tile shows the load", every=0.1)

    async def curve_follows() -> bool:
        [c] = await curves(page, "g")
        return bool(abs(c["points"][-1][1] - 42.5) < 0.01)

    await eventually(curve_follows, 20, "the curve too", every=0.1)
    written = re.findall(rb"S [SD] +([-.0-9]+) g", b"\n".join(lab.on_the_line("balance1", ">")))
    assert any(abs(float(weight) - 42.5) < 0.01 for weight in written), "as the balance wrote it on its line"

    async def stored() -> bool:
        rows = await lab.exported("balance1")
        return any(abs(float(row["weight (g)"] or 0) - 42.5) < 0.01 for row in rows)

    await eventually(stored, 20, "and the store has it", every=0.5)


async def _close(where: Locator, wanted: float) -> bool:
    return abs(await number(where) - wanted) < 0.01


async def test_a_plot_below_the_fold_does_not_say_it_is_empty(pages: Pages) -> None:
    page = await pages.open(size=(NARROW[0], 300))
    last = page.locator(".plot").last

    await expect(last).to_contain_text("m/s²")
    await expect(last.locator(".legend-value").first).to_contain_text(re.compile(r"\d"))
    await expect(last.locator(".legend-time")).to_have_text("")
    await expect(last.locator(".canvas")).to_have_attribute("aria-label", re.compile("last"))
    assert await page.evaluate("scrollY") == 0


async def test_lines_are_one_device_pixel_wide(lab: Lab, pages: Pages) -> None:
    page = await pages.open()
    for curve in await drawn(page, "1/min"):
        assert curve["width"] == 1


async def test_a_phone_has_two_columns_and_a_drawer(lab: Lab, pages: Pages) -> None:
    page = await pages.open(size=NARROW)

    tree = page.get_by_role("navigation")
    await expect(page.locator(".tile").first).to_be_visible()
    await expect(tree).to_be_hidden()
    boxes = [await page.locator(".tile").nth(i).bounding_box() for i in range(2)]
    assert len({box["y"] for box in boxes if box}) == 1, "two tiles side by side"
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], "nothing sticks out"
    await page.get_by_role("button", name="Instruments").click()
    await expect(tree).to_be_visible()
    await shot(page, "drawer")
    await tree.get_by_text("Weight").click()
    await expect(tree).to_be_hidden()
