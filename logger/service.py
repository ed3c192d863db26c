"""The logger at work: messages from the broker into the store, and what is stored back to those who sent it.

A message is acknowledged, and the watermark moves, only after the transaction that holds it is on the disk. When the
disk is full nothing is acknowledged and the same batch is tried again: the broker's queue and the senders' spools wait.
"""

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeVar

from broker.client import Client, Message, Will
from broker.config import ConfigError
from broker.folder import lock
from broker.messages import Commit, Event, Request, ServiceStatus, encode
from broker.runtime import Clock, Sleep, backoff, new_boot
from broker.topics import Kind, Topics
from broker.values import Figures
from logger import neighbours
from logger.commits import Commits
from logger.config import LoggerConfig
from logger.descriptions import retained
from logger.influx.feed import begin
from logger.influx.guard import Unwritten
from logger.influx.host import Projection
from logger.ledger import Stream
from logger.requests import Requests
from logger.reserve import Reserve
from logger.store.reading import HistoryError
from logger.store.schema import StoreError
from logger.store.writer import Hole, Outcome, Store, Watermark
from logger.tally import Tally
from logger.tending import Tending

log = logging.getLogger("logger.service")

SESSION_S = 86_400
"""The broker keeps our subscription and its queue for a day without us."""
BATCH = 500
"""Half of what may be unacknowledged: the next batch travels while this one is written."""
BACKLOG_LINGER_S = 0.05
"""While a backlog comes in: its sender waits for each transaction."""
STATUS_S = 30.0
EXPIRY_S = 90
LOOK_S = 1.0
COMPLAINTS = 10
"""Unreadable messages written to the log in one LOOK_S; the rest is only counted."""

T = TypeVar("T")


async def run(
    config: LoggerConfig, stop: asyncio.Event, *, clock: Clock = time.time, sleep: Sleep = asyncio.sleep
) -> None:
    """Store everything until ``stop``. Raises ConfigError for a folder or database that cannot be used."""
    run_id = new_boot(clock)
    if config.influx is not None:
        config.influx.secret()  # a person may be there now to be told
    owned = lock(Path(config.data_dir))
    thread = ThreadPoolExecutor(1, "logger-store")
    try:
        store = await asyncio.get_running_loop().run_in_executor(thread, _open, config, clock)
        try:
            if await _described(config, store, thread, stop, clock, sleep):
                await _connected(config, store, thread, run_id, stop, clock, sleep)
        finally:
            await asyncio.get_running_loop().run_in_executor(thread, store.close)
    finally:
        thread.shutdown()
        owned.close()


def _open(config: LoggerConfig, clock: Clock) -> Store:
    try:
        return Store(
            config.database,
            Topics(config.broker.root),
            int(clock() * 1000),
            name=config.name,
            mine=config.instruments,
            want_hours=config.want_hours,
            retention=config.retention,
        )
    except (StoreError, sqlite3.Error) as e:
        raise ConfigError(f"the database {config.database} cannot be used: {e}") from e


