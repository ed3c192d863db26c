"""Keeps one session with the server for ever: connects, plans, subscribes, reads; reports, waits and begins again."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Never

from broker.commands import CommandFailed
from broker.messages import Command, Value
from broker.runtime import Clock, Sleep, backoff
from msr_adapter import settings
from msr_adapter.catalog import Catalog
from msr_adapter.changes import first_values
from msr_adapter.enquiry import read_catalog
from msr_adapter.gaps import far
from msr_adapter.intake import Intake
from msr_adapter.member import Member
from msr_adapter.messages import Standing, told
from msr_adapter.names import matches
from msr_adapter.parameters import Parameters
from msr_adapter.plan import Planned, Stream, plan, reading_s, writes
from msr_adapter.session import Address, LinkLost, Make, Session, connected
from msr_adapter.wire import Broadcast, Broken, Data, Event, ParameterNotice, Warn, WireEvent, requests, to_text

log = logging.getLogger("msr_adapter.adapter")

PING_S = 4.0
SILENCE_S = 11.0
"""Without a byte for so long, pings notwithstanding, a connection is dead: noticed within 15 s."""
LEAST_WAIT_S = 1.0
MOST_WAIT_S = 60.0
"""Some tasks run once an hour."""
STEADY_S = 30.0
"""A session that lived so long was a good one: waiting begins at the shortest again."""


class Adapter:
    """The members share one session. ``run`` as a task; ``execute`` for their commands."""

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.address, self.name = address, name
        self._members: list[Member] = []
        self._clock, self._sleep, self._rng = clock, sleep, rng
        self._session: Session | None = None
        self._intake = Intake(())
        self._standing = Standing()
        self._parameters = Parameters(self._server_us)
        self._notices: set[int] = set()
        self._noticed = asyncio.Event()
        self._offset_us = 0  # the server's clock minus ours
        self._slowest_s = 0.0
        self._settled_at: float | None = None  # since when this session reads, in the loop's time

    def add(self, member: Member) -> None:
        """Before ``run``."""
        self._members.append(member)

    async def run(self) -> Never:
        """Connect, read, and again, for ever."""
        waits = backoff(2 * LEAST_WAIT_S, rng=self._rng)
        while True:
            self._settled_at = None
            reason = await self._one_session()
            for member in self._members:
                member.gone(reason)
            log.warning("%s", reason)
            if self._settled_at is not None and asyncio.get_running_loop().time() - self._settled_at > STEADY_S:
                waits = backoff(2 * LEAST_WAIT_S, rng=self._rng)
            # A server that is asked again within a period of its slowest task may not answer for half a minute.
            await self._sleep(max(LEAST_WAIT_S, min(MOST_WAIT_S, self._slowest_s), next(waits)))

    async def execute(self, instrument: str, command: Command) -> dict[str, Value]:
        """Set a parameter. Raises CommandFailed."""
        session = self._session
        member = next(m for m in self._members if m.name == instrument)
        if session is None or not member.online:
            raise CommandFailed("offline", f"{member.name} is offline: {member.reason}")
        w = next((w for w in member.watched if w.command == command.name and w.table is not None), None)
        if w is None:
            raise CommandFailed("unknown", f"{member.name} has no command {command.name!r}")
        start, values = settings.wanted_values(w, command.args)
        return await self._parameters.write(session, member, w, start, values)

    # --- one session --------------------------------------------------------------------------------------------------

    async def _one_session(self) -> str:
        """From connecting to the loss; the reason."""
        reason = ""
        try:
            async with connected(self.address) as session:
                try:
                    async with asyncio.TaskGroup() as tasks:
                        self._session = session
                        for name, work in (
                            ("read", self._read(session)),
                            ("ping", self._ping(session)),
                            ("work", self._work(session)),
                        ):
                            tasks.create_task(work, name=f"MSR {name}")
                except* LinkLost as lost:
                    reason = str(lost.exceptions[0])
                    session.fail(LinkLost(reason))
                finally:
                    self._session = None
        except LinkLost as e:
            reason = str(e)
        return reason

    async def _read(self, session: Session) -> Never:
        while True:
            for event in await session.receive():
                if isinstance(event, Data):
                    self._intake.take(event)
                else:
                    self._take(event)

    def _take(self, event: WireEvent) -> None:
        match event:
            case ParameterNotice():
                self._notices.add(event.index)
                self._noticed.set()
            case Event():
                self._tell(self._standing.take(event))
            case Broadcast():
                text = ": ".join(to_text(part) for part in (event.action, event.text) if part)
                self._members[0].outlet.event("broadcast", text, ts_ms=event.time_us // 1000 or None)
            case Broken():
                log.warning("%s sent what makes no sense: %s: %r", self.address, event.reason, event.raw)
            case Warn():
                log.warning("%s says %s", self.address, event.text)
            case _:
                log.debug("%s", event)

    async def _ping(self, session: Session) -> Never:
        """Keep the line busy, and notice when it is dead."""
        loop = asyncio.get_running_loop()
        pinged = loop.time()
        while True:
            await self._sleep(1.0)
            now = loop.time()
            if now - session.heard > SILENCE_S:
                raise LinkLost(
                    f"{self.address} has been silent for {now - session.heard:.0f} s: the connection is dead"
                )
            if now - pinged >= PING_S:
                pinged = now
                session.ping()
            self._intake.watch(now)
            self._set_clock(now)
            for member in self._members:
                member.trouble("clock", far(self._offset_us))

    async def _work(self, session: Session) -> Never:
        """Find out what is there, subscribe it, then keep what does not stream current."""
        await session.ask(
            partial(requests.remote_host, name=self.name, application="labwire", write=self._wants_access())
        )
        catalog = await read_catalog(session)
        await self._read_clock(session, catalog)
        planned = plan([m.table for m in self._members], catalog)
        self._slowest_s = max((1 / hz for hz in catalog.task_hz.values() if hz > 0), default=0.0)
        self._settle(session, planned)
        await self._subscribe(session, planned)
        self._intake.expect()
        history = await session.ask(requests.message_history)
        self._tell(self._standing.recover(e for e in history if isinstance(e, Event)))
        await self._keep_current(session, planned)

    def _wants_access(self) -> bool | None:
        return True if writes(m.table for m in self._members) else None

    def _settle(self, session: Session, planned: Sequence[Planned]) -> None:
        pairs = list(zip(self._members, planned, strict=True))
        self._settled_at = asyncio.get_running_loop().time()
        self._notices.clear()  # of another session's indices
        self._intake = Intake((stream, member) for member, p in pairs for stream in p.streams)
        g = session.greeting
        for member, p in pairs:
            member.plan(p, f"{g.app} {g.app_version}".strip())
        streams = [s for p in planned for s in p.streams]
        log.info(
            "connected to %s, %s: %d signals in %d streams, %d parameters",
            self.address, g.app or "an application without name",
            sum(len(s.columns) for s in streams), len(streams), sum(len(p.watched) for p in planned),
        )  # fmt: skip

    async def _subscribe(self, session: Session, planned: Sequence[Planned]) -> None:
        """All streams begin together. Those on change come after: what they send at first must not be held back."""
        streams = [s for p in planned for s in p.streams]
        steady = [s for s in streams if s.mode != "change"]
        asked: list[Make] = [partial(_subscription, s, piece) for s in steady for piece in requests.cut(s.indices)]
        asked += [requests.synchronise] if steady else []
        for s in streams:
            asked += [partial(_changes, s, piece) for piece in requests.cut(s.indices) if s.mode == "change"]
        for make in asked:
            for answer in await session.ask(make):
                log.warning("%s answers a subscription: %s", self.address, answer)

    async def _keep_current(self, session: Session, planned: Sequence[Planned]) -> Never:
        """Parameters and on-change signals: read at first, at notices, and before they would count as stale."""
        every_s = reading_s(planned)
        while True:
            for member in self._members:
                await self._parameters.refresh(session, member)
            for lane in self._intake.lanes.values():
                if lane.stream.mode == "change":
                    await first_values(session, lane)
            await self._read_notices(session, every_s)

    async def _read_notices(self, session: Session, seconds: float) -> None:
        """For so long, read parameters as soon as the server says that they may have changed."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            try:
                async with asyncio.timeout_at(end):
                    await self._noticed.wait()
            except TimeoutError:
                return
            self._noticed.clear()
            indices, self._notices = self._notices, set()
            for member in self._members:
                await self._parameters.refresh(session, member, indices)

    # --- the server's clock and messages ------------------------------------------------------------------------------

    async def _read_clock(self, session: Session, catalog: Catalog) -> None:
        for signal in catalog.signals[:1]:
            for answer in await session.ask(partial(requests.read_channel, target=signal.index)):
                time_us = getattr(answer, "time_us", None)
                if time_us:
                    self._offset_us = time_us - int(self._clock() * 1e6)

    def _set_clock(self, now: float) -> None:
        """From the newest stamp, where one has just come."""
        lanes = self._intake.lanes.values()
        if any(now - lane.heard < 1 for lane in lanes) and self._intake.last_ns:
            self._offset_us = self._intake.last_ns // 1000 - int(self._clock() * 1e6)

    def _server_us(self) -> int:
        return int(self._clock() * 1e6) + self._offset_us

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            member = self._member_for(event.name)
            t = told(event, member.table.texts, self._server_us() // 1000)
            log.info("%s: %s %s", member.name, t.text, t.state)
            member.outlet.event("message", t.text, severity=t.severity, state=t.state, ts_ms=t.ts_ms)

    def _member_for(self, path: bytes) -> Member:
        """The instrument whose ``messages`` name the path; else whose signals do; else the first."""
        for member in self._members:
            if any(matches(p, path) for p in member.table.messages):
                return member
        for member in self._members:
            if any(matches(p, path) for s in member.table.sets for p in s.signals):
                return member
        return self._members[0]


def _subscription(stream: Stream, piece: Sequence[int], ident: str) -> bytes:
    return requests.subscribe(
        ident, piece, reduction=stream.reduction, blocksize=stream.blocksize, group=stream.group, quiet=True
    )


def _changes(stream: Stream, piece: Sequence[int], ident: str) -> bytes:
    return requests.subscribe_changes(ident, piece, reduction=stream.reduction, group=stream.group)
