"""One client's WebSocket: hello, then its requests in and its outbox out."""

import asyncio
import logging

from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge_ws import ops
from bridge_ws.desk import CommandRefused
from bridge_ws.gate import Denied, Gate
from bridge_ws.hub import MOST_PAGES, Hub
from bridge_ws.interest import FilterError
from bridge_ws.ops import OpError
from bridge_ws.page import Page
from bridge_ws.pending import CommandState
from bridge_ws.records import Recorder
from bridge_ws.tokens import Identity
from broker.runtime import new_boot

log = logging.getLogger("bridge_ws.ws")

BLOCKED_S = 10.0
CLOSE_S = 2.0
CHECK_S = 30.0
"""How often a quiet session is asked whether its token still holds."""
MOST_ERRORS = 100
"""Messages that cannot be read, of one client, before it is closed."""


class Over(Exception):
    """The session ends from our side, with a close code and a text the page shows."""

    def __init__(self, code: int, error: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.error = error


class Door:
    """Lets clients in and serves each in a session of its own."""

    def __init__(self, hub: Hub, gate: Gate, records: Recorder) -> None:
        self.hub = hub
        self.gate = gate
        self.records = records

    async def serve(self, socket: WebSocket) -> None:
        """The ASGI endpoint."""
        if not self.gate.origin_allowed(socket.headers.get("origin"), socket.headers.get("host")):
            log.warning("a page from %.200s asked for a WebSocket and was refused", socket.headers.get("origin"))
            await socket.close()
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(ops.SUBPROTOCOL if ops.SUBPROTOCOL in offered else None)
        address = socket.client.host if socket.client else "-"
        try:
            identity = await self._hello(socket, address)
            await self._session(socket, identity, address)
        except* WebSocketDisconnect:
            pass
        except* Over as over:
            await _close(socket, _first(over))

    async def _hello(self, socket: WebSocket, address: str) -> Identity:
        """Raises Over."""
        try:
            async with asyncio.timeout(ops.HELLO_WITHIN_S):
                hello = ops.parse(await _receive(socket))
        except TimeoutError:
            raise Over(ops.CLOSE_BAD_MESSAGE, "no_hello", f"no hello within {ops.HELLO_WITHIN_S} s") from None
        except OpError as e:
            raise Over(ops.CLOSE_BAD_MESSAGE, e.code, str(e)) from e
        if not isinstance(hello, ops.Hello):
            raise Over(ops.CLOSE_BAD_MESSAGE, "no_hello", "the first message has to be hello")
        try:
            return self.gate.enter(hello.token, address)
        except Denied as e:
            if not e.quiet:
                self.records.audit("token refused", by="", text=e.code, client=address)
            raise Over(ops.CLOSE_NO_TOKEN, e.code, str(e)) from e

    async def _session(self, socket: WebSocket, identity: Identity, address: str) -> None:
        hub = self.hub
        if len(hub.pages) >= MOST_PAGES:
            raise Over(ops.CLOSE_OVERLOAD, "too_many_clients", f"{MOST_PAGES} clients are connected already")
        page = Page(new_boot(), identity, address, hub.world.registry)
        page.control(
            ops.text(
                ops.Welcome(
                    ops.VERSION,
                    page.session,
                    int(hub.now_ms()),
                    identity.role,
                    identity.name,
                    ops.Limits(ring_s=hub.world.rings.seconds),
                    hub.topics.root,
                )
            )
        )
        hub.join(page)
        self.records.audit("session opened", by=identity.name, text=page.session, client=address)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(Reader(self, page).run(socket), name=f"read {page.session}")
                group.create_task(self._write(socket, page), name=f"write {page.session}")
        finally:
            hub.leave(page)
            dropped = f", {page.outbox.dropped} frames dropped" if page.outbox.dropped else ""
            self.records.audit("session closed", by=identity.name, text=page.session + dropped, client=address)

    # --- out ---

    async def _write(self, socket: WebSocket, page: Page) -> None:
        """Send what waits, for ever. Raises Over for a client that takes nothing for BLOCKED_S."""
        while True:
            try:
                async with asyncio.timeout(CHECK_S):
                    await page.wake.wait()
            except TimeoutError:
                pass
            page.wake.clear()
            self.check(page)
            try:
                await self._send_all(socket, page)
            except TimeoutError:
                raise Over(ops.CLOSE_OVERLOAD, "too_slow", f"nothing went through for {BLOCKED_S:g} s") from None

    async def _send_all(self, socket: WebSocket, page: Page) -> None:
        box = page.outbox
        while box:
            while (text := box.next_control()) is not None:
                await _send(socket, text)
            if box.overflowed:
                raise Over(ops.CLOSE_OVERLOAD, "too_slow", "too many messages wait for this client")
            if lag := box.take_lag():
                await _send(socket, ops.text(ops.Lag(lag)))
            if values := box.take_values():
                entries = {str(n): latest for n, latest in values.items()}
                await _send(socket, ops.text(ops.Values(int(self.hub.now_ms()), entries)))
            if (frame := box.next_frame()) is not None:
                await _send(socket, frame)

    def check(self, page: Page) -> None:
        """Raises Over when the token was removed or its role changed meanwhile."""
        if not self.gate.still(page.identity):
            raise Over(ops.CLOSE_NO_TOKEN, "bad_token", "this token does not hold any more")


class Reader:
    """What one client asks for."""

    def __init__(self, door: Door, page: Page) -> None:
        self._door = door
        self._hub = door.hub
        self._page = page
        self._errors = 0

    async def run(self, socket: WebSocket) -> None:
        """Serve requests until the client leaves (WebSocketDisconnect) or is sent away (Over)."""
        while True:
            text = await _receive(socket)
            self._door.check(self._page)
            try:
                self._handle(ops.parse(text))
            except OpError as e:
                self._errors += 1
                if self._errors > MOST_ERRORS:
                    raise Over(ops.CLOSE_BAD_MESSAGE, "bad_message", "too many messages that cannot be read") from e
                self._page.error(e.code, str(e))

    def _handle(self, op: ops.FromClient) -> None:
        match op:
            case ops.Sub():
                self._subscribe(op)
            case ops.Unsub():
                if not self._hub.unsubscribe(self._page, op.id):
                    self._page.error("unknown_subscription", f"there is no subscription {op.id}", op.id)
            case ops.DoCommand():
                self._command(op)
            case ops.DoCalibration():
                self._calibration(op)
            case ops.Hello():
                raise OpError("bad_message", "hello is said once")

    def _subscribe(self, sub: ops.Sub) -> None:
        page = self._page
        try:
            self._hub.subscribe(page, sub)
        except FilterError as e:
            page.error("bad_filter", str(e), sub.id)
            return
        if sub.filter not in page.audited and len(page.audited) < ops.MOST_SUBSCRIPTIONS:
            page.audited.add(sub.filter)
            self._door.records.audit("subscribed", by=page.identity.name, text=sub.filter, client=page.address)

    def _command(self, ask: ops.DoCommand) -> None:
        page = self._page
        try:
            if not page.identity.may("operator"):
                raise CommandRefused("forbidden", "this token may look, not command (role viewer)")
            self._hub.desk.send(page, page.identity.name, ask)
        except CommandRefused as e:
            page.tell(CommandState(ask.id, "rejected", error=e.problem))
            self._door.records.command_refused(page.identity.name, page.address, ask, e.problem)

    def _calibration(self, ask: ops.DoCalibration) -> None:
        page = self._page
        try:
            if not page.identity.may("operator"):
                raise CommandRefused("forbidden", "this token may look, not calibrate (role viewer)")
            command = self._hub.calibrations.send(page.identity.name, ask.run, ask.name, ask.args)
            page.control(ops.text(ops.CalibrationSent(ask.id, ask.run, command)))
        except CommandRefused as e:
            page.control(ops.text(ops.CalibrationSent(ask.id, ask.run, error=e.problem)))


async def _receive(socket: WebSocket) -> str:
    """The next text. Raises WebSocketDisconnect, OpError for anything else."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        return ""  # binary: no client sends any; it is answered as what is not JSON
    return str(text)


async def _send(socket: WebSocket, item: str | bytes) -> None:
    """Raises TimeoutError when the client takes nothing for BLOCKED_S."""
    async with asyncio.timeout(BLOCKED_S):
        if isinstance(item, str):
            await socket.send_text(item)
        else:
            await socket.send_bytes(item)


async def _close(socket: WebSocket, over: Over) -> None:
    """Say why and close; by force if the client does not even take that."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await socket.send_text(ops.text(ops.ErrorOp(over.error, str(over))))
            await socket.close(over.code, str(over)[:100])
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        abort = socket.scope.get("extensions", {}).get("labwire.abort")
        if abort is not None:
            abort["now"]()


def _first(group: BaseExceptionGroup[Over]) -> Over:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, Over):
        raise error
    return error
