"""Faults for a whole laboratory, drawn at random: what they do, and the rounds."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks._influxdb import Database
from benchmarks._machine import NO_TMPFS, Disk, SteppedClock, writes_refused
from benchmarks._verdict import Row
from broker.client import Client, Message, MqttError
from broker.messages import TERMINAL, Command, Reply, encode
from broker.topics import Kind, Topics
from edge.simulators.journal import read_journal
from tests.support.proxy import Proxy
from tests.support.waiting import eventually
from tests.system.lab import POLL, STREAM, Lab

RATES = {"i0": 200, "i1": 50, "i2": 0}
"""Counters and lines a second; 0: polled every 20 ms, which travels as blocks."""
FAST = POLL.replace("every_ms = 50", "every_ms = 20")
POLLED = "i2"
TTL_MS = 10_000
RECORDED = 300
"""Payloads of live and late messages kept for sending them again."""
TOPICS = Topics()
SMALL_SPOOLS = (64 * 1024, 128 * 1024)
HOUR_S = 3600
REFUSED_BEYOND = (0, 16 * 1024, 1024 * 1024)


@dataclass
class Campaign:
    """A running laboratory, and what has been done to it. ``pace``: how long faults last, 1.0 as they say."""

    lab: Lab
    logger_link: Proxy
    rng: random.Random
    clocks: Mapping[str, SteppedClock] = field(default_factory=dict)
    disk: Disk | None = None
    database: Database | None = None
    pace: float = 1.0
    edge_ends_us: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    copies: list[bytes] = field(default_factory=list)
    recorded: list[tuple[str, bytes]] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    republished: int = 0
    revived: int = 0

    # --- the laboratory ---

    async def start(self) -> None:
        lab = self.lab
        await lab.simulate(*(f"counter:{name}@{rate}" if rate else f"counter:{name}" for name, rate in RATES.items()))
        lab.environments |= {program: clock.environment for program, clock in self.clocks.items()}
        await lab.logger(self.logger_link.port, tables=self.database.table if self.database else "")
        await self._start_edge()
        await eventually(lambda: lab.database.exists(), 30, "the logger's database")

    async def _start_edge(self, spool_bytes: int = 0) -> None:
        lab = self.lab
        tables = [(STREAM if rate else FAST).format(name=name, port=lab.lines / name) for name, rate in RATES.items()]
        await lab.edge(*tables, spool_bytes=spool_bytes)

    async def _end(self, program: str, sig: signal.Signals) -> None:
        if program == "edge":
            self.edge_ends_us.append(time.time_ns() // 1000)
        await self.lab.programs[program].end(sig)

    # --- faults: each leaves everything running ---

    async def kill_broker(self) -> None:
        await self.lab.broker.kill()
        await self.pause(0, 3)
        await self.lab.broker.start()

    async def restart_broker(self) -> None:
        await self.lab.broker.stop()
        await self.pause(0, 3)
        await self.lab.broker.start()

    async def broker_forgets(self) -> None:
        await self.lab.broker.kill()
        self.lab.broker.forget()
        await self.pause(0, 3)
        await self.lab.broker.start()

    async def kill_logger(self) -> None:
        await self._again("logger", signal.SIGKILL)

    async def restart_logger(self) -> None:
        await self._again("logger", signal.SIGTERM)

    async def kill_edge(self) -> None:
        await self._again("edge", signal.SIGKILL)

    async def restart_edge(self) -> None:
        await self._again("edge", signal.SIGTERM)

    async def _again(self, program: str, sig: signal.Signals) -> None:
        await self._end(program, sig)
        await self.pause(0, 3)
        await self.lab.programs[program].restart()

    async def freeze_broker(self) -> None:
        await self._freeze(self.lab.broker.running.pid)

    async def freeze_logger(self) -> None:
        await self._freeze(self.lab.programs["logger"].pid)

    async def _freeze(self, pid: int) -> None:
        """A machine that is paused, or a disk that does not answer."""
        os.kill(pid, signal.SIGSTOP)
        try:
            await self.pause(3, 35)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def cut_link(self) -> None:
        await self._cut(self.lab.proxy, 2, 10)

    async def cut_loggers_link(self) -> None:
        await self._cut(self.logger_link, 2, 10)

    async def _cut(self, proxy: Proxy, least_s: float, most_s: float) -> None:
        proxy.refusing = True
        proxy.cut()
        await self.pause(least_s, most_s)
        proxy.refusing = False

    async def stall_link(self) -> None:
        await self._stall(self.lab.proxy)

    async def stall_loggers_link(self) -> None:
        await self._stall(self.logger_link)

    async def _stall(self, proxy: Proxy) -> None:
        """Half-open: the sockets stand, nothing passes."""
        proxy.stall()
        await self.pause(3, 30)
        proxy.flow()

    async def delay_link(self) -> None:
        self.lab.proxy.delay = self.rng.uniform(0.005, 0.2)
        await self.pause(3, 10)
        self.lab.proxy.delay = 0.0

    async def single_bytes(self) -> None:
        proxy = self.rng.choice([self.lab.proxy, self.logger_link])
        proxy.piece = 1
        await self.pause(3, 10)
        proxy.piece = None

    async def restore_logger(self) -> None:
        """Its database goes back to an older copy."""
        await self._replace_database(self.rng.choice(self.copies) if self.copies else None)

    async def wipe_logger(self) -> None:
        """Its database is gone: the edges still have everything. After a spool that was too small, only a restart."""
        if "overflow" not in self.done:
            await self._replace_database(b"")
            return
        self.done[len(self.done) - 1 - self.done[::-1].index("wipe logger")] = "restart logger"
        await self._replace_database(None)

    async def _replace_database(self, content: bytes | None) -> None:
        await self._end("logger", self.rng.choice([signal.SIGTERM, signal.SIGKILL]))
        if content is not None:
            for leftover in self.lab.database.parent.glob("labwire.db*"):
                leftover.unlink()
        if content:
            self.lab.database.write_bytes(content)
        await self.pause(0, 2)
        await self.lab.programs["logger"].restart()

    async def duplicates(self) -> None:
        """Somebody sends once more what was sent before."""
        async with Client(self.lab.broker.config("edge-pi"), "republisher") as client:
            await eventually(lambda: client.connected, 60, "the second client connected", every=0.1)
            for topic, payload in self.rng.sample(self.recorded, min(len(self.recorded), 200)):
                with contextlib.suppress(MqttError):
                    await client.publish(topic, payload)
                    self.republished += 1

    async def overflow(self) -> None:
        """A small spool and a long outage. What it loses must be reported, and nothing else may be lost."""
        self.copies.clear()  # what is older is freed from the spool: it could not be had again
        await self._end("edge", signal.SIGTERM)
        await self._start_edge(self.rng.choice(SMALL_SPOOLS))
        await self.pause(3, 5)
        await self._cut(self.lab.proxy, 20, 40)
        await self.pause(5, 10)
        await self._end("edge", self.rng.choice([signal.SIGTERM, signal.SIGKILL]))
        await self._start_edge()
        self.copies.clear()

    async def full_disk(self) -> None:
        """The logger's."""
        if self.disk is None:
            raise LookupError(NO_TMPFS)
        with self.disk.full():
            await self.pause(3, 20)

    async def disk_refuses(self) -> None:
        with writes_refused(self.lab.programs["logger"].pid, self.rng.choice(REFUSED_BEYOND)):
            await self.pause(3, 20)

    async def step_edges_clock(self) -> None:
        await self._step("edge")

    async def step_loggers_clock(self) -> None:
        await self._step("logger")

    async def _step(self, program: str) -> None:
        """An hour ahead or back, and after a while on time again: a step in each direction."""
        self.clocks[program].step(self.rng.choice((-HOUR_S, HOUR_S)))
        await self.pause(3, 15)
        self.clocks[program].step(0)

    async def pause(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self.rng.uniform(least_s, most_s) * self.pace)

    # --- rounds ---

    async def round(self, faults: Mapping[str, Callable[["Campaign"], Coroutine[Any, Any, None]]]) -> None:
        """Traffic, a command, the faults in the midst of it, and at least five seconds."""
        began = time.monotonic()
        await self.pause(0.5, 2)
        self.done += list(faults)
        async with asyncio.TaskGroup() as group:
            for name, fault in faults.items():
                group.create_task(fault(self), name=name)
            group.create_task(self._command(f"cmd-{len(self.commands)}-{self.rng.getrandbits(32):08x}"), name="command")
        await self._revive()
        await asyncio.sleep(max(1.0, 5.0 - (time.monotonic() - began)))
        await self._copy()
        self.lab.proxy.seen.clear()
        self.logger_link.seen.clear()

    async def _revive(self) -> None:
        """Who was started in vain, on a full disk, is started again, as systemd would."""
        for program in self.lab.programs.values():
            if not program.alive:
                print(f"  {program.name} is started again; it said: {program.tail(1)}", flush=True)
                self.revived += 1
                await program.restart()

    async def _copy(self) -> None:
        """A backup of the database, as the manual says: SQLite's own."""
        with contextlib.suppress(sqlite3.OperationalError):  # a logger that starts with a new database
            self.copies.append(await asyncio.to_thread(self._backup))
        del self.copies[:-4]

    def _backup(self) -> bytes:
        path = self.lab.folder / "copy.db"
        path.unlink(missing_ok=True)
        with (
            contextlib.closing(sqlite3.connect(f"file:{self.lab.database}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(path)) as copy,
        ):
            source.execute("SELECT 1 FROM store")
            source.backup(copy)
        return path.read_bytes()

    async def _command(self, id_: str) -> None:
        """A person who tries again, with the same id, until there is an answer."""
        self.commands.append(id_)
        await self.pause(0, 4)
        config = self.lab.broker.config("anna")
        command = Command(id=id_, ts=time.time_ns() // 1_000_000, ttl_ms=TTL_MS, name="set", args={"text": id_})
        topic = TOPICS.cmd_by(POLLED, "anna")
        async with Client(config, f"anna-{id_}") as client, asyncio.timeout(180):
            client.subscribe(TOPICS.of(POLLED, Kind.REPLY))
            listening = asyncio.create_task(self._listen(client, id_), name=f"replies to {id_}")
            while not listening.done():
                client.publish(topic, encode(command), expiry_s=TTL_MS // 1000)
                await asyncio.wait({listening}, timeout=1.0)
            self.replies[id_] = listening.result()

    async def _listen(self, client: Client, id_: str) -> Reply:
        async for message in client.messages:
            client.ack(message)
            reply = msgspec.json.decode(message.payload, type=Reply)
            if reply.id == id_ and reply.state in TERMINAL:
                return reply
        raise AssertionError("the client was closed")

    async def record(self) -> None:
        """Keep some of what goes over the broker, for ``duplicates``. Runs until cancelled."""
        async with Client(self.lab.broker.config("viewer"), "recorder") as client:
            for kind in (Kind.DATA, Kind.BLOCK, Kind.REPLY):
                client.subscribe(TOPICS.all_of(kind))
            async for message in client.messages:
                client.ack(message)
                self._keep(message)

    def _keep(self, message: Message) -> None:
        kept = (message.topic, message.payload)
        if len(self.recorded) < RECORDED:
            self.recorded.append(kept)
        elif self.rng.random() < 0.05:
            self.recorded[self.rng.randrange(RECORDED)] = kept

    # --- looking ---

    def sent(self) -> dict[str, list[tuple[int, int]]]:
        """Of each counter: (number, µs) of everything it has put on its line. The journal of an hour takes seconds."""
        found: dict[str, list[tuple[int, int]]] = {name: [] for name in RATES}
        for entry in read_journal(self.lab.journal):
            if entry.name in found and entry.direction == ">" and b"OK" not in entry.data:
                number = entry.data.split()[-1]
                if number.isdigit():
                    found[entry.name].append((int(number), entry.t_us))
        return found

    async def rows(self, name: str) -> list[Row]:
        return [Row(r["boot"], int(r["seq"]), int(r["n"])) for r in await self.lab.exported(name)]

    async def gaps(self, name: str) -> dict[str, list[tuple[int, int, str]]]:
        lines = await self.lab.ledger(name)
        return {line["boot"]: [(g["from"], g["to"] + 1, g["reason"]) for g in line["gaps"]] for line in lines}
