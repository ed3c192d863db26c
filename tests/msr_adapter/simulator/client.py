"""A small client for the tests of the simulator's sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar

import msgspec

from msr_adapter.wire import Ack, Channel, Data, Decoder, Layout, Listing, WireEvent, requests, samples

T = TypeVar("T")


class Client:
    """Reads events; remembers them in ``events`` until they are taken."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.events: list[WireEvent] = []
        self.layouts: dict[int, Layout] = {}
        self._decoder = Decoder()
        self._ids = (str(n) for n in count(1))

    async def next(self, kind: type[T], when: Callable[[T], bool] = lambda _: True, timeout: float = 20.0) -> T:
        """The next event of this kind; those before it are dropped. Raises EOFError."""
        async with asyncio.timeout(timeout):
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if isinstance(event, kind) and when(event):
                        return event
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.events += self._decoder.feed(data)

    async def ask(self, make: Callable[[str], bytes]) -> list[msgspec.Struct]:
        """The direct answer to a request."""
        ident = next(self._ids)
        self.writer.write(make(ident))
        answer: list[msgspec.Struct] = []
        while True:
            event = await self.next(msgspec.Struct)
            if event == Ack(ident):
                return answer
            answer.append(event)

    async def index(self, path: bytes) -> int:
        (listing,) = (e for e in await self.ask(requests.read_channels) if isinstance(e, Listing))
        found = next(c for c in listing.items if isinstance(c, Channel) and c.name == path)
        assert found.layout is not None
        self.layouts[found.index] = found.layout
        return found.index

    async def subscribe(self, path: bytes, *, reduction: int = 1, blocksize: int = 20) -> int:
        index = await self.index(path)
        await self.ask(lambda i: requests.subscribe(i, [index], reduction=reduction, blocksize=blocksize))
        return index

    async def numbers(self, index: int, frames: int) -> tuple[list[int], list[float]]:
        """Time stamps and values of so many frames."""
        stamps: list[int] = []
        values: list[float] = []
        for _ in range(frames):
            data = await self.next(Data)
            stamps += data.t_ns
            values += samples.from_base64(self.layouts[index], dict(data.columns)[index], len(data.t_ns))
        return stamps, values

    async def starttls(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context, server_hostname="localhost")


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
