"""Fixtures for every test: a real Mosquitto, and a guard that no test leaves a task behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.support.broker import TestBroker

# Machines are slow and noisy: a property is right or wrong, never late.
settings.register_profile("labwire", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labwire")


@pytest_asyncio.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[TestBroker]:
    """A running Mosquitto on a free port, with the users of tests/support/broker.py."""
    folder = tmp_path / "mosquitto"
    broker = TestBroker(folder)
    broker.prepare()
    await broker.start()
    yield broker
    await broker.stop()


@pytest_asyncio.fixture(autouse=True)
async def no_task_leaks() -> AsyncIterator[None]:
    """Fail a test that ends while a task of its own still runs."""
    before = asyncio.all_tasks()
    yield
    leaked = [t for t in asyncio.all_tasks() - before if not t.done() and t is not asyncio.current_task()]
    assert not leaked, f"the test left tasks behind: {leaked}"
