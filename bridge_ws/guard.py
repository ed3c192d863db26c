"""Around every HTTP request: size limit, security headers, and a log line without query or token."""

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge_ws.answers import error

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

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        try:
            body = await _body(receive)
            app = _too_large if body is None else self._app
            await app(scope, _replay(body or b"", receive), dressed)
        finally:
            client = (scope.get("client") or ("-",))[0]
            took_ms = (self._timer() - begin) * 1000
            log.info("%s %s %s %d %.0f ms", client, scope["method"], scope["path"], status, took_ms)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is beyond MOST_BODY."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body at once, then what else the server has to say."""
    first = True

    async def replay() -> Message:
        nonlocal first
        if not first:
            return await receive()
        first = False
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await error(413, "too_large", f"a request has at most {MOST_BODY} bytes")(scope, receive, send)
