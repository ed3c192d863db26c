"""Waiting for something to become true, without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    look: Callable[[], T | Awaitable[T]], timeout: float = 10.0, what: str = "", every: float = 0.01
) -> T:
    """Call ``look`` until it returns something true, and return that. Fails after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while True:
        found = look()
        value = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"still not {what or look} after {timeout:g} s; last: {value!r}")
        await asyncio.sleep(every)
