"""A command's way through an instrument: judged, remembered on disk, executed in order, answered exactly once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from broker.book import Book, BookError
from broker.client import Message
from broker.commands import CommandFailed, complete, judge
from broker.instrument import Desk, Instrument
from broker.late import EVENT
from broker.messages import (
    TERMINAL,
    Command,
    MessageError,
    Problem,
    Reply,
    ReplyState,
    Value,
    decode,
    decode_as,
    finite,
)
from broker.topics import Kind

log = logging.getLogger("broker.execution")

Execute = Callable[[Command, Callable[[float], None]], Awaitable[dict[str, Value]]]
"""(command, progress) → result; raises CommandFailed. ``progress`` takes 0 … 1."""

MOST_WAITING = 32
PROGRESS_EVERY_S = 0.2
MOST_COMMAND_BYTES = 64 * 1024
_LOOK_BACK = 2000  # events searched for the end of a command that the book does not know


class _Id(msgspec.Struct, frozen=True):
    id: str


@dataclass(frozen=True, slots=True)
class _Order:
    command: Command
    correlation: bytes | None
    expiry_s: int | None
    arrived: float  # monotonic


class Commands:
    """The commands of one instrument. ``hear`` for each message, ``run`` as a task of its own; then ``close``."""

    def __init__(
        self, instrument: Instrument, execute: Execute, book: Book, desk: Desk, *, clock_ok: Callable[[], bool]
    ) -> None:
        self._instrument, self._execute, self._book, self._desk = instrument, execute, book, desk
        self._clock_ok = clock_ok
        self._orders: asyncio.Queue[_Order] = asyncio.Queue(MOST_WAITING)
        self._book_lock = asyncio.Lock()  # the book is used in threads, one at a time
        self.malformed = 0

    def answer_interrupted(self) -> None:
        """Commands that an earlier run accepted and did not end: their outcome is unknown. Blocking."""
        open_ = self._book.unfinished()
        ended = self._ends_in_spool() if open_ else {}
        for reply in open_:
            known = ended.get(reply.id)
            if known is None:
                problem = Problem(code="interrupted", message="the edge was interrupted, the outcome is unknown")
                known = self._say(reply, "failed", error=problem)
            self._write_down(known)

    def _ends_in_spool(self) -> dict[str, Reply]:
        """Terminal replies that were spooled just before the book could note them."""
        spool, name = self._desk.spool, self._instrument.name
        found: dict[str, Reply] = {}
        for held in spool.hold(name, "events"):
            first = max(held.first, held.next - _LOOK_BACK)
            for record in spool.read(name, "events", held.boot, first, held.next, 2**30) or ():
                reply = _reply_in(record.kind, record.body, self._desk.topics.of(name, Kind.REPLY))
                if reply is not None and reply.state in TERMINAL:
                    found[reply.id] = reply
        return found

    # --- coming in ---

    async def hear(self, message: Message, user: str) -> None:
        """Take a message from a command topic; ``user`` is the MQTT user in it, empty on the bridge's topic."""
        if self._instrument.rival:
            return  # the other edge answers
        try:
            if len(message.payload) > MOST_COMMAND_BYTES:
                raise MessageError(f"a command of {len(message.payload)} bytes is too long")
            command: Command = decode(Kind.CMD, message.payload)
        except MessageError as e:
            self._hear_malformed(message, str(e))
            return
        by, via = (user, "mqtt") if user else (command.by, command.via or "bridge")
        command = msgspec.structs.replace(command, by=by, via=via)
        order = _Order(command, message.correlation, message.expiry_s, self._desk.monotonic())
        async with self._book_lock:
            await self._take(order, message.retain)

    def _hear_malformed(self, message: Message, text: str) -> None:
        self.malformed += 1
        log.warning("%s: %s", self._instrument.name, text)
        try:
            id_ = decode_as(_Id, message.payload[:MOST_COMMAND_BYTES]).id
        except MessageError:
            return
        if 0 < len(id_) <= 64:
            problem = Problem(code="malformed", message=text)
            self._instrument.reply(
                Reply(id=id_, state="rejected", ts=self._desk.now_ms(), error=problem), message.correlation
            )

    async def _take(self, order: _Order, retained: bool) -> None:
        known = self._book.known(order.command.id)
        if known is not None:
            self._instrument.repeat(known, order.correlation)
            return
        if await self._refused(order, retained):
            return
        if self._orders.full():
            await self._end(order, "rejected", Problem(code="busy", message=f"{MOST_WAITING} commands wait already"))
            return
        accepted = self._reply(order.command, "accepted")
        try:
            await asyncio.to_thread(self._book.accept, accepted)
        except BookError as e:
            self._instrument.reply(self._reply(order.command, "rejected", error=_problem("disk", e)), order.correlation)
            return
        self._book.update(self._instrument.reply(accepted, order.correlation))
        self._orders.put_nowait(order)

    async def _refused(self, order: _Order, retained: bool) -> bool:
        waited_ms = int((self._desk.monotonic() - order.arrived) * 1000)
        verdict = judge(
            order.command,
            self._instrument.meta,
            now_ms=self._desk.now_ms(),
            retained=retained,
            expiry_s=order.expiry_s,
            clock_ok=self._clock_ok(),
            waited_ms=waited_ms,
        )
        if verdict is not None:
            await self._end(order, verdict.state, verdict.problem)
        return verdict is not None

    # --- carrying out ---

    async def run(self) -> None:
        """Carry out the commands one after the other; runs until cancelled."""
        while True:
            order = await self._orders.get()
            async with self._book_lock:
                refused = await self._refused(order, False)  # it may have waited too long behind another
            if not refused:
                await self._carry_out(order)

    async def _carry_out(self, order: _Order) -> None:
        spec = self._instrument.meta.commands[order.command.name]
        command = msgspec.structs.replace(order.command, args=complete(spec, order.command.args))
        state: ReplyState = "failed"
        error: Problem | None = None
        result: dict[str, Value] = {}
        try:
            async with asyncio.timeout(spec.timeout_ms / 1000):
                result = await self._execute(command, _Progress(self, order, self._desk.monotonic))
            state = "done"
        except CommandFailed as e:
            error = _problem(e.code, e)
        except TimeoutError:
            error = Problem(code="timeout", message=f"no end within {spec.timeout_ms / 1000:g} s")
        except asyncio.CancelledError:
            interrupted = Problem(code="interrupted", message="the edge was stopped, the outcome is unknown")
            self._write_down(self._say(order.command, "failed", error=interrupted, correlation=order.correlation))
            raise
        async with self._book_lock:
            await self._end(order, state, error, {k: finite(v)[0] for k, v in result.items()})

    def progress(self, order: _Order, progress: float) -> None:
        reply = self._instrument.reply(self._reply(order.command, "running", progress=progress), order.correlation)
        if not self._book_lock.locked():  # a thread is in the book: the next progress will do
            self._book.update(reply)

    async def _end(
        self, order: _Order, state: ReplyState, error: Problem | None, result: dict[str, Value] | None = None
    ) -> None:
        """Say the one terminal state, then write it down. Killed in between, the next start finds it in the spool."""
        said = self._say(order.command, state, error=error, result=result or {}, correlation=order.correlation)
        await asyncio.to_thread(self._write_down, said)

    def _say(
        self,
        of: Command | Reply,
        state: ReplyState,
        *,
        error: Problem | None = None,
        result: dict[str, Value] | None = None,
        correlation: bytes | None = None,
    ) -> Reply:
        return self._instrument.reply(self._reply(of, state, error=error, result=result), correlation)

    def _write_down(self, reply: Reply) -> None:
        try:
            self._book.finish(reply)
        except BookError as e:
            log.error("%s", e)  # remembered in memory all the same

    def _reply(
        self,
        of: Command | Reply,
        state: ReplyState,
        *,
        error: Problem | None = None,
        result: dict[str, Value] | None = None,
        progress: float | None = None,
    ) -> Reply:
        return Reply(
            id=of.id,
            state=state,
            ts=self._desk.now_ms(),
            name=of.name,
            by=of.by,
            via=of.via,
            args=of.args,
            result=result or {},
            progress=progress,
            error=error,
        )

    def close(self) -> None:
        """Answer what was accepted and has not begun, and close the book. Blocking."""
        while not self._orders.empty():
            order = self._orders.get_nowait()
            problem = Problem(code="interrupted", message="the edge was stopped before the command began")
            self._write_down(self._say(order.command, "failed", error=problem, correlation=order.correlation))
        self._book.close()


class _Progress:
    """What a driver calls with 0 … 1: a ``running`` reply, at most five a second."""

    def __init__(self, commands: Commands, order: _Order, monotonic: Callable[[], float]) -> None:
        self._commands, self._order, self._monotonic = commands, order, monotonic
        self._said_at = float("-inf")

    def __call__(self, progress: float) -> None:
        now = self._monotonic()
        if now - self._said_at >= PROGRESS_EVERY_S:
            self._said_at = now
            self._commands.progress(self._order, min(1.0, max(0.0, progress)))


def _problem(code: str, error: Exception) -> Problem:
    return Problem(code=code, message=str(error))


def _reply_in(kind: int, body: bytes, topic: str) -> Reply | None:
    where, _, payload = body.partition(b"\n")
    if kind != EVENT or where != topic.encode():
        return None
    try:
        reply: Reply = decode(Kind.REPLY, payload)
    except MessageError:
        return None
    return reply
