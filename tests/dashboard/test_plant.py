"""An EtherLab plant and a balance on a serial line in one page, and a set point that moves the plant."""

import json
import re
from itertools import pairwise

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from broker.mosquitto import free_port
from logger.store import History
from msr_adapter.examples import plant_toml
from tests.dashboard.pages import Pages, curves, drawn, instruments, number, plot, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
PORT = free_port()
PLOTS = "p=balance1/weight|kiln/fan_vibration|kiln/air_on,kiln/setpoint"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    """The balance behind an edge, the plant behind the adapter with the demo's own configuration."""
    control = shared_lab.folder / "plant.control"
    await shared_lab.run("plant", "msr", "simulate", "--port", str(PORT), "--signals", "2", "--control", str(control))
    await eventually(control.exists, 20, "the plant")
    config = shared_lab.folder / "msr.toml"
    broker = shared_lab.broker.config("edge-etherlab")
    config.write_text(plant_toml(PORT, shared_lab.folder / "msr", broker), encoding="utf-8")
    await shared_lab.run("msr", "msr", "run", "--config", str(config))
    await instruments(shared_lab, "balance1")
    return shared_lab


async def in_the_plant(lab: Lab, path: str) -> float:
    """What stands in the plant itself, asked past broker and adapter."""
    [line] = json.loads(await lab.labwire("msr", "list", f"127.0.0.1:{PORT}", "--glob", path, "--json"))
    return float(line["value"])


def form(page: Page, command: str) -> Locator:
    return page.locator(f'.command-form[data-command="{command}"]')


async def test_a_1_khz_signal_of_the_plant_and_the_balance_stand_in_one_page(lab: Lab, pages: Pages) -> None:
    page = await pages.open(fragment=f"w=10&{PLOTS}")

    await expect(tile(page, "balance1/weight").locator(".tile-unit")).to_have_text("g")
    await expect(tile(page, "kiln/fan_vibration").locator(".tile-state")).to_contain_text("ok")
    await expect(tile(page, "kiln/air_on").locator(".tile-unit")).to_have_text("°C")
    await expect(tile(page, "kiln/door").locator(".tile-number")).to_have_text(re.compile("^(on|off)$"))
    await expect(plot(page, "Kiln · Fan")).to_be_visible()
    await drawn(page, "g")
    [vibration] = await drawn(page, "mm/s", 300)  # as many as there are pixels
    values = [v for _, v in vibration["points"]]
    assert min(values) < -0.3 < 0.3 < max(values), "the fan shakes both ways"
    await shot(page, "plant")

    async def stored() -> list[int]:
        with History(lab.database) as history:
            chunks = [r.chunk for r in history.rows("kiln", ["fan_vibration"], 0, 2**62)]
            chunks = [c for c in chunks if "fan_vibration" in c.columns]
        rows = [zip(c.t_us.tolist(), c.columns["fan_vibration"].python(), strict=True) for c in chunks]
        times = sorted(t for chunk in rows for t, value in chunk if value is not None)
        return times if len(times) > 2000 else []

    times = await eventually(stored, 20, "stored samples of the fan", every=0.5)
    assert {round((b - a) / 1000) for a, b in pairwise(times)} == {1}, "every millisecond, none left out"


async def test_a_set_point_changed_in_the_page_changes_the_plants_curve(lab: Lab, pages: Pages) -> None:
    page = await pages.open(fragment=f"w=60&{PLOTS}")
    await drawn(page, "°C", 4)
    await page.get_by_role("group", name="Instrument").get_by_role("button", name="Kiln").click()
    heater = form(page, "set_setpoint")
    air_on = tile(page, "kiln/air_on")

    async def at(level: float) -> bool:
        return abs(await number(air_on) - level) < 2

    await eventually(lambda: at(65), 40, "the kiln as it begins", every=0.2)
    await heater.get_by_label("Air-on set point").fill("90")
    await heater.get_by_role("button", name="Set Air-on set point").click()

    await expect(heater.locator(".outcome")).to_have_attribute("data-state", "done")
    assert await in_the_plant(lab, "/Plant/Kiln/HeaterSetpoint") == 90
    await expect(tile(page, "kiln/setpoint").locator(".tile-number")).to_have_text("90.0")
    await eventually(lambda: at(90), 60, "the kiln gets hotter", every=0.2)
    await eventually(lambda: _rises(page), 10, "and the curve shows it", every=0.2)
    entry = page.locator('.entry[data-kind="command"]').filter(has_text="Set Air-on set point")
    await expect(entry).to_contain_text("✔")
    await shot(page, "plant-setpoint")


async def _rises(page: Page) -> bool:
    """The air's curve from the old set point to the new one."""
    for curve in await curves(page, "°C"):
        values = [v for _, v in curve["points"]]
        if abs(values[-1] - 90) < 2 and min(values) < 67 and max(values) < 95:
            return True
    return False


async def test_beyond_its_limits_nothing_reaches_the_plant(lab: Lab, pages: Pages) -> None:
    page = await pages.open()
    await page.get_by_role("group", name="Instrument").get_by_role("button", name="Kiln").click()
    before = await in_the_plant(lab, "/Plant/Kiln/FanSetpoint")
    fan = form(page, "set_fan")

    await fan.get_by_label("Fan").fill("101")
    await fan.get_by_role("button", name="Set Fan").click()

    await expect(fan.locator(".field-problem")).to_contain_text("allowed: 0 … 100")
    assert await in_the_plant(lab, "/Plant/Kiln/FanSetpoint") == before
