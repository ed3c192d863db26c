"""A replay from its beginning to its end: the stage is looked at and cleared, then the tape is played."""

import asyncio
import fnmatch
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from broker.client import Client, Message, Refused, Will
from broker.config import ConfigError
from broker.messages import ServiceStatus, encode
from broker.runtime import Clock, new_boot
from broker.topics import Kind, Topics
from logger import when
from logger.descriptions import retained
from logger.replay import config as settings
from logger.replay.config import ReplayConfig
from logger.replay.pace import Pace
from logger.replay.player import Player
from logger.replay.script import SHOWN, Script
from logger.replay.shift import Shift
from logger.replay.tape import Tape
from logger.store import HistoryError

log = logging.getLogger("logger.replay")

STATUS_S = 5.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown: ``instruments`` are shell patterns, none means all; without times all there is."""

    prefix: str = "replay"
    instruments: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    run: str = ""
    speed: float = 1.0
    shift_now: bool = False
    clear: bool = False

    def wants(self, instrument: str) -> bool:
        return not self.instruments or any(fnmatch.fnmatchcase(instrument, p) for p in self.instruments)


Watch = Callable[[Player, int, int], None]
"""Told when it begins: the player, from and to (ms)."""
Times = tuple[int, int]
T = TypeVar("T")


async def run(
    config: ReplayConfig, wish: Wish, stop: asyncio.Event, watch: Watch = lambda *_: None, clock: Clock = time.time
) -> None:
    """Show it, or until ``stop``. Raises ConfigError with one sentence."""
    live = Topics(config.broker.root)
    stage = settings.stage(wish.prefix, live.root)
    tape = Tape(Path(config.history_db), live, wish.wants)
    try:
        times = await asyncio.to_thread(_times, tape, wish, stage)
        await _Show(config, wish, tape, stage, times, stop, clock).run(watch)
    except HistoryError as e:
        raise ConfigError(f"history_db: {e}") from e


def _times(tape: Tape, wish: Wish, stage: Topics) -> Times:
    """Raises ConfigError."""
    if wish.shift_now and wish.speed == math.inf:
        raise ConfigError("--shift-now needs a speed that is a number: at max there is no now to move to")
    if tape.below(stage.root):
        raise ConfigError(f"--prefix {stage.root}: this store has recorded a laboratory below it")
    span = tape.span()
    if span is None:
        raise ConfigError("nothing has been recorded yet")
    start, end = wish.from_ms, wish.to_ms
    if wish.run:
        run = tape.run(wish.run)
        if run is None:
            raise ConfigError(f"there is no run {wish.run!r}")
        start, end = run.start, run.end
    start, end = max(span[0], start or 0), span[1] + 1 if end is None else min(end, span[1] + 1)
    if start >= end:
        said = f"{when.iso(span[0] * 1000)} to {when.iso(span[1] * 1000)}"
        raise ConfigError(f"nothing was recorded in this time; the record is from {said}")
    return start, end


@dataclass(slots=True)
class _Show:
    config: ReplayConfig
    wish: Wish
    tape: Tape
    stage: Topics
    times: Times
    stop: asyncio.Event
    clock: Clock
    boot: str = ""

    async def run(self, watch: Watch) -> None:
        self.boot = new_boot(self.clock)
        look = retained(self.config.broker, f"replay-{self.config.name}-look", self.stage.everything())
        found = await _unless(self.stop, look)
        left = _leftovers(found or [], self.stage)
        async with Client(self.config.broker, f"replay-{self.config.name}", will=self._will) as client:
            if await _unless(self.stop, anext(aiter(client.connections()))) is None:
                return
            for topic in left:
                await _clear(client, topic)
            if not self.wish.clear:
                await self._play(client, watch)

    @property
    def _topic(self) -> str:
        return self.stage.service_status("replay", self.config.name)

    def _will(self, connection: int) -> Will:
        return Will(self._topic, encode(ServiceStatus(state="lost", boot=self.boot, conn=connection)))

    async def _play(self, client: Client, watch: Watch) -> None:
        now_ms = int(self.clock() * 1000)
        shift = Shift(self.times[0], now_ms, self.wish.speed, self.boot) if self.wish.shift_now else None
        script = Script(self.tape.live, self.stage, self.wish.wants, shift)
        player = Player(self.tape, script, client, Pace(self.wish.speed, self.times[0]), position_ms=self.times[0])
        watch(player, *self.times)
        async with asyncio.TaskGroup() as group:
            others = [
                group.create_task(player.beat(), name="replay: beat"),
                group.create_task(self._tell(player), name="replay: status"),
            ]
            await _unless(self.stop, self._played(player))
            for task in others:
                task.cancel()
        self._say(player, "offline")
        for reason, count in script.skipped.most_common():
            log.info("not shown: %d messages %s", count, reason)

    async def _played(self, player: Player) -> None:
        try:
            await player.play(*self.times)
        except HistoryError as e:
            raise ConfigError(f"history_db: {e}") from e

    async def _tell(self, player: Player) -> None:
        while True:
            self._say(player, "online")
            await asyncio.sleep(STATUS_S)

    def _say(self, player: Player, state: Literal["online", "offline"]) -> None:
        shows = "paused at" if player.pace.paused else "shows"
        status = ServiceStatus(
            state=state,
            boot=self.boot,
            conn=player.client.connection,
            ts=int(self.clock() * 1000),
            reason=f"{shows} {when.iso(player.position_ms * 1000)[:19]}Z",
            figures={
                "messages": player.messages,
                "position_ms": player.position_ms,
                "from_ms": self.times[0],
                "to_ms": self.times[1],
                "skipped": sum(player.script.skipped.values()),
            },
        )
        player.client.publish(self._topic, encode(status), retain=True)


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """What ``work`` comes to; None when ``stop`` came first."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.wait({working, stopped})


# --- the stage --------------------------------------------------------------------------------------------------------


def _leftovers(found: list[Message], stage: Topics) -> list[str]:
    """What an earlier replay has left. Raises ConfigError when it looks as if somebody lived here."""
    parsed = {m.topic: t for m in found if m.payload and (t := stage.parse(m.topic)) is not None}
    services = {t.part for t in parsed.values() if t.kind is Kind.SERVICE_STATUS}
    left = [topic for topic, t in parsed.items() if t.kind in SHOWN]
    orders = any(t.kind is Kind.COMMIT for t in parsed.values())
    if "logger" in services or orders or (left and "replay" not in services):
        raise ConfigError(
            f"--prefix {stage.root}: below it is something that no replay has left, {next(iter(parsed))}; name another"
        )
    return left


async def _clear(client: Client, topic: str) -> None:
    try:
        await client.publish(topic, b"", retain=True)
    except Refused as e:
        raise ConfigError(f"the broker does not let us clear {topic}: {e}; this user's role is 'replay'") from e
