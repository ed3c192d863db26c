"""What every use of a server begins with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msr_adapter.catalog import Catalog, catalog
from msr_adapter.session import LinkLost, Session
from msr_adapter.wire import Listing, requests

SILENT_S = 30.0
"""Whoever asks for a list does not wait longer for the next byte of it."""


async def read_catalog(session: Session) -> Catalog:
    """Everything the server offers. Raises LinkLost."""
    channels = await session.ask(requests.read_channels)
    parameters = await session.ask(requests.read_parameters)
    return catalog(
        [item for e in channels if isinstance(e, Listing) for item in e.items],
        [item for e in parameters if isinstance(e, Listing) for item in e.items],
    )


@asynccontextmanager
async def attended(session: Session) -> AsyncIterator[None]:
    """Answers are received while the block runs, and what comes unasked is dropped."""
    task = asyncio.create_task(_receive(session), name="MSR receive")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _receive(session: Session) -> None:
    """Until the end, of which everybody is told who has asked."""
    try:
        while True:
            async with asyncio.timeout(SILENT_S):
                await session.receive()
    except TimeoutError:
        session.fail(LinkLost(f"{session.address} has not answered for {SILENT_S:g} s"))
    except LinkLost as e:
        session.fail(e)
