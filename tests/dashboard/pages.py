"""How the tests see and use the page."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, expect

from tests.support.waiting import eventually
from tests.system.lab import Lab

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 30_000
SHOTS = os.environ.get("LABWIRE_SCREENSHOTS", "")
"""A folder: then every state that a test comes by is kept there as a picture, light and dark, wide and narrow."""

WIDE, NARROW = (1400, 900), (390, 844)

INSTRUMENT = """
[[instrument]]
name = "{name}"
driver = "{kind}"
port = "{port}"
simulated = true
"""
KINDS = {"balance1": "mt-sics", "stirrer1": "namur", "vib1": "vibration"}

expect.set_options(timeout=PATIENCE_MS)


def chromium_path(playwright: Playwright) -> str | None:
    """The system's Chromium, else Playwright's own; None: there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


async def instruments(lab: Lab, *names: str) -> None:
    """Simulated instruments of KINDS behind an edge, online at the bridge."""
    await lab.simulate(*(f"{KINDS[n]}:{n}" for n in names))
    await lab.edge(*(INSTRUMENT.format(name=n, kind=KINDS[n], port=lab.lines / n) for n in names))

    async def online() -> bool:
        async with lab.http() as http:
            states = {i["instrument"]: i["state"] for i in (await http.get("/api/instruments")).json()}
        return all(states.get(n) == "online" for n in names)

    await eventually(online, 40, f"{names} online", every=0.1)


@dataclass
class Pages:
    """Opens pages and listens to their complaints."""

    browser: Browser
    lab: Lab
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self,
        who: str | None = "anna",
        *,
        fragment: str = "",
        size: tuple[int, int] = WIDE,
        token: str = "",
        dark: bool = False,
    ) -> Page:
        """The page as ``who`` gets it by link; None: without a token. ``fragment``: more of the fragment."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size[0] < 700,
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("request", lambda r: self._asked(r.url))
        secret = token or (self.lab.token(who) if who else "")
        parts = [p for p in (f"token={secret}" if secret else "", fragment) if p]
        await page.goto(f"{self.lab.url}/" + ("#" + "&".join(parts) if parts else ""))
        return page

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()

    def _console(self, message: ConsoleMessage) -> None:
        # A bridge that is away is no complaint: the page says so itself.
        if message.type in ("error", "warning") and "net::ERR_" not in message.text and "401" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.lab.url, "blob:", "data:")):
            self.complaints.append(f"the page asked {url}")


def tile(page: Page, key: str) -> Locator:
    return page.locator(f'.tile[data-key="{key}"]')


def plot(page: Page, title: str) -> Locator:
    return page.locator(f'.plot[aria-label="{title}"]')


async def number(where: Locator) -> float:
    """The number a tile shows."""
    text = await where.locator(".tile-number").inner_text()
    return float(text.replace("−", "-"))


async def curves(page: Page, unit: str) -> list[dict[str, Any]]:
    """What the plot of ``unit`` has drawn: for each curve its points [ms, value] and where the pen was lifted."""
    script = """async (unit) => {
      const uPlot = (await import("uplot")).default;
      const u = uPlot.sync("labwire").plots.find((p) => p.series[1].scale === unit);
      if (!u) return [];
      return u.series.slice(1).map((s, i) => ({
        points: u.data[0].map((t, k) => [t, u.data[i + 1][k]]).filter(([, v]) => v !== null && v !== undefined),
        gaps: u.data[0].filter((t, k) => u.data[i + 1][k] === null),
        shown: [u.scales.x.min, u.scales.x.max], width: s.width,
      }));
    }"""
    found: list[dict[str, Any]] = await page.evaluate(script, unit)
    return found


async def drawn(page: Page, unit: str, least: int = 2) -> list[dict[str, Any]]:
    """The curves of ``unit``, once they have points."""

    async def look() -> list[dict[str, Any]]:
        found = await curves(page, unit)
        return found if found and all(len(c["points"]) >= least for c in found) else []

    return await eventually(look, 30, f"a curve in {unit}", every=0.1)


async def shot(page: Page, name: str) -> None:
    """Keep pictures of this state, where somebody wants to look at them."""
    if not SHOTS:
        return
    folder = Path(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for width, height in (WIDE, NARROW):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.wait_for_timeout(700)
            await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
    await page.emulate_media(color_scheme="light")
    if before:
        await page.set_viewport_size(before)
