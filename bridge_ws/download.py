"""A file that is made while it is sent: in threads, as fast as the client takes it, a few at a time."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from fastapi import Response
from starlette.types import Receive, Scope, Send

from logger.export.core import Export, Part
from logger.store import History, HistoryError

log = logging.getLogger("bridge_ws.download")

AT_A_TIME = 2
PART_BYTES = 256 * 1024
STEP_S = 0.5
"""No longer in a thread at a time: whoever ends the bridge, or goes away, is noticed."""
STALL_S = 60.0
"""A client that takes no PART_BYTES in this time is cut: it keeps the database's log from being shortened."""


@dataclass(slots=True)
class Turns:
    """How many downloads may still begin."""

    free: int = AT_A_TIME

    def take(self) -> bool:
        """Whether there was one."""
        if self.free == 0:
            return False
        self.free -= 1
        return True

    def give(self) -> None:
        self.free += 1


@dataclass(slots=True)
class Running:
    """An export that has begun, with the history it reads; ``close`` gives both back, and its turn."""

    history: History
    export: Export
    turns: Turns
    closed: bool = field(default=False)

    def more(self) -> bytes | None:
        """The next bytes, empty when that takes long; None when it is complete. Blocking.

        Raises HistoryError and OSError."""
        return _gathered(self.export.parts)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.turns.give()
            self.export.parts.close()
            self.history.close()


def _gathered(parts: Iterator[Part], monotonic: Callable[[], float] = time.monotonic) -> bytes | None:
    found: list[bytes] = []
    size, until = 0, monotonic() + STEP_S
    for part in parts:
        found.append(part.data)
        size += len(part.data)
        if size >= PART_BYTES or monotonic() >= until:
            return b"".join(found)
    return b"".join(found) if found else None


class Download(Response):
    """Sends a Running. What cannot be finished is cut off, so that no client takes a half file for a whole one."""

    def __init__(self, running: Running) -> None:
        super().__init__(media_type=running.export.media)
        self._running = running
        del self.headers["content-length"]
        self.headers["content-disposition"] = f'attachment; filename="{running.export.name}"'
        self.headers["cache-control"] = "no-store"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(self._running.close)
            gone = asyncio.create_task(_gone(receive), name="bridge download: client")
            stack.callback(gone.cancel)
            try:
                await self._send(send, gone)
            except TimeoutError:
                log.warning("a download of %s was cut: its client takes nothing", self._running.export.name)
            except (HistoryError, OSError) as e:
                log.error("a download of %s was cut: %s", self._running.export.name, e)

    async def _send(self, send: Send, gone: "asyncio.Task[None]") -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while (data := await self._more()) is not None:
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b""})

    async def _more(self) -> bytes | None:
        """The next bytes; what a thread has begun it also ends before anything is closed."""
        step = asyncio.ensure_future(asyncio.to_thread(self._running.more))
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            await asyncio.wait({step})
            raise


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
