"""One run of ``labwire cal run``, from its arguments to its record: live, typed, or over stored samples."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from rich.console import Console

from broker.client import Client
from broker.topics import Topics
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.live import fetch, replay
from calibration.live.config import CalibrationConfig
from calibration.live.host import Host
from calibration.live.hosted import Hosted
from calibration.live.judge import digits_of
from calibration.live.keep import Keep, KeepError
from calibration.live.keys import Keys
from calibration.live.plan import MANUAL, Setup, Source
from calibration.live.start import NotBegun, Wanted, instruments, parse, read
from calibration.live.starter import checked, new_run, prepare
from calibration.live.terminal import Guide, Stuck
from calibration.live.wire import ROOM
from calibration.procedure import ProcedureError
from calibration.record import Person
from calibration.register import Register, RegisterError
from calibration.table import text as table

FEED = 200
"""Stored samples between two looks at the run."""
HOST = "terminal"
MOVING = ("settling", "reading", "stopped")


@dataclass(frozen=True)
class Asked:
    """The command line."""

    procedure: str
    item: str
    reference: str
    item_id: str = ""
    standards: tuple[str, ...] = ()
    environment: str = ""
    replay: tuple[str, ...] = ()
    resume: str = ""
    force: str = ""
    yes: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False


@dataclass
class Session:
    """``problem``: why nothing came of it, one sentence; ``over``: it came to its end."""

    asked: Asked
    config: CalibrationConfig
    by: Person
    folder: Path
    problem: str = ""
    over: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Never raises for what a person can put right: ``problem`` says it."""
        try:
            register = Register.open(self.folder)
            async with AsyncExitStack() as stack:
                await self._run(register, stack, stop)
        except (RegisterError, NotBegun, KeepError, ProcedureError, Stuck, replay.ReplayError, fetch.FetchError) as e:
            self.problem = str(e)

    async def _run(self, register: Register, stack: AsyncExitStack, stop: asyncio.Event) -> None:
        keep, topics, console = Keep(self.folder), Topics(self.config.broker.root), Console()
        feed: Callable[[], bool] | None = None
        host = None if self.asked.replay else await self._host(topics, stack, keep)
        if self.asked.resume:
            stack.enter_context(keep.owning(self.asked.resume))
            hosted = Hosted.again(self.asked.resume, keep, register, time.time)
        elif self.asked.replay:
            hosted, feed = self._replayed(register, keep, topics)
            stack.enter_context(keep.owning(hosted.run))
        else:
            setup = await prepare(host, register, self._wanted(), topics, self.config.wait_s)
            stack.enter_context(keep.owning(setup.run))
            hosted = Hosted.new(setup, keep, register, time.time)
            hosted.machine.note("the run begins", self.by.name)
        if host is not None:
            host.take(hosted)
        guide = self._guide(hosted, console, feed, stack)
        try:
            await self._guided(guide, console, stop)
        finally:
            if host is not None:
                host.tell(hosted, at_once=True)

    async def _host(self, topics: Topics, stack: AsyncExitStack, keep: Keep) -> Host | None:
        """A connection, where any instrument is to be heard."""
        live = self._live(keep, topics)
        if not live:
            return None
        name = self.config.broker.user or "calibration"
        client = await stack.enter_async_context(Client(self.config.broker, f"{name}-run-{new_run(time.time)[-4:]}"))
        host = Host(client, topics, time.time, asyncio.sleep)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for task in [group.create_task(host.read(), name="run read"), group.create_task(host.beat(), name="run beat")]:
            stack.callback(task.cancel)
        return host

    def _live(self, keep: Keep, topics: Topics) -> bool:
        """Raises NotBegun, KeepError."""
        if self.asked.resume:
            setup = keep.load(self.asked.resume).setup
            return setup.source.live or setup.reference.live or bool(setup.room)
        return bool(instruments(self._wanted(), topics))

    def _wanted(self, begin: float | None = None, environment: str | None = None) -> Wanted:
        a = self.asked
        return Wanted(
            run=new_run(time.time),
            procedure=a.procedure,
            item=a.item,
            reference=a.reference,
            by=self.by,
            item_id=a.item_id,
            standards=a.standards,
            environment=a.environment if environment is None else environment,
            force=a.force,
            auto=a.yes or bool(a.replay),
            host=HOST,
            begin=time.time() if begin is None else begin,
        )

    # stored samples

    def _replayed(self, register: Register, keep: Keep, topics: Topics) -> tuple[Hosted, Callable[[], bool]]:
        """Raises NotBegun, ReplayError, FetchError."""
        a, rules = self.asked, read(self.asked.procedure)
        item, reference = Source(*parse(a.item, topics)), Source(*parse(a.reference, topics))
        if not item.channel or not reference.channel:
            raise NotBegun("stored samples need item and reference with their channels: lab/I/CHANNEL")
        with tempfile.TemporaryDirectory() as folder:
            recording = replay.read(self._files(item, reference, Path(folder)), item, reference)
        has_room = any(name in recording.columns for name in ROOM)
        wanted = self._wanted(recording.begin, item.instrument if has_room else MANUAL)
        setup = checked(register, wanted, replay.facts(recording, item, reference, rules), topics)
        setup = _with_digits(setup, recording.sha256)
        feeder = Feeder(recording)
        hosted = Hosted.new(setup, keep, register, feeder.clock)
        feeder.hosted = hosted
        hosted.machine.note("stored samples are read", self.by.name)
        return hosted, feeder.feed

    def _files(self, item: Source, reference: Source, folder: Path) -> list[Path]:
        texts = self.asked.replay
        if not (len(texts) == 1 and fetch.is_span(texts[0])):
            return [Path(text) for text in texts]
        names = dict.fromkeys([item.instrument, reference.instrument])
        files = [folder / f"{name}.csv" for name in names]
        for name, file in zip(names, files, strict=True):
            fetch.fetch(name, texts[0], file)
        return files

    # the person

    def _guide(self, hosted: Hosted, console: Console, feed: Callable[[], bool] | None, stack: AsyncExitStack) -> Guide:
        keys = Keys()
        person = sys.stdin.isatty() and console.is_terminal and not self.asked.plain
        if person:
            stack.enter_context(keys.terminal(sys.stdin.fileno()))
        else:
            keys.pipe()
        return Guide(
            hosted,
            console,
            keys,
            self.by.name,
            vouched=self.by.authenticated,
            live=person,
            given=self.asked.answers,
            feed=feed,
        )

    async def _guided(self, guide: Guide, console: Console, stop: asyncio.Event) -> None:
        machine = guide.hosted.machine
        try:
            self.over = await guide.run(stop)
        except Stuck as e:
            raise Stuck(f"{e}; the run stays: labwire cal run --resume {guide.hosted.run}") from e
        if not self.over:
            console.print(
                f"the run stays: labwire cal run --resume {guide.hosted.run}", highlight=False, soft_wrap=True
            )
        elif machine.progress.record:
            _print_record(guide.hosted, console)


