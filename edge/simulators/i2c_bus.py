"""A simulated I²C bus: ``DIR/NAME`` is a socket, ``port = "i2c:DIR/NAME@0x44"`` a chip on it.

Only the kernel's bus is replaced: the edge's link packs smbus2's own messages, and the errors that come back have the
numbers the kernel would give. On the bus are SHT3x at 0x44 and 0x45, an ADS1115 at 0x48, an SCD41 at 0x62, a BME280
at 0x76.

Told by ``DIR/NAME.control``: ``unplug`` and ``plug`` are the whole bus; ``busy`` lets every other transaction of a chip
lose the arbitration to another master, ``taken`` all of them. ``silent``, ``garbage``, ``flaky`` (every other
transaction is not acknowledged), ``stuck`` (holds the clock until the kernel gives up), ``reset`` (power lost for a
moment) and ``normal`` are about one chip, e.g. ``silent 0x44``, or about all without an address; ``0x48 a0 1.2`` turns
a chip's own knob.
"""

import asyncio
import errno
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from edge.links.i2c_wire import Message, read_request, response
from edge.simulators.control import control_pipe
from edge.simulators.i2c_ads1115 import Ads1115Chip
from edge.simulators.i2c_bme280 import Bme280Chip
from edge.simulators.i2c_chip import Chip, NotAcknowledged, Room
from edge.simulators.i2c_scd4x import Scd4xChip
from edge.simulators.i2c_sht3x import Sht3xChip
from edge.simulators.journal import Journal

log = logging.getLogger("edge.simulators")

HANG_S = 1.0
"""How long the kernel's driver waits for a clock line that is held."""
DRIFT_K_S = 0.02
NOT_ACKNOWLEDGED = getattr(errno, "EREMOTEIO", 121)
CHIP_FAULTS = ("normal", "silent", "garbage", "flaky", "stuck", "reset")
BUS_FAULTS = ("busy", "taken")


