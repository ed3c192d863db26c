"""The instrument's side of the contract: one daemon, its instruments, one MQTT connection, one spool.

    async with Agent(broker, "pi-03", AgentConfig(data_dir="/var/lib/labwire"), version="1.0") as agent:
        furnace = agent.instrument("oven1", meta, execute)
        furnace.status("online")
        furnace.sample({"temp": 21.4})

Used by edge and msr_adapter. Its rooms: instrument (what is said), outbox (spool, publish, send again), execution
(commands), health (the daemon's own status), announced (what the broker remembers of us).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from broker import clock as clock_quality
from broker.announced import Announced, tell_hold
from broker.book import Book, BookError
from broker.client import Client, Message, MqttError, Will
from broker.config import BrokerConfig, ConfigError
from broker.execution import Commands, Execute
from broker.health import Health
from broker.inforce import Correct, InForce
from broker.instrument import Desk, Instrument
from broker.late import stamp_of
from broker.messages import EdgeStatus, MessageError, Meta, Status, decode, encode
from broker.outbox import Outbox
from broker.records import keep_synced
from broker.runtime import Clock, Sleep, new_boot
from broker.spool import Spool
from broker.topics import Kind, Topic, Topics, check_name

__all__ = ["Agent", "AgentConfig", "Execute", "Instrument"]

log = logging.getLogger("broker.agent")

HEARTBEAT_S = 30.0
TICK_S = 0.25
SETTLE_S = 0.05
FORGET_AFTER_S = 60.0
"""Instruments announced by an earlier run and not named by this one within this time have left the configuration."""
RIVAL_S = 90.0


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``store``: "required" frees the spool when the logger ``stored_by`` has stored, "none" when the broker has taken.
    ``spool_bytes`` 0: 2 GiB, or a fifth of a disk smaller than ten."""

    data_dir: str
    store: Literal["required", "none"] = "required"
    stored_by: str = "main"
    spool_bytes: int = 0


