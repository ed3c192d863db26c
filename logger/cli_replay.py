"""``labwire replay``: arguments, keys and a bar on a terminal, a line now and then elsewhere."""

import asyncio
import contextlib
import logging
import math
import os
import signal
import sys
import termios
import time
import tty
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from broker import runtime
from broker.config import ConfigError
from logger import arguments, when
from logger.export import ask as asking
from logger.export.ask import ExportError
from logger.replay import config
from logger.replay.player import Player
from logger.replay.service import Wish, run

log = logging.getLogger("logger.replay")

LINE_S = 10.0
BAR_S = 0.2


def parser() -> ArgumentParser:
    top = ArgumentParser(prog="labwire replay", description="Show recorded traffic again, below another root.")
    arguments.replay(top)
    top.add_argument(
        "-c", "--config", type=Path, default=Path("replay.toml"), metavar="FILE", help="default: %(default)s"
    )
    top.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Show it. Returns the process's exit code."""
    args = parser().parse_args(argv)
    runtime.set_up_logging(args.log_level)
    try:
        settings, wanted = config.read(args.config), wish(args, time.time_ns() // 1000)
    except ConfigError as e:
        print(f"labwire replay: {e}", file=sys.stderr)
        return runtime.EXIT_CONFIG

    async def show(stop: asyncio.Event) -> None:
        with ExitStack() as stack:
            watcher = _Watcher(stop, stack)
            await run(settings, wanted, stop, watcher.begin)
            watcher.end()

    return runtime.run(show)


def wish(args: Namespace, now_us: int) -> Wish:
    """What the arguments ask for. Raises ConfigError."""
    try:
        zone = asking.zone(args.tz) if args.tz else None
        start = when.parse(args.start, now_us, zone) // 1000 if args.start else None
        end = when.parse(args.end, now_us, zone) // 1000 if args.end else None
    except (when.WhenError, ExportError) as e:
        raise ConfigError(str(e)) from e
    if args.run and (args.start or args.end):
        raise ConfigError("a run has a beginning and an end of its own: name the run, or from and to")
    names = tuple(args.instrument)
    return Wish(args.prefix, names, start, end, args.run, _speed(args.speed), args.shift_now, args.clear)


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    with contextlib.suppress(ValueError):
        if 0 < (found := float(text)) < math.inf:
            return found
    raise ConfigError(f"--speed {text}: write 1, 10, 0.5 or max")


@dataclass(slots=True)
class _Watcher:
    """Keys and progress of the replay that has begun; ``stack`` puts everything back."""

    stop: asyncio.Event
    stack: ExitStack
    player: Player | None = None
    task: "asyncio.Task[None] | None" = field(default=None)

    def begin(self, player: Player, from_ms: int, to_ms: int) -> None:
        self.player = player
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, player.toggle)
        self.stack.callback(loop.remove_signal_handler, signal.SIGUSR1)
        if sys.stdin.isatty():
            self.stack.enter_context(_keys(player, self.stop))
        shown = _bar if sys.stderr.isatty() else _lines
        self.task = asyncio.create_task(shown(player, from_ms, to_ms), name="replay: progress")
        self.stack.callback(self.task.cancel)

    def end(self) -> None:
        if self.player is not None:
            log.info("%d messages shown, up to %s", self.player.messages, _at(self.player))


@contextlib.contextmanager
def _keys(player: Player, stop: asyncio.Event) -> Iterator[None]:
    """Space pauses and goes on, q ends."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def pressed() -> None:
        for key in os.read(fd, 100).decode(errors="replace"):
            if key == " ":
                player.toggle()
            elif key == "q":
                stop.set()

    tty.setcbreak(fd)
    asyncio.get_running_loop().add_reader(fd, pressed)
    try:
        yield
    finally:
        asyncio.get_running_loop().remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


async def _lines(player: Player, _from_ms: int, _to_ms: int) -> None:
    while True:
        await asyncio.sleep(LINE_S)
        log.info("%s%s, %d messages", "paused at " if player.pace.paused else "", _at(player), player.messages)


async def _bar(player: Player, from_ms: int, to_ms: int) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=max(1, to_ms - from_ms))
        while True:
            hint = "paused, space goes on" if player.pace.paused else "space pauses, q ends"
            text = f"{_at(player)}  {player.messages} messages  ({hint})"
            bar.update(task, completed=player.position_ms - from_ms, description=text)
            await asyncio.sleep(BAR_S)


def _at(player: Player) -> str:
    return when.iso(player.position_ms * 1000)[:19] + "Z"


if __name__ == "__main__":
    sys.exit(main())
