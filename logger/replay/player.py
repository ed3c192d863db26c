"""Publishes a tape: each message when it is due, in order, confirmed by the broker."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from math import inf

from broker.client import Client, NotConnected, Refused
from broker.config import ConfigError
from broker.runtime import Sleep
from logger.replay.pace import Pace
from logger.replay.script import Cue, Recorded, Script
from logger.replay.tape import WINDOW_MS, Tape

log = logging.getLogger("logger.replay")

AT_ONCE = 200
"""Messages sent before the broker's word on them is waited for."""
LOOK_S = 0.1
"""How soon a pause, a key, a new link is noticed."""
BEAT_S = 30.0
"""Statuses are said again in this time: they expire, and a slow or paused record does not say them often enough."""


@dataclass(slots=True)
class Player:
    """Plays once. ``position_ms`` is on the record's clock."""

    tape: Tape
    script: Script
    client: Client
    pace: Pace
    monotonic: Callable[[], float] = time.monotonic
    sleep: Sleep = asyncio.sleep
    position_ms: int = 0
    messages: int = 0
    _waiting: list[tuple[Cue, "asyncio.Future[None]"]] = field(default_factory=list)
    _statuses: dict[str, Cue] = field(default_factory=dict)

    async def play(self, from_ms: int, to_ms: int) -> None:
        """Raises ConfigError when the broker does not allow it, HistoryError."""
        self.position_ms = from_ms
        for recorded in await asyncio.to_thread(self.tape.opening, from_ms):
            await self._show(recorded)
        await self._confirm()
        self.pace.begin(self.monotonic())
        async for window in self._windows(from_ms, to_ms):
            for recorded in window:
                await self._due(recorded.t_ms)
                await self._show(recorded)
        await self._due(to_ms)
        await self._confirm()

    def toggle(self) -> None:
        """Pause, or go on."""
        self.pace.toggle(self.monotonic())

    async def beat(self) -> None:
        """Keep what was last said of each instrument from expiring."""
        while True:
            await self.sleep(BEAT_S)
            for cue in list(self._statuses.values()):
                self._publish(cue)

    async def _windows(self, from_ms: int, to_ms: int) -> AsyncIterator[list[Recorded]]:
        """The next is read while one is played."""
        reading: asyncio.Task[list[Recorded]] | None = None
        try:
            for start in range(from_ms, to_ms, WINDOW_MS):
                reading = reading or self._read(start, to_ms)
                window = await reading
                reading = self._read(start + WINDOW_MS, to_ms) if start + WINDOW_MS < to_ms else None
                yield window
        finally:
            if reading is not None:
                await asyncio.wait({reading})

    def _read(self, start: int, to_ms: int) -> "asyncio.Task[list[Recorded]]":
        end = min(start + WINDOW_MS, to_ms)
        return asyncio.create_task(asyncio.to_thread(self.tape.window, start, end), name="replay: read")

    # --- one message ---

    async def _due(self, t_ms: int) -> None:
        while (wait := self.pace.wait_s(t_ms, self.monotonic())) > 0:
            await self._confirm()
            await self.sleep(min(wait, LOOK_S))
            if not self.pace.paused and self.pace.speed != inf:
                self.position_ms = max(self.position_ms, t_ms - int(wait * 1000 * self.pace.speed))
        self.position_ms = max(self.position_ms, t_ms)

    async def _show(self, recorded: Recorded) -> None:
        cue = self.script.cue(recorded)
        if cue is None:
            return
        if cue.expiry_s is not None:
            self._statuses[cue.topic] = cue
        self._waiting.append((cue, self._publish(cue)))
        self.messages += 1
        if len(self._waiting) >= AT_ONCE:
            await self._confirm()

    def _publish(self, cue: Cue) -> "asyncio.Future[None]":
        return self.client.publish(cue.topic, cue.payload, qos=cue.qos, retain=cue.retain, expiry_s=cue.expiry_s)

    async def _confirm(self) -> None:
        """Until the broker has everything; what a broken link has swallowed is said again, in order."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            again = [cue for cue, said in waiting if not await _arrived(said, cue)]
            while again and not self.client.connected:
                await self.sleep(LOOK_S)
            self._waiting = [(cue, self._publish(cue)) for cue in again]


async def _arrived(said: "asyncio.Future[None]", cue: Cue) -> bool:
    try:
        await said
    except NotConnected:
        return False
    except Refused as e:
        raise ConfigError(f"the broker lets nobody of this name show {cue.topic}: {e}; its role is 'replay'") from e
    return True
