"""The page in Chromium, with the real bridge, broker, logger, edge and simulated instruments behind it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.dashboard.pages import FLAGS, Pages, chromium_path
from tests.support.broker import TestBroker
from tests.system.lab import Lab, laboratory

MISSING = "Chromium is missing: install the system's package `chromium`, or run `.venv/bin/playwright install chromium`"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/dashboard" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(180))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            pytest.skip(MISSING)
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def mosquitto(tmp_path: Path) -> AsyncIterator[TestBroker]:
    """As in tests/conftest.py, on the loop that the browser lives on."""
    broker = TestBroker(tmp_path / "mosquitto")
    broker.prepare()
    await broker.start()
    yield broker
    await broker.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def lab(chromium: Browser, mosquitto: TestBroker, tmp_path: Path) -> AsyncIterator[Lab]:
    """Bridge and logger around the broker, new for each test; the instruments are the test's own choice."""
    async with laboratory(tmp_path, mosquitto) as lab_:
        await lab_.logger()
        await lab_.bridge()
        yield lab_


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The same for all tests of a file, where none of them breaks what the next one needs."""
    folder = tmp_path_factory.mktemp("lab")
    broker = TestBroker(folder / "mosquitto")
    broker.prepare()
    await broker.start()
    try:
        async with laboratory(folder, broker) as lab_:
            await lab_.logger()
            await lab_.bridge()
            yield lab_
    finally:
        await broker.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def pages(chromium: Browser, lab: Lab) -> AsyncIterator[Pages]:
    """Opens the page; at the end it must not have complained, nor asked anybody but the bridge."""
    pages_ = Pages(chromium, lab)
    yield pages_
    await pages_.close()
    assert pages_.complaints == []
