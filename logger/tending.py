"""The store's housekeeping beside its work: a fifth of the time at most, and never in the way of a batch for long."""

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from broker.runtime import Clock, Sleep
from broker.values import Figures
from logger.reserve import Reserve
from logger.room import Forecast
from logger.store.tend import Tended
from logger.store.writer import Store

log = logging.getLogger("logger.store")

IDLE_S = 5.0
SHARE = 4
"""So many times as long as a step took, the next one waits."""
KEPT_EVERY_S = 3600.0

T = TypeVar("T")


class InThread(Protocol):
    """Runs work in the store's thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


class Tending:
    """Runs while the service runs; ``figures`` are for its status."""

    def __init__(self, store: Store, in_thread: InThread, reserve: Reserve | None, clock: Clock, sleep: Sleep) -> None:
        self._store = store
        self._in_thread = in_thread
        self._reserve = reserve
        self._clock = clock
        self._sleep = sleep
        self._forecast = Forecast()
        self._free = 0
        self._expired = 0
        self._kept = 0
        self._warned = float("-inf")

    async def run(self) -> None:
        while True:
            loop = asyncio.get_running_loop()
            began = loop.time()
            more = await self._step()
            await self._sleep(max(0.02, SHARE * (loop.time() - began)) if more else IDLE_S)

    async def _step(self) -> bool:
        try:
            tended, used = await self._in_thread(self._tend)
        except sqlite3.DatabaseError as e:
            if isinstance(e, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise  # our mistake, not the disk's
            return self._no_room(e)
        self._forecast.add(self._clock(), used)
        self._expired += tended.expired.samples
        self._warn(tended)
        return tended.more

    def _tend(self) -> tuple[Tended, int]:
        self._free = free_bytes(self._store.path.parent)
        if self._reserve is not None:
            self._reserve.keep(self._free)
        return self._store.tend(int(self._clock() * 1000), self._free), self._store.used_bytes()

    def _no_room(self, e: sqlite3.DatabaseError) -> bool:
        """A full disk: what retention may delete needs room to be deleted."""
        if self._reserve is not None and self._reserve.release():
            log.warning("the reserve of the disk is given to retention: %s", e)
            return True
        return False

    def _warn(self, tended: Tended) -> None:
        self._kept = tended.expired.kept
        if self._kept and self._clock() - self._warned > KEPT_EVERY_S:
            self._warned = self._clock()
            log.warning("samples that are due by retention stay: they are not yet projected")

    @property
    def figures(self) -> Figures:
        """``days_left`` None: not known yet, or nothing grows."""
        return {
            "disk_free_bytes": self._free,
            "days_left": self._forecast.days_left(self._free),
            "expired_pieces": self._expired,
            "kept_pieces": self._kept,
        }


def free_bytes(folder: Path) -> int:
    """What this user may still write there."""
    return shutil.disk_usage(folder).free
