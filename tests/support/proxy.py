"""A small TCP proxy between an MQTT client and its broker that can do to a link what networks do."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from types import TracebackType
from typing import Literal, Self

Way = Literal["up", "down"]
"""Up: from the client to the broker."""


class Kind(Enum):
    """The first half byte of a packet."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Act(Enum):
    """What to do with a packet that comes by."""

    PASS = auto()
    SWALLOW = auto()
    CUT_BEFORE = auto()
    CUT_WITHIN = auto()
    CUT_AFTER = auto()
    STALL = auto()


Trap = Callable[[Way, int, bytes], Act]
"""(way, first half byte, packet) → what to do."""


class Proxy:
    """Forwards ``port`` to ``target``.

    ``trap`` sees each MQTT packet; ``piece`` writes at most so many bytes at a time; ``delay`` seconds before each
    packet. ``stall()`` keeps the links open and lets nothing through, ``cut()`` resets them, ``refusing`` closes what
    is accepted.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.accepted = 0
        self.trap: Trap | None = None
        self.piece: int | None = None
        self.delay = 0.0
        self.refusing = False
        self.seen: list[tuple[Way, int, bytes]] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every link."""
        for writer in self._writers:
            writer.transport.abort()

    def stall(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def on(self, way: Way, kind: Kind, act: Act, times: int = 1) -> None:
        """Do ``act`` to the first ``times`` packets of a kind."""
        left = times

        def trap(w: Way, k: int, _packet: bytes) -> Act:
            nonlocal left
            if (w, k) != (way, kind.value) or left == 0:
                return Act.PASS
            left -= 1
            return act

        self.trap = trap

    def count(self, way: Way, kind: Kind) -> int:
        """How many packets of a kind came by."""
        return sum((w, k) == (way, kind.value) for w, k, _ in self.seen)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if not self.refusing:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers.add(far_writer)
        ways = [
            asyncio.create_task(self._carry("up", reader, far_writer), name="proxy up"),
            asyncio.create_task(self._carry("down", far_reader, writer), name="proxy down"),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ways:
                task.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()
            self._writers.discard(far_writer)

    async def _carry(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while data := await reader.read(65536):
            rest += data
            while (size := _size(rest)) and size <= len(rest):
                packet, rest = rest[:size], rest[size:]
                if not await self._pass_on(way, packet, writer):
                    return
        await writer.drain()

    async def _pass_on(self, way: Way, packet: bytes, writer: asyncio.StreamWriter) -> bool:
        kind = packet[0] >> 4
        self.seen.append((way, kind, packet))
        act = self.trap(way, kind, packet) if self.trap else Act.PASS
        if act is Act.STALL:
            self.stall()
        await self._flowing.wait()
        if self.delay:
            await asyncio.sleep(self.delay)
        if act in (Act.PASS, Act.CUT_AFTER, Act.STALL):
            await self._write(packet, writer)
        if act is Act.CUT_WITHIN:
            await self._write(packet[: len(packet) // 2], writer)
        return act in (Act.PASS, Act.SWALLOW, Act.STALL)

    async def _write(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        piece = self.piece or len(data)
        for k in range(0, len(data), piece):
            writer.write(data[k : k + piece])
            await writer.drain()
            if self.piece:
                await asyncio.sleep(0)


def _size(data: bytes) -> int | None:
    size = 0
    for k, byte in enumerate(data[1:5]):
        size |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return size + k + 2
    return None