async def _described(
    config: LoggerConfig, store: Store, thread: ThreadPoolExecutor, stop: asyncio.Event, clock: Clock, sleep: Sleep
) -> bool:
    """Know the descriptions before the first sample comes; waits for the broker. False when ``stop`` came first.

    Raises ConfigError when another logger has some of the same instruments.
    """
    topics = Topics(config.broker.root)
    wanted = (topics.all_of(Kind.META), topics.service_status("logger", "+"))
    look = asyncio.create_task(
        retained(config.broker, f"logger-{config.name}-look", *wanted, sleep=sleep), name="logger: descriptions"
    )
    stopped = asyncio.create_task(stop.wait(), name="logger: stop")
    try:
        await asyncio.wait({look, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return False
        metas, now_ms = look.result(), int(clock() * 1000)
        neighbours.refuse(config.name, config.instruments, metas, topics)
        await asyncio.get_running_loop().run_in_executor(thread, store.describe, metas, now_ms)
    except sqlite3.DatabaseError as e:  # a full disk: they come again with everything else
        log.error("the descriptions cannot be stored: %s", e)
    finally:
        for task in (look, stopped):
            task.cancel()
        await asyncio.wait({look, stopped})
    return True


def _begin_projection(config: LoggerConfig, topics: Topics, clock: Clock) -> None:
    try:
        begin(config.database, topics, int(clock() * 1000))
    except (HistoryError, sqlite3.Error) as e:  # a full disk: its own process begins later
        log.error("the projection cannot begin: %s", e)


async def _connected(
    config: LoggerConfig,
    store: Store,
    thread: ThreadPoolExecutor,
    run_id: str,
    stop: asyncio.Event,
    clock: Clock,
    sleep: Sleep,
) -> None:
    topics = Topics(config.broker.root)
    status_topic = topics.service_status("logger", config.name)

    def will(connection: int) -> Will:
        return Will(status_topic, encode(ServiceStatus(state="lost", boot=run_id, conn=connection)))

    client = Client(
        config.broker,
        f"logger-{config.name}",
        will=will,
        clean_start=False,
        session_expiry_s=SESSION_S,
        receive_max=2 * BATCH,
        sleep=sleep,
    )
    if config.influx is not None:
        await asyncio.get_running_loop().run_in_executor(thread, _begin_projection, config, topics, clock)
    async with client:
        client.subscribe(topics.everything())
        linger_s = config.linger_ms / 1000
        service = Service(config.name, topics, client, store, thread, run_id, linger_s, clock, sleep)
        if config.influx is not None:
            store.guards.append(Unwritten(store.path.parent))
            service.project(Projection(config.influx, config.database, config.broker.root, service.refused, sleep))
        await service.run(stop)


class Service:
    """What runs while there is a client and a store; ``run`` ends when ``stop`` is set."""

    def __init__(
        self,
        name: str,
        topics: Topics,
        client: Client,
        store: Store,
        thread: ThreadPoolExecutor,
        run_id: str,
        linger_s: float,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._linger_s = linger_s
        self._name = name
        self._topics = topics
        self._client = client
        self._store = store
        self._thread = thread
        self._run_id = run_id
        self._clock = clock
        self._sleep = sleep
        self._tally = Tally()
        self._commits = Commits()
        self._requests = Requests()
        self._holding = ""
        self._subscribed = False
        self._backlog = False
        self._complaints: list[str] = []
        self._gaps = 0
        self._not_stored = 0
        self._size = 0
        self._projection: Projection | None = None
        reserve = Reserve(store.path.parent) if store.may_expire else None
        self._tending = Tending(store, self._in_thread, reserve, clock, sleep)
        self._said = ("", "")

    def project(self, projection: Projection) -> None:
        """Have everything stored written elsewhere as well, as long as ``run`` runs."""
        self._projection = projection

    async def run(self, stop: asyncio.Event) -> None:
        for source, watermark in (await self._in_thread(self._store.watermarks)).items():
            self._commits.put(source, watermark)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._store_all(), name="logger: store"),
                group.create_task(self._greet(), name="logger: greet"),
                group.create_task(self._report(), name="logger: report"),
                group.create_task(self._look(), name="logger: look"),
                group.create_task(self._tending.run(), name="logger: tend"),
            ]
            if self._projection is not None:
                tasks.append(group.create_task(self._projection.run(), name="logger: projection"))
            await stop.wait()
            for task in tasks:
                task.cancel()
        self._publish_commits(last=True)
        self._publish_status("offline", "stopped")

    # --- storing -------------------------------------------------------------------------------------------------

    async def _store_all(self) -> None:
        taken = time.monotonic()
        while True:
            batch = await self._client.batch(BATCH)
            before, taken = taken, time.monotonic()
            await self._store_batch(batch)
            # Few large transactions spare the disk, but not more than half a batch may come meanwhile.
            half_batch_s = BATCH / 2 * (taken - before) / len(batch)
            linger_s = min(self._linger_s, half_batch_s, BACKLOG_LINGER_S if self._backlog else math.inf)
            await self._sleep(max(0.0, linger_s - (time.monotonic() - taken)))

    async def _store_batch(self, batch: Sequence[Message]) -> None:
        """Try until it is on the disk."""
        for wait in backoff(0.5, 10.0):
            try:
                await self._write(batch)
            except sqlite3.DatabaseError as e:
                if isinstance(e, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                    raise  # our mistake, not the disk's
                self._hold(str(e))
            else:
                self._hold("")
                return
            await self._sleep(wait)

    async def _write(self, batch: Sequence[Message]) -> None:
        now_ms = int(self._clock() * 1000)
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._store.write, batch, now_ms)
        try:
            outcome = await asyncio.shield(writing)
        except asyncio.CancelledError:  # a transaction cannot be stopped half way: finish, then go
            await asyncio.wait({writing})
            if writing.exception() is None:
                self._stored(batch, writing.result())
            raise
        self._stored(batch, outcome)

    def _stored(self, batch: Sequence[Message], outcome: Outcome) -> None:
        for message in batch:
            self._client.ack(message)
        self._tally.add(outcome, self._clock())
        self._backlog = bool(outcome.late)
        for source, watermark in outcome.watermarks.items():
            self._commits.put(source, watermark, urgent=source in outcome.late)
        self._complaints += outcome.complaints[: COMPLAINTS - len(self._complaints)]
        self._publish_commits()

    def _hold(self, reason: str) -> None:
        """Tell everybody whether we can store; with a reason we cannot."""
        if reason == self._holding:
            return
        if reason:
            log.error("nothing can be stored (%s): nothing is acknowledged until it can", reason)
        else:
            log.warning("storing again")
        self._holding = reason
        self._publish_status(*self._state())

    # --- telling -------------------------------------------------------------------------------------------------

    async def _greet(self) -> None:
        """After each connect: who we are, then what we have."""
        async for _connection in self._client.connections():
            await self._client.subscribed()
            self._subscribed = True
            self._publish_status(*self._state())
            self._commits.again()
            self._publish_commits()

    async def _report(self) -> None:
        while True:
            await self._sleep(STATUS_S)
            self._publish_status(*self._state())

    async def _look(self) -> None:
        """Once a second: holes to ask for, commits that were held back, complaints."""
        while True:
            await self._sleep(LOOK_S)
            self._publish_commits()
            for complaint in self._complaints:
                log.warning("%s", complaint)
            self._complaints.clear()
            if self._said != self._state():
                self._publish_status(*self._state())
            await self._alarm()
            if not self._holding:
                holes = await self._in_thread(self._store.holes)
                self._size = await self._in_thread(self._store.size_bytes)
                self._gaps = len(holes)
                for hole in self._requests.due(time.monotonic(), holes):
                    self._publish(self._topics.request(self._name, hole.source), encode(_request(hole)))

    async def _alarm(self) -> None:
        """Instruments whose edge is told nothing."""
        if not self._client.connected:
            return
        awaited = self._store.neighbours.awaited
        for alarm in await self._in_thread(lambda: awaited.due(time.monotonic())):
            log.warning("%s: %s", alarm.instrument, alarm.text)
            severity: Literal["error", "info"] = "error" if alarm.state == "raised" else "info"
            now_ms, by = int(self._clock() * 1000), f"logger-{self._name}"
            event = Event(now_ms, "not-stored", alarm.text, severity, state=alarm.state, by=by)
            self._publish(self._topics.of(alarm.instrument, Kind.EVENT), encode(event))
        self._not_stored = awaited.raised

    def _state(self) -> tuple[str, str]:
        if self._holding:
            return "holding", self._holding
        if self._projection is not None and self._projection.problem:
            return "degraded", self._projection.problem
        return ("online", "") if self._subscribed else ("starting", "")

    def refused(self, instrument: str, text: str) -> None:
        """A projection did not get what is stored."""
        log.warning("%s: %s", instrument or "records", text)
        if instrument:
            event = Event(ts=int(self._clock() * 1000), kind="influx-refused", text=text, severity="warning")
            self._publish(self._topics.of(instrument, Kind.EVENT), encode(event))

    def _publish_status(self, state: str, reason: str) -> None:
        now = self._clock()
        self._said = (state, reason)
        figures: Figures = self._tally.figures(now) | {"db_bytes": self._size, "gaps": self._gaps}
        figures["not_stored"] = self._not_stored
        figures |= self._tending.figures
        if self._projection is not None:
            figures |= self._projection.figures
        status = ServiceStatus(
            state=state,  # type: ignore[arg-type]
            boot=self._run_id,
            conn=self._client.connection,
            ts=int(now * 1000),
            reason=reason,
            version=version("labwire"),
            store=self._store.id,
            figures=figures,
            instruments=list(self._store.share.patterns),
        )
        topic = self._topics.service_status("logger", self._name)
        self._publish(topic, encode(status), retain=True, expiry_s=EXPIRY_S)

    def _publish_commits(self, *, last: bool = False) -> None:
        if not self._client.connected:
            return
        for source, watermark in self._commits.due(math.inf if last else time.monotonic()):
            payload = encode(self._commit(watermark))
            self._publish(self._topics.commit(self._name, source), payload, retain=True)

    def _commit(self, watermark: Watermark) -> Commit:
        return Commit(
            store=self._store.id,
            run=self._run_id,
            boots=dict(watermark.boots),
            eboots=dict(watermark.eboots),
            want_since=self._store.want_since,
        )

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Without a link the message is dropped here: everything is said again after the next connect."""
        if self._client.connected:
            self._client.publish(topic, payload, retain=retain, expiry_s=expiry_s)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _request(hole: Hole) -> Request:
    samples = hole.stream is Stream.SAMPLES
    return Request(boot=hole.boot, from_=hole.a, to=hole.b - 1, stream="samples" if samples else "events")
