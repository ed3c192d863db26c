"""Keeps one instrument's line open, reads it for ever and lets commands have their turn on it."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Never, Protocol

from broker.commands import CommandFailed
from broker.messages import Command, Meta, PresenceState, Quality, Value
from broker.runtime import Clock, Sleep, backoff
from edge.driver import Driver, Item, Progress, Rows, Sample, Trouble
from edge.gather import FAST_MS, Gather
from edge.health import Health
from edge.links.base import Link, LinkError
from edge.raised import Raised

log = logging.getLogger("edge.supervise")


LOOK_EVERY_S = 1.0
"""How often a missing port is looked for."""


class Outlet(Protocol):
    """Where readings and states go: what is used of ``broker.agent.Instrument``."""

    def sample(
        self, values: Mapping[str, Value], *, t_us: int | None = None, q: Mapping[str, Quality] = ...
    ) -> None: ...

    def block(
        self,
        cols: Mapping[str, Sequence[Value]],
        *,
        t0_us: int | None = None,
        dt_us: int | None = None,
        t_us: Sequence[int] | None = None,
        q: Mapping[str, Mapping[int, Quality]] = ...,
    ) -> None: ...

    def status(self, state: PresenceState, reason: str = "") -> None: ...

    def event(
        self,
        kind: str,
        text: str,
        *,
        severity: Literal["debug", "info", "warning", "error", "critical"] = "info",
        state: Literal["", "raised", "cleared"] = "",
    ) -> None: ...

    def describe(self, meta: Meta) -> None: ...


class Supervised:
    """One instrument: opens its line, runs its driver, reports offline with the reason, waits 1 → 60 s, again.

    ``plugged`` says whether the port is there at all, ``raised`` which alarms an earlier run has left. Only LinkError
    means "try again"; any other exception is a mistake of the driver and ends the process.
    """

    def __init__(
        self,
        name: str,
        driver: Driver[Any],
        new_link: Callable[[], Link],
        *,
        plugged: Callable[[], bool] = lambda: True,
        raised: Raised | None = None,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.driver = driver
        self._new_link = new_link
        self._plugged = plugged
        self._raised = Raised() if raised is None else raised
        self._clock, self._sleep, self._rng = clock, sleep, rng
        self._link: Link | None = None
        self._outlet: Outlet | None = None
        self._health = Health()
        self._gather = Gather()
        self._fast: frozenset[str] = frozenset()
        self._was_read = False

    async def run(self, outlet: Outlet) -> Never:
        """Read for ever into ``outlet``."""
        self._outlet = outlet
        outlet.status(self._health.state, self._health.reason)
        waits = backoff(rng=self._rng)
        while True:
            reason = await self._session(outlet)
            if self._was_read:
                waits = backoff(rng=self._rng)
            self._report_gone(outlet, reason)
            await self._pause(next(waits))

    async def execute(self, command: Command, progress: Progress) -> dict[str, Value]:
        """Carry out a command when the line is free. Raises CommandFailed: ``offline`` at once when it is not open,
        ``expired`` when its time was over before its turn came, else what the driver says."""
        link, outlet = self._link, self._outlet
        if link is None or outlet is None:
            raise self._offline()
        await self._take_turn(link, command)
        try:
            if self._link is not link:
                raise self._offline()
            return await self.driver.execute(link, command, self._publish, progress)
        except LinkError as e:
            raise CommandFailed("no_answer", f"{e}; whether it was done is unknown") from e
        finally:
            link.turn.release()

    async def _pause(self, seconds: float) -> None:
        """Wait; a port that was missing and is there again ends it within a second."""
        if self._plugged():
            await self._sleep(seconds)
            return
        while seconds > 0 and not self._plugged():
            await self._sleep(min(seconds, LOOK_EVERY_S))
            seconds -= LOOK_EVERY_S

    # --- the line -----------------------------------------------------------------------------------------------------

    async def _session(self, outlet: Outlet) -> str:
        """From opening the line to losing it; the reason."""
        self._was_read = False
        link = self._new_link()
        try:
            await link.open()
            await self.driver.start(link)
            meta = self.driver.meta
            outlet.describe(meta)
            self._fast = frozenset(name for name, c in meta.channels.items() if 0 < (c.period_ms or 0) < FAST_MS)
            self._link = link
            await self.driver.run(link, self._publish)
            return f"{self.name} stopped by itself"
        except LinkError as e:
            return str(e)
        finally:
            self._link = None
            self._hand_over(self._gather.flush(), outlet)
            await link.close()

    def _publish(self, item: Item) -> None:
        outlet = self._outlet
        if outlet is None:
            return
        if isinstance(item, Trouble):
            self._hand_over(self._gather.flush(), outlet)
            if self._health.trouble(item.reason):
                log.warning("%s", item.reason)
                outlet.status("degraded", item.reason)
            return
        self._report_reading(outlet)
        if isinstance(item, Sample) and not self._fast.isdisjoint(item.values):
            self._hand_over(self._gather.add(item), outlet)
        else:
            self._hand_over([item], outlet)

    def _hand_over(self, items: Sequence[Item], outlet: Outlet) -> None:
        for item in items:
            if isinstance(item, Sample):
                outlet.sample(item.values, t_us=item.t_us, q=item.q)
            elif isinstance(item, Rows):
                outlet.block(item.cols, t0_us=item.t0_us, dt_us=item.dt_us, t_us=item.t_us, q=item.q)

    def _report_reading(self, outlet: Outlet) -> None:
        self._was_read = True
        if self._health.reading():
            log.info("%s is online", self.name)
            outlet.status("online")
            if self._raised.clear(self.name):
                outlet.event("link", "the instrument answers", state="cleared")

    def _report_gone(self, outlet: Outlet, reason: str) -> None:
        was_alive = self._health.state != "offline"
        if self._health.gone(reason):
            log.warning("%s is offline: %s", self.name, reason)
            outlet.status("offline", reason)
            if was_alive:
                self._raised.note(self.name)
                outlet.event("link", reason, severity="warning", state="raised")

    # --- commands -----------------------------------------------------------------------------------------------------

    async def _take_turn(self, link: Link, command: Command) -> None:
        """Wait for the line, but never longer than the command lives: nothing fires late."""
        now = self._clock()
        begun = now if command.ts is None else command.ts / 1000
        try:
            async with asyncio.timeout(max(0.0, begun + command.ttl_ms / 1000 - now)):
                await link.turn.acquire()
        except TimeoutError:
            raise CommandFailed("expired", "the line was busy until the command's time was over") from None

    def _offline(self) -> CommandFailed:
        return CommandFailed("offline", f"{self.name} is offline: {self._health.reason}")
