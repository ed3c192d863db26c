"""Everything alive, as the broker has it: retained descriptions and statuses, gathered in a moment. Writes nothing.

A status lives 90 s on the broker, so what is left of its life says when the broker got it: beside the status's own
time that is the offset of its sender's clock, to about a second.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from broker.client import Client, Message, MqttError
from broker.config import BrokerConfig
from broker.instrument import STATUS_EXPIRY_S
from broker.messages import EdgeStatus, Last, MessageError, Meta, ServiceStatus, Status, decode
from broker.topics import INSTRUMENT, Kind, Topic, Topics

KINDS = (Kind.META, Kind.STATUS, Kind.EDGE_STATUS, Kind.SERVICE_STATUS, Kind.LAST)
QUIET_S = 0.3
"""After so long without another retained message there are no more."""

S = TypeVar("S", Status, EdgeStatus, ServiceStatus)


@dataclass(frozen=True, slots=True)
class Heard(Generic[S]):
    """A status, when the broker got it and until when it holds; seconds since the epoch by this machine's clock.

    ``told_s`` None: it does not expire (a will, a farewell), so nobody knows when it came.
    """

    status: S
    told_s: float | None
    until_s: float

    @property
    def clock_s(self) -> float | None:
        """How far this machine's clock is ahead of the sender's, ± 1 s."""
        ts = self.status.ts
        return None if self.told_s is None or ts is None else self.told_s - ts / 1000

    def holds(self, now_s: float) -> bool:
        return now_s <= self.until_s


@dataclass(slots=True)
class Survey:
    """What was heard. No I/O: it is fed messages. ``problem``: why nothing could be heard, one sentence."""

    metas: dict[str, Meta] = field(default_factory=dict)
    statuses: dict[str, Heard[Status]] = field(default_factory=dict)
    edges: dict[str, Heard[EdgeStatus]] = field(default_factory=dict)
    services: dict[tuple[str, str], Heard[ServiceStatus]] = field(default_factory=dict)
    lasts: dict[str, Last] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    problem: str = ""

    def take(self, topic: Topic, message: Message, now_s: float) -> None:
        """Take in one message; an empty one forgets. What cannot be read is noted in ``broken``."""
        if topic.kind not in (Kind.EDGE_STATUS, Kind.SERVICE_STATUS) and not INSTRUMENT.fullmatch(topic.name):
            return
        try:
            self._take(topic, message, now_s)
        except MessageError as e:
            self.broken.append(f"{message.topic}: {e}")

    def _take(self, topic: Topic, message: Message, now_s: float) -> None:
        match topic.kind:
            case Kind.META:
                _put(self.metas, topic.name, decode(Kind.META, message.payload) if message.payload else None)
            case Kind.LAST:
                _put(self.lasts, topic.name, decode(Kind.LAST, message.payload) if message.payload else None)
            case Kind.STATUS:
                _hear(self.statuses, topic.name, topic.kind, message, now_s)
            case Kind.EDGE_STATUS:
                _hear(self.edges, topic.name, topic.kind, message, now_s)
            case Kind.SERVICE_STATUS:
                _hear(self.services, (topic.part, topic.name), topic.kind, message, now_s)

    @property
    def instruments(self) -> list[str]:
        return sorted({*self.metas, *self.statuses})


K = TypeVar("K")
V = TypeVar("V")


def _put(table: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _hear(table: dict[K, Heard[S]], key: K, kind: Kind, message: Message, now_s: float) -> None:
    if not message.payload:
        table.pop(key, None)
        return
    status: S = decode(kind, message.payload)
    old = table.get(key)
    if old and status.state == "lost" and (status.boot, status.conn) < (old.status.boot, old.status.conn):
        return  # the will of an earlier connection, come late
    left = message.expiry_s
    told = None if left is None else now_s - max(0, STATUS_EXPIRY_S - left)
    table[key] = Heard(status, told, float("inf") if left is None else now_s + left)


async def gather(
    broker: BrokerConfig, *, timeout_s: float = 2.0, clock: Callable[[], float] = time.time, who: str = "status"
) -> Survey:
    """Listen for what is retained: done when nothing more comes, after ``timeout_s`` at most. Raises ConfigError."""
    survey = Survey()
    async with Client(broker, f"{who}-{os.getpid()}") as client:
        try:
            async with asyncio.timeout(timeout_s):
                await listen(client, Topics(broker.root))
                await until_quiet(client, Topics(broker.root), survey, clock)
        except TimeoutError:
            if not client.connection:
                survey.problem = client.problem or f"{broker.host}:{broker.port} does not answer within {timeout_s:g} s"
        except MqttError as e:
            survey.problem = str(e)
    return survey


async def listen(client: Client, topics: Topics) -> None:
    """Subscribe to all that ``Survey`` takes, and wait for the broker's yes. Raises MqttError."""
    for kind in KINDS:
        # Only what was retained before carries the flag then, so it can be told from what is said now.
        client.subscribe(topics.all_of(kind), qos=0, retain_as_published=False)
    async for _ in client.connections():
        await client.subscribed()
        return


async def until_quiet(client: Client, topics: Topics, survey: Survey, clock: Callable[[], float]) -> None:
    """Feed ``survey`` until no retained message has come for QUIET_S."""
    loop = asyncio.get_running_loop()
    end = loop.time() + QUIET_S
    while (left := end - loop.time()) > 0:
        try:
            async with asyncio.timeout(left):
                batch = await client.batch()
        except TimeoutError:
            return
        if feed(survey, topics, batch, clock()):
            end = loop.time() + QUIET_S


def feed(survey: Survey, topics: Topics, batch: list[Message], now_s: float) -> bool:
    """Take a batch in. Returns whether some of it had been retained."""
    for message in batch:
        topic = topics.parse(message.topic)
        if topic is not None and topic.kind in KINDS:
            survey.take(topic, message, now_s)
    return any(message.retain for message in batch)
