"""Runs on the broker: samples come in, states, events and answers go out.

One connection for all runs of a program. Retained states are told again at every connection.
"""

import logging
from collections.abc import Sequence
from typing import Never

from broker.calibration_run import CalibrationEvent
from broker.client import Client, Message
from broker.messages import Command, MessageError, Meta, decode, encode
from broker.runtime import Clock, Sleep
from broker.topics import Kind, Topic, Topics
from calibration.live.hosted import Hosted
from calibration.live.start import Facts
from calibration.live.wire import rows

log = logging.getLogger("calibration.host")

TICK_S = 0.25
SHOW_S = 0.5
"""A state is told at most twice a second, unless somebody decided something."""
AGAIN_S = 5.0
ENDED_EXPIRY_S = 24 * 3600
LISTENED = (Kind.DATA, Kind.BLOCK, Kind.META)


class Starts:
    """What asks for a new run; the service has one, a terminal has not."""

    async def start(self, run: str, command: Command) -> None:
        raise NotImplementedError


class Host:
    """``read`` and ``beat`` are its tasks. ``hosted`` are the runs, also those that are over and not yet told."""

    def __init__(
        self, client: Client, topics: Topics, clock: Clock, sleep: Sleep, starts: Starts | None = None
    ) -> None:
        self.hosted: dict[str, Hosted] = {}
        self.metas: dict[str, Meta] = {}
        self._client, self._topics, self._clock, self._sleep = client, topics, clock, sleep
        self._starts = starts
        self._listening: set[str] = set()
        self._marks: dict[str, dict[str, str]] = {}
        self._told: dict[str, tuple[int, int, float]] = {}

    # what is listened to

    def listen(self, instruments: Sequence[str]) -> None:
        """Samples and descriptions of these from now on."""
        for name in instruments:
            if name and name not in self._listening:
                self._listening.add(name)
                for kind in LISTENED:
                    self._client.subscribe(self._topics.of(name, kind))

    def take(self, hosted: Hosted) -> None:
        """Host a run from now on."""
        setup = hosted.machine.setup
        self.hosted[hosted.run] = hosted
        self.listen([setup.source.instrument, setup.reference.instrument, setup.room])
        self._client.subscribe(self._topics.cal_cmd(hosted.run))

    async def facts(self, instruments: Sequence[str], timeout_s: float) -> Facts:
        """What these say of themselves; waits until all have, and have sent a sample."""
        self.listen(instruments)
        waited = 0.0
        while waited < timeout_s:
            if all(name in self.metas and name in self._marks for name in instruments):
                break
            await self._sleep(TICK_S)
            waited += TICK_S
        return Facts(
            metas={name: self.metas[name] for name in instruments if name in self.metas},
            marks={name: self._marks[name] for name in instruments if name in self._marks},
        )

    # tasks

    async def read(self) -> None:
        """Every message, for ever."""
        while True:
            for message in await self._client.batch():
                await self._hear(message)
                self._client.ack(message)

    async def beat(self) -> Never:
        """Time goes on for the runs, and they are told."""
        while True:
            await self._sleep(TICK_S)
            for hosted in list(self.hosted.values()):
                if not hosted.machine.over:
                    await hosted.tick()
                self.tell(hosted)

    async def _hear(self, message: Message) -> None:
        topic = self._topics.parse(message.topic)
        if topic is None or not message.payload:
            return
        try:
            if topic.kind in LISTENED:
                self._sample(topic, message)
            elif topic.kind is Kind.CAL_CMD and not message.retain:
                await self._order(topic.name, decode(Kind.CAL_CMD, message.payload))
        except MessageError as e:
            log.warning("%s: %s", message.topic, e)

    def _sample(self, topic: Topic, message: Message) -> None:
        if topic.kind is Kind.META:
            self.metas[topic.name] = decode(Kind.META, message.payload)
            return
        if message.retain:
            return
        data = decode(topic.kind, message.payload)
        for row in rows(data):
            self._marks[topic.name] = dict(row.cal)
            break
        for hosted in self.hosted.values():
            if not hosted.machine.over:
                for heard in hosted.wire.heard(topic.name, data):
                    hosted.feed(heard)

    async def _order(self, run: str, command: Command) -> None:
        hosted = self.hosted.get(run)
        if hosted is None and (command.name != "start" or self._starts is None):
            return  # another program's run
        if self._late(command):
            self.answer(run, command, done=False, text=f"{command.name} came too late: nothing was done")
            return
        if hosted is None:
            if self._starts is not None:
                await self._starts.start(run, command)
            return
        answer = await hosted.order(command, vouched=bool(command.via))
        self.answer(run, command, done=answer.done, text=answer.text)
        self.tell(hosted, at_once=True)

    def _late(self, command: Command) -> bool:
        return command.ts is not None and self._clock() * 1000 > command.ts + command.ttl_ms

    # telling

    def answer(self, run: str, command: Command, *, done: bool, text: str) -> None:
        self.event(
            run,
            CalibrationEvent(
                ts=int(self._clock() * 1000),
                kind="answer",
                text=text,
                id=command.id,
                done=done,
                by=command.by,
                severity="info" if done else "warning",
            ),
        )

    def event(self, run: str, event: CalibrationEvent) -> None:
        self._client.publish(self._topics.cal_event(run), encode(event))

    def tell(self, hosted: Hosted, *, at_once: bool = False) -> None:
        """State and events of a run, where there is anything new."""
        for event in hosted.drain():
            self.event(hosted.run, event)
        now, connection = self._clock(), self._client.connection
        rev = hosted.machine.progress.rev
        before_rev, before_connection, said = self._told.get(hosted.run, (-1, -1, 0.0))
        fresh = rev != before_rev or connection != before_connection
        if not self._client.connected or not self._due(hosted, fresh, now - said, at_once):
            return
        self._told[hosted.run] = (rev, connection, now)
        expiry = ENDED_EXPIRY_S if hosted.machine.over else None
        topic = self._topics.cal_state(hosted.run)
        self._client.publish(topic, encode(hosted.view()), retain=True, expiry_s=expiry)

    def _due(self, hosted: Hosted, fresh: bool, age: float, at_once: bool) -> bool:
        if hosted.machine.over:
            return fresh
        moving = hosted.machine.stage in ("settling", "reading", "stopped", "set", "timeout", "review")
        return at_once or (fresh and age >= SHOW_S) or (moving and age >= 2 * SHOW_S) or age >= AGAIN_S
