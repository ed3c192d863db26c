"""uvicorn, run as one of our own tasks: no signal handlers, no log of queries, no compression of samples."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from bridge_ws.ops import MOST_BYTES
from broker.config import ConfigError

log = logging.getLogger("bridge_ws.server")

SEND_BUFFER = 256 * 1024
"""What the kernel may hold for one client: a slow one gets fewer samples, not old ones."""

GRACE_S = 2


class _Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which also lets its application cut a client that takes nothing any more."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"]["labwire.abort"] = {"now": self.transport.abort}


class Server(uvicorn.Server):
    """Signals are the process's affair (broker.runtime)."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """Listen; port 0 takes a free one. Raises ConfigError with one sentence."""
    listener: socket.socket | None = None
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind(address)
    except OSError as e:
        if listener is not None:
            listener.close()
        raise ConfigError(f"host and port: {host}:{port} cannot be listened on: {e.strerror}") from e
    listener.setblocking(False)
    return listener


def make(app: ASGIApp) -> Server:
    """A server for ``app``; serve(sockets=[…]) runs it until ``should_exit``."""
    return Server(
        uvicorn.Config(
            app,
            ws=_Socket,
            ws_per_message_deflate=False,
            ws_max_size=MOST_BYTES,
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )


async def run(server: Server, listener: socket.socket) -> None:
    """Serve until ``should_exit``. Raises RuntimeError if it ends by itself."""
    await server.serve(sockets=[listener])
    if not server.should_exit:
        raise RuntimeError("the web server ended by itself")
