"""One connection to an MSR server, from the greeting to its end: requests with their answers, and what comes unasked.

async with connected(address) as session:
    # one task:                                another:
    while events := await session.receive():   answers = await session.ask(requests.read_channels)
"""

import asyncio
import contextlib
import errno
import itertools
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from msr_adapter.wire import Ack, Broken, Connected, Decoder, Tls, WireEvent, requests

log = logging.getLogger("msr_adapter.session")

CONNECT_S = 20.0
GREETING_S = 60.0
"""A server that has just lost a session may need so long for the next one (protocol section 13)."""
_CHUNK = 1 << 18
MOST_ASKED = 1000

E = TypeVar("E")
Make = Callable[[str], bytes]
"""A request, given its id."""


class LinkLost(Exception):
    """The connection could not be made, or is gone; the text says why, in one sentence."""


class Address(msgspec.Struct, frozen=True):
    """Where the server is. ``ca_file`` "": the computer's own list of authorities. ``cert_file`` and ``key_file`` are
    ours, for a server that wants to know its clients; the key may stand in the certificate's file."""

    host: str
    port: int = 2345
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Session:
    """Made by ``connected``. ``heard`` is the loop's time when the last bytes came."""

    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self.greeting = Connected("", "", "", (0, 0, 0), frozenset())
        self.heard = asyncio.get_running_loop().time()
        self._unsure = False  # TLS: whether the server takes us shows only in what it says next
        self._reader, self._writer = reader, writer
        self._decoder = Decoder()
        self._early: list[WireEvent] = []  # came with the greeting
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[list[WireEvent]]] = {}
        self._answers: dict[str, list[WireEvent]] = {}
        self._room = asyncio.Semaphore(MOST_ASKED)

    async def receive(self) -> list[WireEvent]:
        """What came unasked, in order; answers go to whoever asked. May be empty. Raises LinkLost."""
        if self._early:
            early, self._early = self._early, []
            return early
        try:
            data = await self._reader.read(_CHUNK)
        except OSError as e:
            broke = f"the connection to {self.address} broke: {_reason(e)}"
            raise LinkLost(self._closed() if self._unsure else broke) from e
        if not data:
            raise LinkLost(self._closed())
        self._unsure = False
        self.heard = asyncio.get_running_loop().time()
        return [e for e in self._decoder.feed(data) if not self._is_answer(e)]

    def _closed(self) -> str:
        if not self._unsure:
            return f"{self.address} has closed the connection"
        ours = "does not accept ours (msr.cert_file)" if self.address.cert_file else "wants one of ours (msr.cert_file)"
        return f"{self.address} closed the connection after the TLS handshake: probably it {ours}"

    async def ask(self, make: Make) -> list[WireEvent]:
        """Send a request; its direct answers, once the server has worked it off. None of them means "not found".

        Somebody must be in ``receive``. Raises LinkLost, WireError.
        """
        async with self._room:
            ident = str(next(self._numbers))
            request = make(ident)
            done: asyncio.Future[list[WireEvent]] = asyncio.get_running_loop().create_future()
            self._asked[ident] = done
            self._answers[ident] = []
            self._send(request)
            try:
                return await done
            finally:
                self._asked.pop(ident, None)
                self._answers.pop(ident, None)

    def ping(self) -> None:
        """Make the server say something. Raises LinkLost."""
        self._send(requests.ping(""))

    def fail(self, error: LinkLost) -> None:
        """End every ``ask``: no answer will come."""
        for done in self._asked.values():
            if not done.done():
                done.set_exception(LinkLost(str(error)))

    def _send(self, request: bytes) -> None:
        if self._writer.transport.is_closing():
            raise LinkLost(f"{self.address} has closed the connection")
        self._writer.write(request)

    def _is_answer(self, event: WireEvent) -> bool:
        ident = getattr(event, "id", "")
        if isinstance(event, Ack):
            done = self._asked.get(event.id)
            if done is not None and not done.done():
                done.set_result(self._answers[event.id])
            return True
        if ident and ident in self._answers:
            self._answers[ident].append(event)
            return True
        return bool(ident)  # late: whoever asked has given up

    # --- the beginning ---

    async def greet(self) -> None:
        """Wait for the greeting and, where wanted, begin TLS. Raises LinkLost."""
        self.greeting = await self._first(Connected, "greet")
        if self.greeting.login == "mandatory":
            raise LinkLost(f"{self.address} demands a login, which labwire cannot do: it has to allow access without")
        if self.address.tls:
            self._send(requests.starttls())
            await self._first(Tls, "answer to starttls")
            await self._begin_tls()

    async def _first(self, wanted: type[E], what: str) -> E:
        while True:
            data = await self._read_first(what)
            events = iter(self._decoder.feed(data))
            for event in events:
                if isinstance(event, wanted):
                    self._early += events
                    return event
                if isinstance(event, Broken):
                    raise LinkLost(f"{self.address} is no MSR server, it says {event.raw[:40]!r}")

    async def _read_first(self, what: str) -> bytes:
        try:
            data = await self._reader.read(_CHUNK)
        except OSError as e:
            raise LinkLost(f"the connection to {self.address} broke: {_reason(e)}") from e
        if not data:
            raise LinkLost(f"{self.address} closed the connection and did not {what}: it may have too many clients")
        if self._decoder.pending == b"" and not data.lstrip().startswith(b"<"):
            raise LinkLost(f"{self.address} is no MSR server, it says {data[:40]!r}")
        return data

    async def _begin_tls(self) -> None:
        try:
            context = ssl.create_default_context(cafile=self.address.ca_file or None)
        except (OSError, ssl.SSLError) as e:
            raise LinkLost(f"msr.ca_file names {self.address.ca_file}, which cannot be used: {_reason(e)}") from e
        self._present(context)
        try:
            await self._writer.start_tls(context, server_hostname=self.address.host)
        except ssl.SSLCertVerificationError as e:
            voucher = self.address.ca_file or "this computer's list of authorities"
            raise LinkLost(
                f"the certificate of {self.address} is not accepted ({e.verify_message}): {voucher} must vouch for it "
                f"(msr.ca_file) and it must name {self.address.host!r}"
            ) from e
        except (OSError, ssl.SSLError) as e:
            raise LinkLost(f"TLS with {self.address} failed ({_reason(e)}): has it a certificate?") from e
        self._decoder = Decoder()
        self._unsure = True

    def _present(self, context: ssl.SSLContext) -> None:
        """Our own certificate, where there is one. Raises LinkLost."""
        a = self.address
        if not a.cert_file:
            return
        try:
            context.load_cert_chain(a.cert_file, a.key_file or None, password=_no_password)
        except (OSError, ssl.SSLError) as e:
            names = f"{a.cert_file}{' and ' if a.key_file else ''}{a.key_file}"
            raise LinkLost(f"msr.cert_file names {names}, which cannot be used: {_reason(e)}") from e


def _no_password() -> str:
    """OpenSSL would ask the terminal for one."""
    return ""


@asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Session]:
    """A session that has been greeted. Raises LinkLost."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(address.host, address.port, limit=_CHUNK)
    except TimeoutError:
        raise LinkLost(
            f"{address} does not answer within {CONNECT_S:g} s: check address, network and firewall"
        ) from None
    except OSError as e:
        raise LinkLost(_unreachable(address, e)) from e
    session = Session(address, reader, writer)
    try:
        try:
            async with asyncio.timeout(GREETING_S):
                await session.greet()
        except TimeoutError:
            raise LinkLost(f"{address} accepted the connection and did not greet within {GREETING_S:g} s") from None
        yield session
    finally:
        session.fail(LinkLost(f"the connection to {address} was closed"))
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def _unreachable(address: Address, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the host {address.host!r} (msr.host) is not known: {_reason(error)}"
    if error.errno == errno.ECONNREFUSED:
        return f"{address} refuses connections: is the EtherLab application running there?"
    return f"{address} cannot be reached: {_reason(error)}"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
