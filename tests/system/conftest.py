"""The laboratory fixture: real processes around a real Mosquitto, ended by process id at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.broker import TestBroker
from tests.system.lab import Lab, laboratory


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/system" in str(item.path):
            item.add_marker(pytest.mark.system)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(240))


@pytest_asyncio.fixture
async def lab(mosquitto: TestBroker, tmp_path: Path) -> AsyncIterator[Lab]:
    async with laboratory(tmp_path, mosquitto) as laboratory_:
        yield laboratory_
