"""One connection to the broker: an asyncio protocol between a socket and a session."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import cast

from broker import protocol
from broker.pace import KeepAlive, Verdict
from broker.protocol import ConnAckPacket, Inbox, LinkError, Packet
from broker.reasons import Sentences
from broker.session import Session

log = logging.getLogger("broker.link")

CONNACK = 0x20
"""The first byte of the only packet a broker may begin with."""
WRITE_AT_ONCE = 64 * 1024
WRITE_BUFFER = 1024 * 1024


class Bell:
    """Wakes everybody who waits. Whoever waits looks first: ``while not …: await bell.wait()``."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: asyncio.Event | None = None

    async def wait(self) -> None:
        if self._event is None:
            self._event = asyncio.Event()
        await self._event.wait()

    def ring(self) -> None:
        if self._event is not None:
            self._event.set()
            self._event = None


@dataclass(frozen=True, slots=True)
class Bells:
    """What somebody may wait for: a message, an acknowledgement, a change of the connection."""

    arrived: Bell = field(default_factory=Bell)
    moved: Bell = field(default_factory=Bell)
    changed: Bell = field(default_factory=Bell)

    def ring(self) -> None:
        self.arrived.ring()
        self.moved.ring()
        self.changed.ring()


class Link(asyncio.BufferedProtocol):
    """Says CONNECT, hands what comes to the session, writes what the session has to say once a turn of the loop.

    ``greeted`` is done when the broker has accepted us or the link has ended, ``ended`` when no more will come of it,
    ``closed`` when the socket is gone too. ``reason`` says why it ended, in a sentence; ``unexplained`` is whether the
    broker just closed it; ``surprise`` an error nobody foresaw.
    """

    def __init__(
        self, session: Session, sentences: Sentences, bells: Bells, *, connect: bytes, keep_alive_s: float
    ) -> None:
        self._session = session
        self._sentences = sentences
        self._bells = bells
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._keep_alive_s = keep_alive_s
        self._keep_alive = KeepAlive(keep_alive_s, self._loop.time())
        self._transport: asyncio.Transport | None = None
        self._inbox = Inbox()
        self._scheduled = False
        self._paused = False
        self.accepted_at: float | None = None
        self.ended_at = 0.0
        self.reason = ""
        self.unexplained = False
        self.surprise: Exception | None = None
        self.greeted: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # --- asyncio calls these ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._transport.write(self._connect)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._inbox.space()

    def buffer_updated(self, nbytes: int) -> None:
        packets = self._inbox.filled(nbytes)
        self._keep_alive.heard(self._loop.time())
        if self.ended.done():
            return
        self._session.now_ms = time.time_ns() // 1_000_000
        try:
            self._handle(packets)
        except LinkError as e:
            self._drop(str(e), e.code)
            self.unexplained = e.taken_over
        self._after_news()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not isinstance(exc, OSError):
            self.surprise = exc
        if not self.ended.done():
            self.unexplained = True
            self.reason = self._sentences.closed(greeted=self.accepted_at is not None, error=exc)
            self._finish()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        if not self.ended.done():
            self._session.choked = True

    def resume_writing(self) -> None:
        if not self.ended.done():
            self._session.choked = False
            self._session.pump()
            self._after_news()

    # --- in ---

    def _handle(self, packets: list[Packet]) -> None:
        if self.accepted_at is None:
            if packets:
                self._greet(packets.pop(0))
            elif self._inbox.first not in (None, CONNACK):
                raise LinkError(self._sentences.not_mqtt("its first word is not CONNACK"))
        self._session.handle(packets)
        if self._inbox.malformed:
            raise LinkError(self._sentences.not_mqtt(self._inbox.malformed), protocol.MALFORMED)

    def _greet(self, packet: Packet) -> None:
        if not isinstance(packet, ConnAckPacket):
            raise LinkError(self._sentences.not_mqtt("its first word is not CONNACK"))
        code = packet.reason_code.value
        if code >= 0x80:
            raise LinkError(self._sentences.refused(code, packet.reason_str))
        now = self.accepted_at = self._loop.time()
        if packet.server_keep_alive is not None:
            self._keep_alive_s = packet.server_keep_alive
            self._keep_alive = KeepAlive(self._keep_alive_s, now)
        self._session.begin(packet)
        self.greeted.set_result(None)

    def _after_news(self) -> None:
        session = self._session
        if session.arrived:
            self._bells.arrived.ring()
        self._bells.moved.ring()
        if session.out:
            self.flush_soon()
        for notice in session.notices:
            log.warning("%s", notice)
        session.notices.clear()
        self.breathe()

    def breathe(self) -> None:
        """Pause reading while too much waits to be taken, unless an answer of the broker would be missed by that."""
        transport, session = self._transport, self._session
        if transport is None or self.ended.done():
            return
        if self._paused and (session.relaxed or session.owes):
            self._paused = False
            self._keep_alive.heard(self._loop.time())
            transport.resume_reading()
        elif not self._paused and session.crowded and not session.owes:
            self._paused = True
            transport.pause_reading()

    # --- out ---

    def flush_soon(self) -> None:
        """Write what the session has to say, at the end of this turn of the loop or when it is much."""
        if self._session.out_bytes >= WRITE_AT_ONCE:
            self._write()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._session.out:
            self._write()
        if self._paused:
            self.breathe()

    def _write(self) -> None:
        self._say(self._session.drain())

    def _say(self, data: bytes) -> None:
        if self._transport is not None and not self.ended.done():
            self._transport.write(data)
            self._keep_alive.said(self._loop.time())

    # --- life and end ---

    async def live(self) -> None:
        """Until the link has ended; asks for a sign of life when it is quiet, and drops a dead link."""
        while not self.ended.done():
            wait = max(0.0, self._keep_alive.due() - self._loop.time()) if self._keep_alive_s else None
            await asyncio.wait({self.ended}, timeout=wait)
            if not self.ended.done():
                self._look(self._loop.time())

    def _look(self, now: float) -> None:
        if self._paused:
            # Deaf by our own choice: say that we are here, and judge later.
            self._keep_alive.heard(now)
        match self._keep_alive.look(now):
            case Verdict.DEAD:
                self._drop(self._sentences.silent(self._keep_alive_s))
            case Verdict.ASK:
                self._say(protocol.PINGREQ)

    def _drop(self, reason: str, code: int | None = None) -> None:
        """End the link from our side; ``code`` tells the broker why."""
        if self.ended.done() or self._transport is None:
            return
        self.reason = reason
        if code is not None and self.accepted_at is not None:
            self._transport.write(protocol.disconnect(code))
        self._finish()
        self._transport.close()

    def _finish(self) -> None:
        self._session.lost()
        self.ended.set_result(None)
        self.ended_at = self._loop.time()
        if not self.greeted.done():
            self.greeted.set_result(None)
        self._bells.ring()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def leave(self, grace_s: float = 1.0) -> None:
        """Say goodbye if the link is good, and see it closed: after ``grace_s`` seconds by force."""
        if self._transport is None:
            return
        if not self.ended.done():
            self._write()
            self._drop("", protocol.NORMAL)
        try:
            await asyncio.wait({self.closed}, timeout=grace_s)
        finally:
            self._abort()
        await asyncio.wait({self.closed}, timeout=grace_s)