def _print_record(hosted: Hosted, console: Console) -> None:
    record = hosted.register.record(hosted.machine.progress.record)
    try:
        console.print(
            table(compute(record, hosted.machine.procedure), hosted.machine.procedure),
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
    except CalculationError as e:
        console.print(f"the results cannot be computed: {e}", highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"\nrecord {record.id} is performed; next: labwire cal review {record.id}", highlight=False, soft_wrap=True
    )


def _with_digits(setup: Setup, sha256: str) -> Setup:
    """A file has the digits it has; where it lost zeros, the item's resolution gives them back."""
    source = msgspec.structs.replace(setup.source, digits=digits_of(setup.item.d))
    return msgspec.structs.replace(setup, source=source, remarks={"stored samples, SHA-256": sha256})


@dataclass
class Feeder:
    """Gives stored samples to a run; its time is theirs."""

    recording: replay.Recording
    hosted: Hosted | None = None
    at: int = 0
    now: float = 0.0

    def clock(self) -> float:
        return self.now or self.recording.begin

    def feed(self) -> bool:
        """Some more, up to the next question; False at their end."""
        if self.hosted is None or self.at >= len(self.recording.rows):
            return False
        stage, end = self.hosted.machine.stage, self.at + FEED
        while self.at < min(end, len(self.recording.rows)) and (
            self.hosted.machine.stage in MOVING or stage == self.hosted.machine.stage
        ):
            owner, row = self.recording.rows[self.at]
            self.at, self.now = self.at + 1, max(self.now, row.t)
            for heard in self.hosted.wire.row(owner, row):
                self.hosted.feed(heard)
        return True
