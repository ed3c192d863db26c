"""A TCP connection to an instrument or to a serial server."""

import asyncio
import os
import socket
import time
from typing import cast

from broker.runtime import Clock
from edge.links.base import Link, LinkError

CONNECT_TIMEOUT_S = 5.0


class TcpLink(Link):
    """A TCP connection; the system's keep-alive finds a dead peer."""

    def __init__(self, host: str, port: int, clock: Clock = time.time) -> None:
        super().__init__(f"tcp://{host}:{port}", clock)
        self._host, self._port = host, port
        self._transport: asyncio.Transport | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                transport, _ = await loop.create_connection(lambda: _Arrivals(self), self._host, self._port)
        except TimeoutError:
            raise LinkError(
                f"{self.address}: no connection within {CONNECT_TIMEOUT_S:g} s; is it switched on?"
            ) from None
        except OSError as e:
            raise LinkError(f"{self.address}: {_reason(e)}") from e
        self._transport = transport
        _keep_alive(cast(socket.socket, transport.get_extra_info("socket")))

    async def write(self, data: bytes) -> None:
        if self._gone is not None:
            raise self._gone
        if self._transport is None:
            raise LinkError(f"{self.address}: not open")
        self._transport.write(data)

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._lost("closed")

    def received(self, data: bytes) -> None:
        """Bytes came (told by the connection)."""
        self._received(data, self._now_us())

    def lost(self, reason: str) -> None:
        """The connection ended (told by the connection)."""
        self._lost(reason)


class _Arrivals(asyncio.Protocol):
    """Hands arrivals to the link at once, so that their time is the socket's and not that of a waiting task."""

    def __init__(self, link: TcpLink) -> None:
        self._link = link

    def data_received(self, data: bytes) -> None:
        self._link.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.lost(f"connection lost: {exc}" if exc else "the instrument closed the connection")


def _keep_alive(sock: socket.socket) -> None:
    """Ask after a silent peer after 10 s, give up after 3 unanswered questions 5 s apart."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):  # macOS names the first one differently
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _reason(error: OSError) -> str:
    """The system's words; a name that cannot be resolved has a negative number and words of its own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
