"""Runs simulated instruments on pseudo-terminals, with a control pipe each."""

import asyncio
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from edge.simulators.control import control_pipe
from edge.simulators.device import Device
from edge.simulators.faults import FAULTS, garble
from edge.simulators.i2c_bus import simulating_buses
from edge.simulators.journal import Journal
from edge.simulators.kinds import I2C, Wanted, make_device
from edge.simulators.pty_line import PtyLine

log = logging.getLogger("edge.simulators")


class Simulated:
    """One device on its line, with its faults."""

    def __init__(self, name: str, device: Device, folder: Path, journal: Journal, rng: random.Random) -> None:
        self.name = name
        self.device = device
        self.line = PtyLine(folder / name)
        self.control = folder / f"{name}.control"
        self.ready = asyncio.Event()
        self._journal = journal
        self._rng = rng
        self._silent = self._garbage = False
        self._half = b""

    async def run(self) -> None:
        """Answer, send and obey until cancelled."""
        async with control_pipe(self.control) as control:
            self.line.plug()
            self.ready.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._answer(), name=f"{self.name} answers")
                    tasks.create_task(self._send(), name=f"{self.name} sends")
                    tasks.create_task(self._obey(control), name=f"{self.name} control")
            finally:
                self._journal.write(self.name, "<", [self._half] if self._half else [])
                self.line.unplug()

    async def _answer(self) -> None:
        while True:
            *lines, self._half = (self._half + await self.line.read()).split(self.device.line_end)
            self._journal.write(self.name, "<", [line + self.device.line_end for line in lines])
            for line in lines:
                if not self._silent:
                    self._give(self.device.answer(line.rstrip(b"\r\n"), time.monotonic()))

    async def _send(self) -> None:
        while True:
            await asyncio.sleep(self.device.period_s)
            if self._silent or not self.line.plugged:
                self.device.resume(time.monotonic())
            else:
                self._give(self.device.tick(time.monotonic()))

    def _give(self, lines: list[bytes]) -> None:
        for line in lines:
            data = garble(line, self.device.end, self._rng) if self._garbage else line + self.device.end
            self._journal.write(self.name, ">" if self.line.write(data) else "x", [data])

    async def _obey(self, control: asyncio.StreamReader) -> None:
        while line := await control.readline():
            word, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            if word:
                self.tell(word, argument)

    def tell(self, word: str, argument: str = "") -> None:
        """Switch a fault, or turn a knob of the device."""
        self._journal.write(self.name, "!", [f"{word} {argument}".strip().encode("latin-1", "replace")])
        match word:
            case "unplug":
                self.line.unplug()
            case "plug":
                self.line.plug()
            case "silent" | "garbage" | "drift" | "normal":
                self._silent, self._garbage = word == "silent", word == "garbage"
                self.device.drifting = word == "drift"
                self.line.plug()
            case _ if not self._knob(word, argument):
                log.warning("%s: %r is none of %s, nor a knob of this device", self.name, word, ", ".join(FAULTS))

    def _knob(self, word: str, argument: str) -> bool:
        try:
            return self.device.tell(word, argument)
        except ValueError:
            return False


@asynccontextmanager
async def simulating(
    wanted: Sequence[Wanted], folder: Path, journal: Path | None = None, seed: int | None = None
) -> AsyncIterator[dict[str, Simulated]]:
    """The simulated instruments by name, running while the block runs and ready (links exist) when it begins."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Journal(journal)
    rng = random.Random(seed)  # noqa: S311 - noise, not secrets
    made = {w.name: Simulated(w.name, make_device(w, rng), folder, book, rng) for w in wanted}
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(s.run(), name=f"simulator {name}") for name, s in made.items()]
            await asyncio.gather(*(s.ready.wait() for s in made.values()))
            yield made
            for task in running:
                task.cancel()
    finally:
        book.close()


async def simulate(wanted: Sequence[Wanted], folder: Path, journal: Path | None, stop: asyncio.Event) -> None:
    """Simulate until ``stop`` is set."""
    lines, buses = [w for w in wanted if w.kind != I2C], [w.name for w in wanted if w.kind == I2C]
    async with simulating(lines, folder, journal), simulating_buses(buses, folder, journal):
        for one in wanted:
            log.info("%s: %s (faults: echo silent > %s)", one.name, folder / one.name, folder / f"{one.name}.control")
        await stop.wait()


def tell(folder: Path, name: str, words: str) -> None:
    """Write ``words`` (a fault, or a knob like ``load 50``) to a running simulator. Raises OSError when none runs."""
    fd = os.open(folder / f"{name}.control", os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(fd, words.encode() + b"\n")
    finally:
        os.close(fd)