class BusError(Exception):
    """The transaction failed with the kernel's ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class SimulatedBus:
    """Chips at their addresses behind a socket, one transaction at a time."""

    def __init__(
        self,
        name: str,
        folder: Path,
        journal: Journal,
        rng: random.Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self.name = name
        self.path = folder / name
        self.control = folder / f"{name}.control"
        self.ready = asyncio.Event()
        self.room = Room()
        self.chips: dict[int, Chip] = {
            0x44: Sht3xChip(self.room, "2a5b0c11"),
            0x45: Sht3xChip(self.room, "2a5b0c12"),
            0x48: Ads1115Chip(self.room),
            0x62: Scd4xChip(self.room, "f8969f073bbe"),
            0x76: Bme280Chip(self.room),
        }
        self._faults: dict[int, str] = {}
        self._bus_fault = ""
        self._journal = journal
        self._rng = rng
        self._wire = asyncio.Lock()
        self._counts = Counter[int]()
        self._drifts = False
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.StreamWriter] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._changes = asyncio.Queue[bool]()

    async def run(self) -> None:
        """Serve and obey until cancelled."""
        async with control_pipe(self.control) as control:
            await self._plug()
            self.ready.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._obey(control), name=f"{self.name} control")
                    tasks.create_task(self._change(), name=f"{self.name} plugs")
                    tasks.create_task(self._warm(), name=f"{self.name} warms")
            finally:
                self._unplug()
                await self._quiet.wait()  # the talks end by themselves: their connections are closed

    # --- the socket ---------------------------------------------------------------------------------------------------

    async def _plug(self) -> None:
        if self._server is None:
            self.path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._talk, self.path)

    def _unplug(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in self._talks:
            writer.close()
        self.path.unlink(missing_ok=True)

    async def _change(self) -> None:
        while True:
            if await self._changes.get():
                await self._plug()
            else:
                self._unplug()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        self._quiet.clear()
        try:
            while self._server is not None:  # it may have been unplugged before this connection was taken
                messages = await read_request(reader)
                async with self._wire:
                    writer.write(await self._answer(messages))
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the other end has closed the bus
        finally:
            self._talks.discard(writer)
            writer.close()
            if not self._talks:
                self._quiet.set()

    async def _answer(self, messages: list[Message]) -> bytes:
        try:
            return response(0, await self._transaction(messages))
        except BusError as e:
            return response(e.number, b"")

    # --- the wires ----------------------------------------------------------------------------------------------------

    async def _transaction(self, messages: list[Message]) -> bytes:
        """What the reads give. Raises BusError."""
        device = messages[0].device
        self._counts[device] += 1
        odd = self._counts[device] % 2 == 1
        if self._bus_fault == "taken" or (self._bus_fault == "busy" and odd):
            raise BusError(errno.EAGAIN)
        chip, fault = self.chips.get(device), self._faults.get(device, "normal")
        if fault == "stuck":
            await asyncio.sleep(HANG_S)
            raise BusError(errno.ETIMEDOUT)
        if chip is None or fault == "silent" or (fault == "flaky" and odd):
            raise BusError(NOT_ACKNOWLEDGED)
        data = b"".join(self._step(chip, message) for message in messages)
        return self._rng.randbytes(len(data)) if fault == "garbage" else data

    def _step(self, chip: Chip, message: Message) -> bytes:
        name, now = f"{self.name}@0x{message.device:02x}", self._monotonic()
        try:
            if message.read:
                data = chip.read(message.read, now)
                self._journal.write(name, ">", [data])
                return data
            self._journal.write(name, "<", [message.data])
            chip.write(message.data, now)
        except NotAcknowledged:
            raise BusError(NOT_ACKNOWLEDGED) from None
        return b""

    # --- faults -------------------------------------------------------------------------------------------------------

    async def _warm(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self.room.warmer += DRIFT_K_S * 0.1 if self._drifts else 0.0

    async def _obey(self, control: asyncio.StreamReader) -> None:
        while line := await control.readline():
            word, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            if word:
                self.tell(word, argument)

    def tell(self, word: str, argument: str = "") -> None:
        """Switch a fault, or turn a knob of a chip."""
        self._journal.write(self.name, "!", [f"{word} {argument}".strip().encode("latin-1", "replace")])
        try:
            known = self._tell(word, argument)
        except ValueError:
            known = False
        if not known:
            words = ", ".join((*CHIP_FAULTS, *BUS_FAULTS, "drift", "plug", "unplug"))
            log.warning("%s: %r is none of %s, nor a knob of a chip", self.name, f"{word} {argument}".strip(), words)

    def _tell(self, word: str, argument: str) -> bool:
        """Whether it was understood. Raises ValueError for what is no number."""
        if word.startswith("0x"):
            chip, (knob, _, value) = self.chips.get(int(word, 16)), argument.partition(" ")
            return chip is not None and chip.tell(knob, value)
        if word == "normal" and not argument:
            self._bus_fault, self._drifts = "", False
            self._changes.put_nowait(True)
        if word in ("plug", "unplug"):
            self._changes.put_nowait(word == "plug")
        elif word in BUS_FAULTS:
            self._bus_fault = word
        elif word in CHIP_FAULTS:
            return self._fault(word, [int(argument, 16)] if argument else list(self.chips))
        elif word == "drift":
            self._drifts = True
        else:
            return False
        return True

    def _fault(self, fault: str, devices: list[int]) -> bool:
        """Whether all are chips of this bus. One that was away comes back as after power-on."""
        if not set(devices) <= self.chips.keys():
            return False
        for device in devices:
            if fault == "reset" or self._faults.get(device) == "silent":
                self.chips[device].power_on()
            self._faults[device] = "normal" if fault == "reset" else fault
        return True


@asynccontextmanager
async def simulating_buses(
    names: Sequence[str],
    folder: Path,
    journal: Path | None = None,
    seed: int | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[dict[str, SimulatedBus]]:
    """The simulated buses by name, running while the block runs and ready when it begins."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Journal(journal)
    rng = random.Random(seed)  # noqa: S311 - noise, not secrets
    made = {name: SimulatedBus(name, folder, book, rng, monotonic) for name in names}
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(bus.run(), name=f"simulated bus {name}") for name, bus in made.items()]
            await asyncio.gather(*(bus.ready.wait() for bus in made.values()))
            yield made
            for task in running:
                task.cancel()
    finally:
        book.close()
