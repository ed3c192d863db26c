"""``labwire cal serve``: hosts runs started from the page, and tells the broker what is in force and due."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, Never

from broker.client import Client, Will
from broker.config import ConfigError
from broker.messages import Command, ServiceStatus, Value, encode
from broker.runtime import Clock, new_boot
from broker.topics import Kind, TopicError, Topics, check_name
from calibration.live.config import CalibrationConfig
from calibration.live.host import Host, Starts
from calibration.live.hosted import Hosted
from calibration.live.keep import Keep, KeepError
from calibration.live.start import NotBegun, Wanted
from calibration.live.starter import prepare
from calibration.live.times import second
from calibration.procedure import ProcedureError
from calibration.publish import Publisher
from calibration.record import Person
from calibration.register import Register, RegisterError

log = logging.getLogger("calibration.service")

SERVICE = "calibration"
HEARTBEAT_S = 30.0
EXPIRY_S = 90


async def serve(config: CalibrationConfig, stop: asyncio.Event, *, clock: Clock = time.time) -> None:
    """Run until ``stop``. Raises ConfigError; whatever else ends a task ends the process."""
    try:
        register = Register.open(Path(config.calibration_dir))
    except RegisterError as e:
        raise ConfigError(str(e)) from e
    topics = Topics(config.broker.root)
    pulse = Pulse(topics, config.name, new_boot(clock), clock)
    client_id = config.broker.user or f"{SERVICE}-{config.name}"
    with ExitStack() as locks:
        async with Client(config.broker, client_id, will=pulse.will) as client:
            await _run(config, register, client, topics, pulse, locks, stop, clock)


async def _run(
    config: CalibrationConfig,
    register: Register,
    client: Client,
    topics: Topics,
    pulse: "Pulse",
    locks: ExitStack,
    stop: asyncio.Event,
    clock: Clock,
) -> None:
    async with asyncio.TaskGroup() as group:
        desk = Desk(config, register, topics, locks, group, clock)
        host = Host(client, topics, clock, asyncio.sleep, desk)
        desk.host = host
        client.subscribe(topics.all_of(Kind.CAL_CMD))
        desk.resume()
        publisher = Publisher(client, topics, register.folder, config.name, clock)
        work = {"read": host.read(), "beat": host.beat(), "pulse": pulse.beat(client, host, publisher)}
        if config.publish:
            work["publish"] = publisher.run()
        tasks = [group.create_task(w, name=f"calibration {name}") for name, w in work.items()]
        log.info("calibration service %s, register %s", config.name, config.calibration_dir)
        await stop.wait()
        if client.connected:
            pulse.say(client, host, publisher, "offline")
        for task in (*tasks, *desk.tasks):
            task.cancel()


class Desk(Starts):
    """Begins runs, and goes on with those that were under way when the service ended."""

    def __init__(
        self,
        config: CalibrationConfig,
        register: Register,
        topics: Topics,
        locks: ExitStack,
        group: asyncio.TaskGroup,
        clock: Clock,
    ) -> None:
        self.host: Host | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self._config, self._register, self._topics, self._clock = config, register, topics, clock
        self._keep, self._locks, self._group = Keep(register.folder), locks, group
        self._name = f"{SERVICE} {config.name}"
        self._starting: set[str] = set()

    def resume(self) -> None:
        """Runs of this service that are not over."""
        for run in self._keep.runs():
            try:
                if self._keep.load(run).setup.host == self._name:
                    self._again(run)
            except (KeepError, ProcedureError) as e:
                log.error("%s", e)

    def _again(self, run: str) -> None:
        if self._keep.load(run).progress.stage in ("done", "aborted") or self.host is None:
            return
        self._locks.enter_context(self._keep.owning(run))
        self.host.take(Hosted.again(run, self._keep, self._register, self._clock))
        log.info("run %s goes on", run)

    async def start(self, run: str, command: Command) -> None:
        """A run somebody asks for; it is begun beside the others, since instruments are waited for."""
        if run in self._starting:
            return
        self._starting.add(run)
        task = self._group.create_task(self._start(run, command), name=f"calibration start {run}")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _start(self, run: str, command: Command) -> None:
        host = self.host
        if host is None:
            return
        try:
            check_name(run, "run")
            await self._begin(host, run, command)
        except (NotBegun, KeepError, RegisterError, TopicError) as e:
            log.info("run %s is not begun: %s", run, e)
            host.answer(run, command, done=False, text=str(e))
        finally:
            self._starting.discard(run)

    async def _begin(self, host: Host, run: str, command: Command) -> None:
        """Raises NotBegun, KeepError, RegisterError, TopicError."""
        if run in self._keep.runs():
            raise NotBegun(f"there is a run {run} already")
        wanted = self._wanted(run, command)
        setup = await prepare(host, self._register, wanted, self._topics, self._config.wait_s)
        self._locks.enter_context(self._keep.owning(run))
        hosted = Hosted.new(setup, self._keep, self._register, self._clock)
        hosted.machine.note("the run begins", command.by)
        hosted.began(command.id, f"run {run} begins")
        await hosted.settle()
        host.take(hosted)
        host.answer(run, command, done=True, text=f"run {run} begins")
        host.tell(hosted, at_once=True)

    def _wanted(self, run: str, command: Command) -> Wanted:
        args, now = command.args, self._clock()
        text = _word(args, "procedure")
        if len(text) == 64 and "\n" not in text:
            _, text = self._register.procedure(text)
        by = Person(name=command.by, at=second(now), authenticated=bool(command.via))
        return Wanted(
            run=run,
            procedure=text,
            item=_word(args, "item"),
            reference=_word(args, "reference"),
            by=by,
            item_id=_word(args, "item_id"),
            standards=_word(args, "standards").replace(",", " ").split(),
            environment=_word(args, "environment"),
            force=_word(args, "force"),
            host=self._name,
            begin=now,
        )


def _word(args: Mapping[str, Value], key: str) -> str:
    value = args.get(key, "")
    return value if isinstance(value, str) else ""


class Pulse:
    """The service's own status on the broker: retained, with figures, and a will that says ``lost``."""

    def __init__(self, topics: Topics, name: str, boot: str, clock: Clock) -> None:
        self._topic = topics.service_status(SERVICE, name)
        self._boot, self._clock = boot, clock

    def will(self, connection: int) -> Will:
        lost = ServiceStatus(state="lost", boot=self._boot, conn=connection, reason="no connection to the broker")
        return Will(self._topic, encode(lost))

    def say(
        self, client: Client, host: Host, publisher: Publisher, state: Literal["online", "offline"] = "online"
    ) -> None:
        problems = [h.problem for h in host.hosted.values() if h.problem]
        reason = "; ".join(filter(None, [publisher.problem, *problems]))
        status = ServiceStatus(
            state="degraded" if state == "online" and reason else state,
            boot=self._boot,
            conn=client.connection,
            ts=int(self._clock() * 1000),
            reason=reason,
            version=release(),
            figures={"runs": sum(not h.machine.over for h in host.hosted.values())},
        )
        client.publish(self._topic, encode(status), retain=True, expiry_s=EXPIRY_S)

    async def beat(self, client: Client, host: Host, publisher: Publisher) -> Never:
        """At every connection and every 30 s, and at once when something is wrong or right again."""
        said, told = 0.0, (-1, "")
        while True:
            seen = (client.connection, publisher.problem)
            if client.connected and (seen != told or self._clock() - said >= HEARTBEAT_S):
                self.say(client, host, publisher)
                said, told = self._clock(), seen
            await asyncio.sleep(0.25)


def release() -> str:
    try:
        return version("labwire")
    except PackageNotFoundError:
        return "unknown"
