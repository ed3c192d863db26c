"""For the edge's tests: something that records what an instrument publishes, and lines to talk over."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broker.messages import Command, Meta, Value
from edge.driver import About, Driver, Item, Rows, Sample, Trouble
from edge.links.address import I2cAddress, SerialSettings
from edge.links.base import Link
from edge.links.i2c import I2cLink
from edge.links.inbox import Stamped
from edge.links.serial_port import SerialLink
from edge.links.tcp import TcpLink
from edge.simulators.device import Device
from edge.simulators.pty_line import PtyLine
from edge.supervise import Supervised

ABOUT = About("i1", timeout_s=0.5)


@dataclass
class Recorder:
    """An outlet that keeps everything."""

    samples: list[Sample] = field(default_factory=list)
    blocks: list[Rows] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)

    def sample(self, values: Mapping[str, Value], *, t_us: int | None = None, q: Any = None) -> None:
        self.samples.append(Sample(values, t_us or 0, q or {}))

    def block(self, cols: Mapping[str, Sequence[Value]], *, t0_us: int | None = None, dt_us: int | None = None,
              t_us: Sequence[int] | None = None, q: Any = None) -> None:  # fmt: skip
        self.blocks.append(Rows(cols, t0_us=t0_us, dt_us=dt_us, t_us=t_us, q=q or {}))

    def status(self, state: str, reason: str = "") -> None:
        self.states.append((state, reason))

    def event(self, kind: str, text: str, *, severity: str = "info", state: str = "") -> None:
        self.events.append((state, text))

    def describe(self, meta: Meta) -> None:
        self.metas.append(meta)

    @property
    def state(self) -> str:
        return self.states[-1][0] if self.states else ""

    def column(self, name: str) -> list[Value]:
        """All values of a channel in the order they were published, from samples or from blocks."""
        return [s.values[name] for s in self.samples if name in s.values] + [
            v for b in self.blocks if name in b.cols for v in b.cols[name]
        ]

    def numbers(self, name: str) -> list[float]:
        """The values of a channel that are numbers."""
        return [float(v) for v in self.column(name) if isinstance(v, (int, float))]

    def latest(self, name: str) -> float:
        """The latest number of a channel; far from everything while there is none."""
        return self.numbers(name)[-1] if self.numbers(name) else float("-inf")


@dataclass
class Collected:
    """What a driver published directly."""

    items: list[Item] = field(default_factory=list)

    def __call__(self, item: Item) -> None:
        self.items.append(item)

    @property
    def samples(self) -> list[Sample]:
        return [i for i in self.items if isinstance(i, Sample)]

    @property
    def blocks(self) -> list[Rows]:
        return [i for i in self.items if isinstance(i, Rows)]

    @property
    def troubles(self) -> list[Trouble]:
        return [i for i in self.items if isinstance(i, Trouble)]


class ScriptedLink(Link):
    """A line whose other end is a plain function: question → the pieces that come back."""

    def __init__(self, answer: Callable[[bytes], Sequence[bytes]]) -> None:
        super().__init__("script", clock=lambda: 1000.0)
        self.written: list[bytes] = []
        self._script = answer

    async def open(self) -> None:
        """Nothing to open."""

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        for piece in self._script(data):
            self._received(piece, self._now_us())

    async def close(self) -> None:
        self._lost("closed")

    def feed(self, data: bytes, t_us: int = 0) -> None:
        self._received(data, t_us)


def command(name: str, ttl_ms: int = 5000, ts: int | None = None, **args: Value) -> Command:
    return Command(id=f"c-{name}", name=name, args=args, ttl_ms=ttl_ms, ts=ts)


@asynccontextmanager
async def supervised(driver: Driver[Any], new_link: Callable[[], Link]) -> AsyncIterator[tuple[Supervised, Recorder]]:
    """The driver running with its line, until the block ends; it tries again at once."""

    async def soon(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))

    one, out = Supervised(driver.about.name, driver, new_link, sleep=soon), Recorder()
    task = asyncio.create_task(one.run(out))
    try:
        yield one, out
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()):
        raise error


@asynccontextmanager
async def plugged(path: Path) -> AsyncIterator[PtyLine]:
    """A bare pseudo-terminal whose instrument's end the test plays."""
    line = PtyLine(path)
    line.plug()
    try:
        yield line
    finally:
        line.unplug()


@asynccontextmanager
async def over_tcp(device: Device) -> AsyncIterator[Callable[[], TcpLink]]:
    """A simulated device behind a TCP server, like a serial server in the network."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while line := await reader.readline():
            for answer in device.answer(line.rstrip(b"\r\n"), loop.time()):
                writer.write(answer + device.end)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield lambda: TcpLink("127.0.0.1", port)
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


def unused_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def pieces(data: bytes, cuts: Sequence[int]) -> list[Stamped]:
    """``data`` cut at the given places; piece k arrived at k ms."""
    ends = sorted({c % (len(data) + 1) for c in cuts} | {len(data)})
    starts = [0, *ends[:-1]]
    return [Stamped(data[a:b], 1000 * k) for k, (a, b) in enumerate(zip(starts, ends, strict=True)) if b > a]


def serial_link(folder: object, name: str) -> Callable[[], Link]:
    """New links to the pseudo-terminal ``folder``/``name``."""
    return lambda: SerialLink(str(Path(str(folder)) / name), SerialSettings())


def i2c_link(folder: Path, device: int, name: str = "b") -> Callable[[], I2cLink]:
    """New links to a chip on the simulated bus ``folder``/``name``."""
    return lambda: I2cLink(I2cAddress(str(folder / name), device))
