"""Who may see the page: without a token, with a wrong one, and after an update of the bridge."""

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import WebSocketRoute, expect

from tests.dashboard.pages import Pages, shot
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    return shared_lab


async def test_without_a_token_the_page_says_so_and_takes_one(lab: Lab, pages: Pages) -> None:
    page = await pages.open(who=None)

    await expect(page.get_by_role("alert")).to_contain_text("This page needs a token")
    await shot(page, "no-token")
    await page.get_by_label("Token or link").fill(f"{lab.url}/#token={lab.token('anna')}")
    await page.get_by_role("button", name="Open").click()

    await expect(page.locator(".chip.link")).to_contain_text("connected")


async def test_a_wrong_token_is_refused_in_words(lab: Lab, pages: Pages) -> None:
    page = await pages.open(token="wrong")

    await expect(page.get_by_role("alert")).to_contain_text("does not know the token")
    await shot(page, "wrong-token")


async def test_a_bridge_of_another_version_asks_for_a_reload(lab: Lab, pages: Pages) -> None:
    page = await pages.open(who=None)

    def through(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def to_page(message: str | bytes) -> None:
            if isinstance(message, str) and '"op":"welcome"' in message:
                message = msgspec.json.encode({**msgspec.json.decode(message), "version": 2}).decode()
            route.send(message)

        server.on_message(to_page)

    await page.route_web_socket("**/ws", through)
    await page.goto(f"{lab.url}/#token={lab.token('anna')}&w=60")
    await page.reload()

    await expect(page.get_by_role("alert")).to_contain_text("The bridge was updated")
    await expect(page.get_by_role("button", name="Reload")).to_be_visible()
    await shot(page, "other-version")
