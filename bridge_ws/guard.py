"""Around every HTTP request: size limit, security headers, and a log line without query or token."""

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("bridge_ws.access")

MOST_BODY = 64 * 1024

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class BodyTooLarge(Exception):
    """A request's body is beyond MOST_BODY."""


class Guard:
    """ASGI middleware; ``csp`` is the page's Content-Security-Policy."""

    def __init__(self, app: ASGIApp, csp: str, timer: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._headers = [(k.encode(), v.encode()) for k, v in {**HEADERS, "content-security-policy": csp}.items()]
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = self._timer()
        status = 500
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MOST_BODY:
                raise BodyTooLarge
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        try:
            await self._app(scope, limited, dressed)
        finally:
            client = (scope.get("client") or ("-",))[0]
            took_ms = (self._timer() - begin) * 1000
            log.info("%s %s %s %d %.0f ms", client, scope["method"], scope["path"], status, took_ms)
