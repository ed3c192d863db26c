"""A logger in a few lines, on the real client: stores in memory what arrives, commits, crashes, goes back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from broker.client import Client, Message
from broker.messages import Block, Commit, Data, Hold, Mark, Request, ServiceStatus, Status, decode, encode
from broker.ranges import Ranges
from broker.topics import Kind, Topic, Topics
from tests.support.broker import TestBroker

TOPICS = Topics()
Book = dict[tuple[str, str], Ranges]


@dataclass
class Disk:
    """What survives a crash. ``values``: (instrument, boot, seq) → the row's values."""

    samples: Book = field(default_factory=dict)
    events: Book = field(default_factory=dict)
    values: dict[tuple[str, str, int], dict[str, object]] = field(default_factory=dict)
    lost: int = 0

    def rows(self, instrument: str) -> int:
        return sum(len(r) for (name, _), r in self.samples.items() if name == instrument)

    def complete(self, instrument: str, rows: int) -> bool:
        """Everything stored, in each boot from 0 on without a gap."""
        books = [r for (name, _), r in self.samples.items() if name == instrument and r]
        return self.rows(instrument) == rows and all([a for a, _ in r] == [0] for r in books)


class Logger:
    """Run as ``async with running(…) as logger``. ``storing`` False: takes everything and stores nothing."""

    def __init__(self, client: Client, disk: Disk, run: str) -> None:
        self.client, self.disk, self.run = client, disk, run
        self.storing = True
        self.state = "online"
        self.want_since = 0
        self.late_blocks: list[Block] = []
        self.messages: list[tuple[Topic, Message]] = []
        self.holds: dict[str, tuple[list[Hold], list[Hold]]] = {}
        self._told: dict[str, Commit] = {}

    async def read(self) -> None:
        while True:
            for message in await self.client.batch():
                topic = TOPICS.parse(message.topic)
                if topic is not None:
                    self.messages.append((topic, message))
                    self._take(topic, message)
                self.client.ack(message)

    def _take(self, topic: Topic, message: Message) -> None:
        if not message.payload:
            return
        if topic.kind is Kind.STATUS:
            status: Status = decode(topic.kind, message.payload)
            self.holds[topic.name] = (status.hold, status.ehold)
        elif topic.kind is Kind.SERVICE_STATUS and topic.part == "bridge":
            self.holds[f"_bridge-{topic.name}"] = ([], decode(topic.kind, message.payload).ehold)
        elif topic.kind is Kind.DATA and self.storing:
            data: Data = decode(topic.kind, message.payload)
            self._store_row(topic.name, data.boot or "", data.seq or 0, dict(data.values))
        elif topic.kind is Kind.BLOCK:
            self._take_block(topic.name, decode(topic.kind, message.payload))
        elif topic.kind in (Kind.REPLY, Kind.EVENT, Kind.NOTE) and self.storing:
            record = decode(topic.kind, message.payload)
            source = "_bridge-main" if topic.kind is Kind.NOTE else topic.name
            if record.boot is not None:
                book = self.disk.events.setdefault((source, record.boot), Ranges())
                book.add(record.eseq, record.eseq + 1)

    def _take_block(self, name: str, block: Block) -> None:
        if block.late:
            self.late_blocks.append(block)
        for row in range(block.n) if self.storing else ():
            self._store_row(name, block.boot, block.seq + row, {ch: col[row] for ch, col in block.cols.items()})

    def _store_row(self, name: str, boot: str, seq: int, values: dict[str, object]) -> None:
        self.disk.samples.setdefault((name, boot), Ranges()).add(seq, seq + 1)
        known = self.disk.values.setdefault((name, boot, seq), values)
        assert _sampled(known) == _sampled(values), f"{name} {boot} {seq} was {known}, now {values}"

    async def commit(self) -> None:
        said_at = 0.0
        while True:
            if self.client.connected:
                if time.monotonic() - said_at > 0.5:
                    said_at = time.monotonic()
                    self.say_status()
                for source in self.holds:
                    self._commit_one(source)
            await asyncio.sleep(0.05)

    def say_status(self) -> None:
        status = ServiceStatus(state=self.state, boot=self.run, ts=int(time.time() * 1000))  # type: ignore[arg-type]
        self.client.publish(TOPICS.service_status("logger", "main"), encode(status), retain=True)

    def _commit_one(self, source: str) -> None:
        hold, ehold = self.holds[source]
        commit = Commit(
            store="s",
            run=self.run,
            boots={h.boot: _mark(self.disk.samples.get((source, h.boot)), h) for h in hold},
            eboots={h.boot: _mark(self.disk.events.get((source, h.boot)), h) for h in ehold},
            want_since=self.want_since,
        )
        if self._told.get(source) != commit:
            self._told[source] = commit
            self.client.publish(TOPICS.commit("main", source), encode(commit), retain=True)

    def request(self, source: str, boot: str, first: int, last: int) -> None:
        self.client.publish(TOPICS.request("main", source), encode(Request(boot=boot, from_=first, to=last)))

    def of(self, kind: Kind, name: str) -> list[Message]:
        return [m for t, m in self.messages if t.kind is kind and t.name == name]


def _sampled(values: dict[str, object]) -> dict[str, object]:
    return {ch: value for ch, value in values.items() if value is not None}


def _mark(stored: Ranges | None, hold: Hold) -> Mark:
    known = Ranges(stored or ())
    known.add(0, hold.first)
    end = known.end_of(0) or 0
    known.remove(0, end)
    return Mark(upto=end - 1, have=[(a, b - 1) for a, b in known])


@contextlib.asynccontextmanager
async def running(mosquitto: TestBroker, disk: Disk, run: str = "r1") -> AsyncIterator[Logger]:
    async with Client(mosquitto.config("logger-main"), "logger-main", sleep=lambda s: asyncio.sleep(s / 20)) as client:
        logger = Logger(client, disk, run)
        client.subscribe(TOPICS.everything())
        tasks = [asyncio.create_task(logger.read()), asyncio.create_task(logger.commit())]
        try:
            yield logger
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
