"""Waiting for something to become true, without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    look: Callable[[], Awaitable[T]], timeout: float = ..., what: str = ..., every: float = ...
) -> T: ...
@overload
async def eventually(look: Callable[[], T], timeout: float = ..., what: str = ..., every: float = ...) -> T: ...
async def eventually(look: Callable[[], Any], timeout: float = 30.0, what: str = "", every: float = 0.01) -> Any:
    """Call ``look`` until it returns something true, and return that. Fails after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while True:
        found = look()
        value: Any = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"still not {what or look} after {timeout:g} s; last: {value!r}")
        await asyncio.sleep(every)
