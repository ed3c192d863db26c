"""The page at a bridge whose root is the stage: a recorded laboratory is shown live, unchanged."""

import pytest
from playwright.async_api import expect

from broker.mosquitto import free_port
from tests.dashboard.pages import Pages, drawn, instruments, shot, tile
from tests.support.waiting import eventually
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def theatre(lab: Lab) -> None:
    """From here on ``lab.url`` is a second bridge, below the root ``replay``."""
    text = (lab.folder / "bridge.toml").read_text()
    config = lab.broker.config("bridge-replay")
    port = free_port()
    text = text.replace(f"port = {lab.page_port}", f'name = "replay"\nstored_by = ""\nport = {port}')
    text = text.replace(f'data_dir = "{lab.folder}/bridge"', f'data_dir = "{lab.folder}/theatre"')
    text = text.replace(f'history_db = "{lab.database}"', 'history_db = ""')
    text = text.replace('user = "bridge-main"', 'user = "bridge-replay"\nroot = "replay"')
    text = text.replace(str(lab.broker.config("bridge-main").password_file), config.password_file)
    (lab.folder / "theatre.toml").write_text(text)
    await lab.run("theatre", "bridge", "run", "-c", str(lab.folder / "theatre.toml"))
    lab.page_port = port


async def test_a_recorded_laboratory_is_shown_live(lab: Lab, pages: Pages) -> None:
    await instruments(lab, "balance1")

    async def recorded() -> bool:
        return lab.database.exists() and len(await lab.exported("balance1")) > 20

    await eventually(recorded, 60, "a while recorded", every=1.0)
    await lab.programs["edge"].end()
    secret = lab.broker.config("replay-main").password_file
    (lab.folder / "replay.toml").write_text(
        f'history_db = "logger/labwire.db"\n[broker]\nport = {lab.broker.port}\nuser = "replay-main"\n'
        f'password_file = "{secret}"\n'
    )
    await theatre(lab)
    await eventually(lambda: lab._page_is_there(), 30, "the theatre")
    replay = await lab.run("replay", "replay", "-c", str(lab.folder / "replay.toml"), "--shift-now")
    page = await pages.open()

    await expect(tile(page, "balance1/weight").locator(".tile-number")).to_contain_text(".")
    await expect(tile(page, "balance1/weight").locator(".tile-unit")).to_have_text("g")
    (curve,) = await drawn(page, "g", 5)
    values = {float(r["weight (g)"]) for r in await lab.exported("balance1") if r["weight (g)"]}
    assert {round(v, 4) for _, v in curve["points"]} <= {round(v, 4) for v in values}
    await shot(page, "replay")
    await expect(page.get_by_role("button", name="Tare")).to_have_count(0)  # there is nobody to obey
    await replay.end()
    pages.complaints[:] = [c for c in pages.complaints if "503" not in c]  # this bridge has no history, and says so