class Agent:
    """Entering opens the spool and starts the connection, without waiting for the broker.

    Raises ConfigError for names and for a data folder that is in use or unusable. Leaving says "offline" and finishes
    the spool. ``clock`` in seconds since the epoch; ``forget_after_s`` see FORGET_AFTER_S.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        name: str,
        config: AgentConfig,
        *,
        version: str,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        forget_after_s: float = FORGET_AFTER_S,
    ) -> None:
        self.name = check_name(name, "edge")
        self.boot = new_boot(clock)
        self._broker, self._config, self._version = broker, config, version
        self._clock, self._sleep, self._monotonic = clock, sleep, monotonic
        self._forget_after_s = forget_after_s
        self._topics = Topics(broker.root)
        self._instruments: dict[str, Instrument] = {}
        self._commands: dict[str, Commands] = {}
        self._rivals: dict[str, float] = {}  # instrument → until when (monotonic) the other edge counts as alive
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    # --- lifetime ---

    async def __aenter__(self) -> Self:
        folder = Path(self._config.data_dir)
        self._spool = Spool(folder / "spool", self.boot, stamp_of=stamp_of, limit=self._config.spool_bytes)
        self._announced = Announced(folder / "announced.json")
        self.client = Client(self._broker, f"labwire-edge-{self.name}", will=self._will, sleep=self._sleep)
        stored_by = self._config.stored_by if self._config.store == "required" else ""
        self._outbox = Outbox(self.client, self._topics, self._spool, stored_by=stored_by, monotonic=self._monotonic)
        self._desk = Desk(
            edge=self.name,
            boot=self.boot,
            stored_by=stored_by,
            client=self.client,
            topics=self._topics,
            spool=self._spool,
            outbox=self._outbox,
            clock=self._clock,
            monotonic=self._monotonic,
        )
        self._health = Health(self._desk, self._version, clock_quality.quality)
        for source in self._spool.sources():
            self._outbox.add(source)
        try:
            await self.client.__aenter__()
        except ConfigError:
            self._spool.close()
            raise
        await self._group.__aenter__()
        for name, work in (
            ("messages", self._read()),
            ("connections", self._announce()),
            ("ticks", self._tick()),
            ("heartbeat", self._heartbeat()),
            ("sync", keep_synced(self._spool, self._sleep)),
        ):
            self._start(name, work)
        return self

    def _start(self, name: str, work: "Awaitable[None]") -> None:
        self._tasks.append(self._group.create_task(work, name=f"agent {name}"))  # type: ignore[arg-type]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        try:
            # An error of the body is the caller's and stays as it is; a cancellation may be a group's own.
            await self._group.__aexit__(*_cancellation(kind, error, trace))
        finally:
            for commands in self._commands.values():
                commands.close()
            self._say_goodbye()
            try:
                await self.client.__aexit__(*_cancellation(kind, error, trace))
            finally:
                self._spool.close()

    def _say_goodbye(self) -> None:
        for instrument in self._instruments.values():
            instrument.publish_status(state="offline", reason="the edge was stopped")
        self._health.publish(self._instruments.values(), state="offline", reason="stopped")

    def _will(self, connection: int) -> Will:
        status = EdgeStatus(state="lost", boot=self.boot, conn=connection)
        return Will(self._topics.edge_status(self.name), encode(status))

    # --- instruments ---

    def instrument(self, name: str, meta: Meta, execute: Execute, correct: Correct = False) -> Instrument:
        """Serve ``name`` from now on. ``correct``: the channels to which calibrations are applied; True is all.

        Raises ConfigError for a bad or used name, or an unusable command book.
        """
        if name in self._instruments:
            raise ConfigError(f"instrument {name!r} is there twice")
        folder = Path(self._config.data_dir)
        calibrations = InForce(folder / f"calibration-{check_name(name)}.json", correct)
        instrument = Instrument(name, meta, self._desk, calibrations)
        try:
            book = Book(folder / f"commands-{name}.log", clock=self._clock)
        except BookError as e:
            raise ConfigError(str(e)) from e
        self._outbox.add(name, described=True)
        commands = Commands(instrument, execute, book, self._desk, clock_ok=self._health.clock_trusted)
        self._instruments[name], self._commands[name] = instrument, commands
        commands.answer_interrupted()
        self._start(f"commands {name}", commands.run())
        self._subscribe(name)
        if calibrations.wanted:
            self.client.subscribe(self._topics.of(name, Kind.CALIBRATION))
        if self.client.connected:
            self._start(f"announce {name}", self._announce_all())
        return instrument

    def _subscribe(self, name: str) -> None:
        # A retained command must be recognised as one, and none that was retained before may arrive.
        for topic in (self._topics.of(name, Kind.CMD), self._topics.cmd_by(name, "+")):
            self.client.subscribe(topic, retain_as_published=True, retain_handling=2)
        self.client.subscribe(self._topics.of(name, Kind.STATUS))

    # --- tasks ---

    async def _announce(self) -> None:
        """At every connection: everything retained again."""
        async for _ in self.client.connections():
            self._health.publish(self._instruments.values())
            await self._announce_all()

    async def _announce_all(self) -> None:
        if any(not i.announced for i in self._instruments.values()):
            # First look who else serves them: what is retained follows the acknowledgement at once.
            with contextlib.suppress(MqttError):
                await self.client.subscribed()
            await self._sleep(SETTLE_S)
        for instrument in self._instruments.values():
            self._announced.add(instrument.name)
            instrument.announce()

    async def _read(self) -> None:
        async for message in self.client.messages:
            topic = self._topics.parse(message.topic)
            if topic is not None:
                try:
                    await self._hear(message, topic)
                except MessageError as e:
                    self._health.malformed += 1
                    log.warning("%s: %s", message.topic, e)
            if message.qos:
                self.client.ack(message)

    async def _hear(self, message: Message, topic: Topic) -> None:
        if self._outbox.heard(message, topic):
            return
        if topic.kind is Kind.CMD and topic.name in self._commands:
            await self._commands[topic.name].hear(message, topic.part)
        elif topic.kind is Kind.STATUS and topic.name in self._instruments:
            self._hear_status(self._instruments[topic.name], message.payload)
        elif topic.kind is Kind.CALIBRATION and topic.name in self._instruments:
            heard = decode(Kind.CALIBRATION, message.payload) if message.payload else {}
            self._instruments[topic.name].calibrate(heard)

    def _hear_status(self, instrument: Instrument, payload: bytes) -> None:
        """One instrument, one edge: whoever served it first goes on, the other keeps silent and says so."""
        if not payload:  # cleared by an edge that served it before: the description went with it
            if instrument.announced:
                instrument.announce()
            return
        status: Status = decode(Kind.STATUS, payload)
        if not status.edge or status.edge == self.name:
            return
        there = status.state in ("online", "degraded")
        if there and (instrument.rival or not instrument.announced or status.boot < self.boot):
            self._yield_to(instrument, status.edge)
        elif instrument.rival:
            self._rivals.pop(instrument.name, None)
        elif instrument.announced:
            instrument.announce()

    def _yield_to(self, instrument: Instrument, edge: str) -> None:
        self._rivals[instrument.name] = self._monotonic() + RIVAL_S
        if not instrument.rival:
            log.error("%s is served by edge %s already: not served here", instrument.name, edge)
        instrument.rival = edge
        instrument.announce()
        self._health.publish(self._instruments.values())

    def _end_rivalries(self) -> None:
        for instrument in self._instruments.values():
            if instrument.rival and self._rivals.get(instrument.name, 0.0) < self._monotonic():
                log.warning("%s is not served by %s any more: served here now", instrument.name, instrument.rival)
                instrument.rival = ""
                instrument.announce()

    async def _tick(self) -> None:
        while True:
            self._outbox.tick()
            self._end_rivalries()
            for instrument in self._instruments.values():
                instrument.publish_last()
                instrument.watch_calibrations()
                if instrument.announced:
                    instrument.tell_losses()
            await self._sleep(TICK_S)

    async def _heartbeat(self) -> None:
        beats = 0
        while True:
            await self._sleep(min(HEARTBEAT_S, self._forget_after_s))
            beats += 1
            for instrument in self._instruments.values():
                if instrument.rival:
                    tell_hold(instrument.name, self._desk, f"served by edge {instrument.rival}")
                elif instrument.announced:
                    instrument.publish_status()
            self._health.malformed_commands = sum(c.malformed for c in self._commands.values())
            self._health.publish(self._instruments.values())
            if beats * min(HEARTBEAT_S, self._forget_after_s) >= self._forget_after_s:
                self._announced.forget_others(self._instruments, self._desk)


_Leaving = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def _cancellation(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> _Leaving:
    return (kind, error, trace) if isinstance(error, asyncio.CancelledError) else (None, None, None)
