"""The sockets of the simulator, and its faults."""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msr_adapter.simulator import render
from msr_adapter.simulator.catalogue import Texts
from msr_adapter.simulator.faults import Faults, switch
from msr_adapter.simulator.journal import Journal
from msr_adapter.simulator.office import Office
from msr_adapter.simulator.session import Session
from msr_adapter.simulator.subscriptions import Killed
from msr_adapter.simulator.world import World
from msr_adapter.wire.commands import TooLong

log = logging.getLogger("msr_adapter.simulator")

_TICK_S = 0.02
_MSS = 536
_CONGESTED = 4 << 20  # about what the real server's kernel buffers take


@dataclass(frozen=True, slots=True)
class Settings:
    """``rate`` of the fast task, besides 100 Hz and 1 Hz. ``cert`` for STARTTLS, ``key`` if it stands apart."""

    host: str = "127.0.0.1"
    port: int = 0
    rate: float = 1000.0
    signals: int = 64
    control: Path | None = None
    journal: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    faults: tuple[str, ...] = ()
    app: str = "labwire malting plant"
    jitter_ns: int = 20_000
    seed: int | None = None


class Connection:
    """A session on its socket."""

    def __init__(self, session: Session, writer: asyncio.StreamWriter) -> None:
        self.session, self.writer = session, writer

    @property
    def congested(self) -> bool:
        return self.writer.transport.get_write_buffer_size() > _CONGESTED

    def flush(self, fragments: int, rng: random.Random) -> None:
        """Send what the session has to say, in random segments of at most ``fragments`` bytes if that is not 0."""
        data = self.session.take()
        if self.writer.is_closing():
            return
        while fragments and data:
            size = rng.randint(1, fragments)
            self.writer.write(data[:size])
            data = data[size:]
        if data:
            self.writer.write(data)


class Server:
    """Run ``run``; ``tell`` it faults. ``port`` is set when it listens."""

    def __init__(self, settings: Settings, clock: Callable[[], int]) -> None:
        self.settings, self._clock = settings, clock
        self.port = settings.port
        self.faults = Faults()
        self.listening = asyncio.Event()
        self._rng = random.Random(settings.seed)  # noqa: S311 - noise, not secrets
        self._journal = Journal(settings.journal)
        self._connections: list[Connection] = []
        self._count = 0
        self._stalled_until = self._wedged_until = 0.0
        self._down_s = -1.0  # not negative: restart after so many seconds
        self._tasks: asyncio.TaskGroup
        self._tls = _tls(settings.cert, settings.key)
        for word in settings.faults:
            self.faults = switch(self.faults, *_words(word))
        self._begin(0)

    def tell(self, words: str) -> None:
        """Obey one line of the control pipe. Raises ValueError with what was expected."""
        word, argument = _words(words)
        now = asyncio.get_running_loop().time()
        match word:
            case "stall":
                self._stalled_until = now + float(argument)
            case "wedge":
                self._wedged_until = now + float(argument)
            case "jump":
                self.world.offset_ns += int(float(argument) * 1e9)
            case "restart":
                self._down_s = float(argument or 0)
            case "door":
                self.world.plant.door = {"open": True, "closed": False}.get(argument)
            case _:
                self.faults = switch(self.faults, word, argument)
                self.world.refusing = self.faults.refuse
                if word == "normal":
                    self._stalled_until = self._wedged_until = 0.0
                elif word in ("latin1", "unescaped", "login"):
                    self._down_s = 0.0

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                while True:
                    await self._serve_once()
        finally:
            self._journal.close()

    async def _serve_once(self) -> None:
        """From one start to the next restart."""
        sock = _listen(self.settings.host, self.port)
        self.port = sock.getsockname()[1]
        server = await asyncio.start_server(self._accept, sock=sock, limit=1 << 20)
        self.listening.set()
        try:
            while self._down_s < 0:
                await asyncio.sleep(_TICK_S)
                self._tick()
        finally:
            self.listening.clear()
            server.close()
            for connection in self._connections:
                connection.writer.transport.abort() if connection.congested else connection.writer.close()
        await asyncio.sleep(self._down_s)
        self._down_s = -1.0
        self._begin(self._rng.randint(1, 40))

    def _begin(self, shift: int) -> None:
        """A new run of the real-time program: other indices, values and history."""
        faults, rates = self.faults, (self.settings.rate, 100.0, 1.0)
        texts = Texts(latin1=faults.latin1, unescaped=faults.unescaped)
        self.office = Office()
        self.world = World(
            rates,
            self.settings.signals,
            texts,
            self._clock,
            self._rng,
            jitter_ns=self.settings.jitter_ns,
            shift=shift,
            hidden=faults.hidden,
        )
        self.world.refusing = faults.refuse
        model = self.world.model
        listing = [render.channel(model, s, now=None, short=False) for s in model.signals]
        self._journal.listing(self._clock(), b"".join(listing))

    def _tick(self) -> None:
        messages = self.world.advance()
        stalled = self._now() < self._stalled_until
        for connection in self._connections:
            session = connection.session
            frames = session.tick(messages, skip=stalled or connection.congested)
            for frame in frames:
                self._journal.frame(self._clock(), session.number, frame)
            if not stalled:
                connection.flush(self.faults.fragments, self._rng)
        self._journal.flush()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        self._tasks.create_task(self._serve(reader, writer, self._count), name=f"session {self._count}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            if len(self._connections) < self.faults.limit:
                await self._greeted(reader, writer, number)
        except (ConnectionError, ssl.SSLError, TooLong) as e:
            log.info("session %d ends: %r", number, e)
        except Killed:
            log.warning("session %d asked for a block that kills the real server: restart", number)
            self._down_s = 0.0
        finally:
            writer.close()

    async def _greeted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        held = max(self._wedged_until, self._stalled_until) - self._now()
        await asyncio.sleep(max(self.faults.late_s, held))
        host, port = writer.get_extra_info("peername")[:2]
        session = Session(self.world, self.office, number, f"{host}:{port}", locked=self.faults.login)
        connection = Connection(session, writer)
        self._connections.append(connection)
        try:
            app = self.settings.app.encode()
            session.greet(b'the "malting" <plant>' if self.faults.unescaped else app, b"simulator")
            connection.flush(self.faults.fragments, self._rng)
            while data := await reader.read(65536):
                await self._work(connection, data)
        finally:
            self._connections.remove(connection)
            session.close()

    async def _work(self, connection: Connection, data: bytes) -> None:
        while self._held(data):  # noqa: ASYNC110 - a fault may be lengthened or ended meanwhile
            await asyncio.sleep(_TICK_S)
        session = connection.session
        session.receive(data)
        self._tick()  # input wakes the thread
        if session.starttls:
            await connection.writer.drain()
            if self._tls is None:
                raise ConnectionResetError("no certificate for the handshake")
            await connection.writer.start_tls(self._tls)
            session.secured()
            connection.flush(self.faults.fragments, self._rng)

    def _held(self, data: bytes) -> bool:
        return self._now() < (max(self._stalled_until, self._wedged_until) if b"<wp" in data else self._stalled_until)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _words(line: str) -> tuple[str, str]:
    word, _, argument = line.strip().partition(" ")
    return word, argument.strip()


def _listen(host: str, port: int) -> socket.socket:
    """IPv4, with the small segments of the real server."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _MSS)
    sock.bind((host, port))
    return sock


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context
