"""A real bridge on a free port, and clients for it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bridge_ws import frames, tokens
from bridge_ws.config import BridgeConfig
from bridge_ws.service import serve
from broker.client import Client, Message
from broker.messages import Channel, Command, CommandSpec, Meta, Status, decode, encode
from broker.mosquitto import free_port
from broker.topics import Kind, Topics
from logger import service as logger_service
from logger.config import LoggerConfig
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

OPERATOR = "lw_operator-of-the-tests"
VIEWER = "lw_viewer-of-the-tests"
TOKENS = [
    tokens.Token("olga", "operator", tokens.digest(OPERATOR)),
    tokens.Token("victor", "viewer", tokens.digest(VIEWER)),
]
TOPICS = Topics()
META = Meta(
    name="Balance",
    edge="pi",
    channels={
        "weight": Channel(unit="g", resolution=0.0001),
        "stable": Channel(type="bool"),
        "mode": Channel(type="str"),
    },
    commands={"tare": CommandSpec(timeout_ms=500), "wait": CommandSpec(timeout_ms=60_000)},
)


@dataclass
class Bridge:
    """A running bridge."""

    config: BridgeConfig
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    def http(self, token: str | None = OPERATOR) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    @asynccontextmanager
    async def page(self, token: str | None = OPERATOR, **options: Any) -> AsyncIterator["PageClient"]:
        """A client that has been welcomed."""
        async with self.socket(**options) as socket:
            page = PageClient(socket)
            await page.send(op="hello", token=token)
            page.welcome = await page.until(op="welcome")
            yield page

    def socket(self, **options: Any) -> connect:
        url = self.url.replace("http", "ws") + "/ws"
        return connect(url, subprotocols=["labwire.v1"], max_size=None, **options)  # type: ignore[list-item]


class PageClient:
    """What the page does, in Python."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self.channels: dict[tuple[str, str], int] = {}
        self.seen: list[dict[str, Any]] = []

    async def send(self, **op: Any) -> None:
        await self.socket.send(json.dumps(op))

    async def receive(self, timeout: float = 15) -> dict[str, Any]:
        """The next message; a binary frame becomes {op: frame, now, parts}."""
        async with asyncio.timeout(timeout):
            item = await self.socket.recv()
        if isinstance(item, bytes):
            now, parts = frames.decode(item)
            message: dict[str, Any] = {"op": "frame", "now": now, "parts": parts}
        else:
            message = json.loads(item)
        if message["op"] == "channel":
            self.channels[message["instrument"], message["channel"]] = message["n"]
        self.seen.append(message)
        return message

    async def ended(self) -> int:
        """Until the bridge closes the connection; returns the code."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed:
            return self.socket.close_code or 0

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """The next message in which these keys have these values."""
        while True:
            message = await self.receive()
            if all(message.get(k) == v for k, v in wanted.items()):
                return message

    async def value(self, instrument: str, channel: str, value: Any) -> list[Any]:
        """Until the channel has this value; returns [ts, value, quality]."""
        while True:
            message = await self.until(op="values")
            got = message["v"].get(str(self.channels.get((instrument, channel))))
            if got and got[1] == value:
                return list(got)

    async def samples(self, instrument: str, channel: str, count: int) -> list[tuple[float, float]]:
        """Until so many samples of the channel have come, as (µs, value)."""
        found: list[tuple[float, float]] = []
        while len(found) < count:
            message = await self.until(op="frame")
            for part in message["parts"]:
                if part.header.n == self.channels[instrument, channel]:
                    found += points(part)
        return found


def points(part: frames.Part) -> list[tuple[float, float]]:
    """The samples of one block; of buckets their largest."""
    h = part.header
    if h.times:
        return list(zip(*(c.tolist() for c in part.columns), strict=True))
    assert h.t0_us is not None
    assert h.dt_us is not None
    return [(h.t0_us + k * h.dt_us, v) for k, v in enumerate(part.columns[-1].tolist())]


@asynccontextmanager
async def bridge(
    broker: TestBroker, folder: Path, /, *, user: str = "bridge-main", **settings: Any
) -> AsyncIterator[Bridge]:
    """Run a bridge until the block ends; then it must end well."""
    folder.mkdir(exist_ok=True)
    file = folder / "tokens.toml"
    if not file.exists():
        file.write_text(tokens.render(TOKENS))
    fixed: dict[str, Any] = {
        "port": free_port(),
        "data_dir": str(folder / "bridge"),
        "tokens_file": str(file),
        "broker": broker.config(user),
    }
    config = BridgeConfig(**fixed | settings)
    running = Bridge(config)
    task = asyncio.create_task(serve(config, running.stop), name="bridge under test")
    try:
        await eventually(lambda: _answers(running, task), what="answering")
        yield running
    finally:
        running.stop.set()
        await task


async def _answers(running: Bridge, task: "asyncio.Task[None]") -> bool:
    if task.done():
        task.result()
    try:
        async with running.http(None) as http:
            return bool((await http.get("/healthz")).json()["broker"] == "up")
    except httpx.TransportError:
        return False


@asynccontextmanager
async def logger(broker: TestBroker, folder: Path) -> AsyncIterator[Path]:
    """The real logger, at work; yields its database."""
    config = LoggerConfig(data_dir=str(folder / "logger"), broker=broker.config("logger-main"))
    stop = asyncio.Event()
    task = asyncio.create_task(logger_service.run(config, stop), name="logger under test")
    try:
        await _online(broker, task)
        yield config.database
    finally:
        stop.set()
        await task


async def _online(broker: TestBroker, logger_: "asyncio.Task[None]") -> None:
    """Wait until the logger says that it is there; what is published before nobody stores."""
    async with Client(broker.config("viewer"), "waits-for-the-logger") as client, asyncio.timeout(20):
        client.subscribe(TOPICS.service_status("logger", "main"))
        async for message in client.messages:
            if logger_.done() or decode(Kind.SERVICE_STATUS, message.payload).state == "online":
                return


class Instrument:
    """What an edge says for one instrument, by hand."""

    def __init__(self, client: Client, name: str = "balance1", boot: str = "mh8x2k3q-7f3a") -> None:
        self.client = client
        self.name = name
        self.boot = boot
        self.seq = 0
        self.last: Message | None = None

    async def put(self, kind: Kind, message: Any, **options: Any) -> None:
        payload = message if isinstance(message, bytes) else encode(message)
        await self.client.publish(TOPICS.of(self.name, kind), payload, **options)

    async def appear(self, meta: Meta = META, state: str = "online") -> None:
        await self.put(Kind.META, meta, retain=True)
        await self.status(state)

    async def next_command(self) -> Command:
        async for command in self.commands():
            return command
        raise AssertionError("the client was closed")

    async def commands(self) -> AsyncIterator[Command]:
        """The commands that come, in order."""
        self.client.subscribe(TOPICS.of(self.name, Kind.CMD), retain_handling=2)
        await self.client.subscribed()
        async for message in self.client.messages:
            self.client.ack(message)
            self.last = message
            yield decode(Kind.CMD, message.payload)

    async def reply(self, command: Command, state: str, **more: Any) -> None:
        args = {"id": command.id, "state": state, "ts": now_ms(), "name": command.name, "by": command.by}
        await self.put(Kind.REPLY, args | more)

    async def status(self, state: str = "online", **more: Any) -> None:
        status = Status(state=state, boot=self.boot, ts=now_ms(), edge="pi", **more)  # type: ignore[arg-type]
        await self.put(Kind.STATUS, status, retain=True, expiry_s=90)

    async def sample(self, ts: int | None = None, q: dict[str, str] | None = None, **values: Any) -> int:
        """One sample set; returns its time in ms."""
        ts = ts or now_ms()
        body = {"ts": ts, "boot": self.boot, "seq": self.seq, "values": values} | ({"q": q} if q else {})
        self.seq += 1
        await self.put(Kind.DATA, body)
        return ts

    async def block(self, *, late: bool = False, t0_us: int | None = None, dt_us: int = 1000, **cols: Any) -> int:
        """One regular block; returns the time of its first row in µs."""
        t0_us = t0_us or now_ms() * 1000
        n = len(next(iter(cols.values())))
        body = {"boot": self.boot, "seq": self.seq, "n": n, "t0_us": t0_us, "dt_us": dt_us, "cols": cols, "late": late}
        self.seq += n
        await self.put(Kind.BLOCK, body)
        return t0_us


@asynccontextmanager
async def instrument(broker: TestBroker, name: str = "balance1") -> AsyncIterator[Instrument]:
    """An edge's connection with one instrument on it."""
    async with Client(broker.config("edge-pi"), f"edge-of-{name}") as client:
        async for _ in client.connections():
            break
        yield Instrument(client, name)


def now_ms() -> int:
    return int(time.time() * 1000)
