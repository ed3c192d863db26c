"""A service's own records — notes, runs, audit — with the same promise as an instrument's: stored, or counted as lost.

    async with Records(client, topics, folder, "_bridge-main") as records:
        records.publish(topics.note("anna"), Note(ts=…, text="…", by="anna"))
        …
        records.heard(message)      # for every message the service receives; True: it was about delivery

The service shows ``ehold`` and ``stored_by`` in its own status, at once when ``changed`` says so and every 30 s.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from broker.client import Client, Message
from broker.late import stamp_of
from broker.messages import Audit, Event, Hold, Note, Run, encode
from broker.outbox import Outbox
from broker.runtime import Clock, Sleep, new_boot
from broker.spool import SYNC_BYTES, Spool
from broker.topics import Topics

TICK_S = 0.25
SYNC_S = 1.0
RECORDS_BYTES = 256 * 1024 * 1024

R = TypeVar("R", Note, Run, Audit, Event)


class Records:
    """Entered inside the client's block: subscribes to its commits there. Raises ConfigError when the folder cannot
    be used or is in use. ``stored_by`` "": nobody stores, the broker's acknowledgement will do."""

    def __init__(
        self,
        client: Client,
        topics: Topics,
        folder: Path,
        source: str,
        *,
        stored_by: str = "main",
        limit: int = RECORDS_BYTES,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.boot = new_boot(clock)
        self.source, self.stored_by = source, stored_by
        self._client, self._topics, self._folder, self._limit = client, topics, folder, limit
        self._sleep, self._monotonic = sleep, monotonic
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._told: object = None

    async def __aenter__(self) -> Self:
        self.spool = Spool(self._folder, self.boot, stamp_of=stamp_of, limit=self._limit)
        self._outbox = Outbox(
            self._client, self._topics, self.spool, stored_by=self.stored_by, monotonic=self._monotonic
        )
        self._outbox.add(self.source)
        await self._group.__aenter__()
        self._tasks = [
            self._group.create_task(self._tick(), name=f"records {self.source}"),
            self._group.create_task(keep_synced(self.spool, self._sleep), name=f"records sync {self.source}"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        try:
            cancelled = isinstance(error, asyncio.CancelledError)
            await self._group.__aexit__(*((kind, error, trace) if cancelled else (None, None, None)))
        finally:
            self.spool.close()

    def publish(self, topic: str, record: R, *, retain: bool = False, expiry_s: int | None = None) -> R:
        """Number the record, spool it, publish it; returns it as published. Sent again later it is never retained.

        Does not raise for broker or disk.
        """
        eseq = self.spool.next(self.source, "events")
        numbered = msgspec.structs.replace(record, boot=self.boot, eseq=eseq)
        self._outbox.event(self.source, topic, encode(numbered), retain=retain, expiry_s=expiry_s)
        return numbered

    def heard(self, message: Message) -> bool:
        """Hand in what the client received; True when it was about delivery. Raises MessageError."""
        topic = self._topics.parse(message.topic)
        return topic is not None and self._outbox.heard(message, topic)

    @property
    def ehold(self) -> list[Hold]:
        """For the service's status."""
        return self.spool.hold(self.source, "events")

    @property
    def waiting(self) -> int:
        """Records not known to be stored."""
        return self._outbox.waiting

    @property
    def problem(self) -> str:
        """Why the disk does not take records, or the broker refused one; empty when all is well."""
        return self.spool.problem or self._outbox.refused

    def changed(self) -> bool:
        """Whether ``ehold`` says something since the last call that the logger should hear at once."""
        before, self._told = self._told, self.spool.unseen(self.source, "events")
        return before != self._told

    async def _tick(self) -> None:
        while True:
            self._outbox.tick()
            await self._sleep(TICK_S)


async def keep_synced(spool: Spool, sleep: Sleep) -> None:
    """Synchronise every second, or as soon as a MiB is written; in a thread, since a slow card must not stall the loop.

    Runs until cancelled.
    """
    waited = 0.0
    while True:
        await sleep(TICK_S)
        waited += TICK_S
        if waited >= SYNC_S or spool.unsynced_bytes >= SYNC_BYTES:
            waited = 0.0
            sync = spool.to_sync()
            if sync is not None:
                spool.synced(await asyncio.to_thread(sync.run))
