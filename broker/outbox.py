"""Spool, then publish, then send again: the delivery promise of one process, for all its sources.

The owner has the client and its messages; it hands in those for ``heard`` and calls ``tick`` a few times a second.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from broker.client import Client, Message, MqttError, NotConnected, Refused
from broker.delivery import MOST_BLOCKS, Delivery, Span
from broker.late import EVENT, PACK_BYTES, late_block
from broker.messages import Commit, Hold, MessageError, Request, ServiceStatus, decode
from broker.segment import STREAMS
from broker.spool import Record, Spool, Stream
from broker.topics import Kind, Topic, Topics

log = logging.getLogger("broker.outbox")

PACKET_TOO_LARGE = 0x95
LOGGER_SILENT_S = 90.0
_EVENTS_AT_ONCE = 16
_EVENT_BYTES = 64 * 1024

_Flight = tuple["asyncio.Future[None]", str, int, int, bool]
"""A publish under way: its future, boot, first, end, and whether it is a late one."""


@dataclass(slots=True)
class _Stream:
    source: str
    stream: Stream
    plan: Delivery
    flights: deque[_Flight] = field(default_factory=deque)
    late: int = 0  # of them


class Outbox:
    """``stored_by`` is the logger whose commits free the spool; empty: nobody stores, PUBACK frees.

    ``monotonic`` in seconds. Nothing here raises for broker or disk: see ``resent``, ``refused`` and the spool.
    """

    def __init__(
        self, client: Client, topics: Topics, spool: Spool, *, stored_by: str, monotonic: Callable[[], float]
    ) -> None:
        self._client, self._topics, self._spool = client, topics, spool
        self._stored_by = stored_by
        self._monotonic = monotonic
        self._streams: dict[tuple[str, Stream], _Stream] = {}
        self._logger: ServiceStatus | None = None
        self._logger_at = 0.0
        self._linked = 0
        self._described: set[str] = set()
        self._opened: set[str] = set()
        self.resent = 0
        """Records sent again in this run."""
        self.refused = ""
        """Why the broker or the client last refused a message; empty when the last one was taken."""
        if stored_by:
            # What is said now must be told from what the broker remembers.
            client.subscribe(topics.service_status("logger", stored_by), retain_as_published=False)

    def add(self, source: str, *, described: bool = False) -> None:
        """Take care of ``source`` from now on; ``described``: on every connection its samples wait for ``open``."""
        if described:
            self._described.add(source)
        if (source, "samples") in self._streams:
            return
        for stream in STREAMS:
            plan = Delivery(self._since(source, stream), needs_logger=bool(self._stored_by))
            self._streams[source, stream] = _Stream(source, stream, plan)
            for held in self._spool.hold(source, stream):
                if not self._stored_by:
                    plan.resume(held.boot, self._spool.marked(source, stream, held.boot))
            self._catch_up(self._streams[source, stream])
        if self._stored_by:
            self._client.subscribe(self._topics.commit(self._stored_by, source))
            self._client.subscribe(self._topics.request(self._stored_by, source))

    def _since(self, source: str, stream: Stream) -> Callable[[str, int], int]:
        return lambda boot, ms: self._spool.since(source, stream, boot, ms * 1000) if stream == "samples" else 0

    def _catch_up(self, entry: _Stream) -> None:
        """Tell a new source's plan what has already happened."""
        now, hold = self._monotonic(), self._spool.hold(entry.source, entry.stream)
        if self._linked:
            entry.plan.connected(now, hold)
        if self._logger is not None:
            entry.plan.logger(now, self._logger.boot, self.logger_ready, hold)

    # --- going out ---

    def samples(self, source: str, kind: int, topic: str, payload: bytes, rows: int, tag: str) -> None:
        """Spool and publish the next ``rows`` sample sets; ``payload`` carries ``spool.next`` as its seq."""
        first = self._spool.next(source, "samples")
        self._spool.append(source, "samples", kind, payload, rows=rows, tag=tag)
        entry = self._streams[source, "samples"]
        if self._client.connected and self._is_open(source):
            self._fly(entry, self._client.publish(topic, payload), first, first + rows)
        elif self._client.connected:
            entry.plan.failed(self._spool.boot, first, first + rows)

    def open(self, source: str) -> None:
        """The description of ``source`` is on its way over this connection: its samples may follow.

        Readers need it first: what type a number has stands only there.
        """
        self._look_at_link()
        self._opened.add(source)

    def _is_open(self, source: str) -> bool:
        return source not in self._described or (source in self._opened and self._client.connection == self._linked)

    def event(
        self,
        source: str,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes | None = None,
    ) -> None:
        """Spool and publish the next event; ``payload`` carries ``spool.next`` as its eseq."""
        first = self._spool.next(source, "events")
        self._spool.append(source, "events", EVENT, topic.encode() + b"\n" + payload)
        if self._client.connected:
            future = self._client.publish(topic, payload, retain=retain, expiry_s=expiry_s, correlation=correlation)
            self._fly(self._streams[source, "events"], future, first, first + 1)

    def _fly(self, entry: _Stream, future: "asyncio.Future[None]", first: int, end: int) -> None:
        entry.flights.append((future, self._spool.boot, first, end, False))

    # --- coming in ---

    def _look_at_link(self) -> None:
        """A new connection must be known before its first message is heard."""
        present = self._client.connection if self._client.connected else 0
        if present == self._linked:
            return
        self._linked = present
        self._opened.clear()
        for entry in self._streams.values():
            self._land(entry)
            if present:
                entry.plan.connected(self._monotonic(), self._spool.hold(entry.source, entry.stream))
            else:
                entry.plan.disconnected()

    def heard(self, message: Message, topic: Topic) -> bool:
        """Take a message that is about delivery; False when it is not. Raises MessageError."""
        self._look_at_link()
        match topic.kind:
            case Kind.SERVICE_STATUS if (topic.part, topic.name) == ("logger", self._stored_by):
                if message.payload:
                    self._hear_logger(decode(topic.kind, message.payload), message.retain)
            case Kind.COMMIT if topic.part == self._stored_by:
                if message.payload:
                    self._hear_commit(topic.name, decode(topic.kind, message.payload))
            case Kind.REQUEST if topic.part == self._stored_by:
                self._hear_request(topic.name, decode(topic.kind, message.payload))
            case _:
                return False
        return True

    def _hear_logger(self, status: ServiceStatus, retained: bool) -> None:
        if self._logger is not None and _outdated(status, self._logger, retained):
            return
        self._logger, self._logger_at = status, self._monotonic()
        self._tell_logger(self.logger_ready)

    def _tell_logger(self, ready: bool) -> None:
        for entry in self._streams.values():
            hold = self._spool.hold(entry.source, entry.stream)
            entry.plan.logger(self._monotonic(), self._logger.boot if self._logger else None, ready, hold)
            self._mark(entry)

    @property
    def logger_ready(self) -> bool:
        """Whether the logger is there, heard within 90 s, and stores."""
        if self._logger is None or self._monotonic() - self._logger_at > LOGGER_SILENT_S:
            return False
        return self._logger.state in ("online", "degraded")

    def _hear_commit(self, source: str, commit: Commit) -> None:
        for stream, marks in (("samples", commit.boots), ("events", commit.eboots)):
            entry = self._streams.get((source, stream))  # type: ignore[arg-type]
            if entry is not None:
                entry.plan.commit(self._monotonic(), commit.run, marks, commit.want_since)
                self._mark(entry)
                self._go_on(entry)

    def _mark(self, entry: _Stream) -> None:
        for boot, (end, floor) in entry.plan.watermarks().items():
            self._spool.mark(entry.source, entry.stream, boot, end, floor)

    def _hear_request(self, source: str, request: Request) -> None:
        entry = self._streams.get((source, request.stream))
        if entry is not None:
            entry.plan.request(request.boot, request.from_, request.to + 1)

    # --- again ---

    def tick(self) -> None:
        """Look at what became of the publishes, and send again what is due."""
        self._look_at_link()
        if self._logger is not None and not self.logger_ready:
            self._tell_logger(False)
        for entry in self._streams.values():
            self._go_on(entry)

    def _go_on(self, entry: _Stream) -> None:
        self._land(entry)
        if self._linked and (entry.stream == "events" or self._is_open(entry.source)):
            self._send_again(entry)

    def _land(self, entry: _Stream) -> None:
        while entry.flights and entry.flights[0][0].done():
            future, boot, first, end, late = entry.flights.popleft()
            entry.late -= late
            error = None if future.cancelled() else future.exception()
            if error is None:
                entry.plan.acked(self._monotonic(), boot, first, end)
                self.refused = ""
            elif isinstance(error, Refused) and error.code == PACKET_TOO_LARGE:
                self._set_aside(entry, boot, first, end, str(error))
            elif isinstance(error, MqttError):
                self._failed(entry, error, (boot, first, end), late)
            else:
                raise error
        if not self._stored_by:
            self._mark(entry)

    def _failed(self, entry: _Stream, error: MqttError, span: tuple[str, int, int], late: bool) -> None:
        """A live one is wanted again; a late one waits for its turn as any that is not stored in time."""
        if not isinstance(error, NotConnected) and self.refused != str(error):
            self.refused = str(error)
            log.warning("%s", error)
        if not late:
            entry.plan.failed(*span)

    def _set_aside(self, entry: _Stream, boot: str, first: int, end: int, reason: str) -> None:
        self._spool.lose(entry.source, entry.stream, boot, first, end, reason)
        entry.plan.gone(boot, first, end)

    def _send_again(self, entry: _Stream) -> None:
        # The cheap question first: the plan is asked for hundreds of sources several times a second.
        hold = self._spool.hold(entry.source, entry.stream)
        while entry.late < MOST_BLOCKS * (_EVENTS_AT_ONCE if entry.stream == "events" else 1):
            span = entry.plan.next(self._monotonic(), hold)
            if span is None:
                return
            limit = PACK_BYTES if entry.stream == "samples" else _EVENT_BYTES
            records = self._spool.read(entry.source, entry.stream, span.boot, span.first, span.end, limit)
            if records is None:
                return
            self._send_records(entry, span, records)

    def _send_records(self, entry: _Stream, span: Span, records: list[Record]) -> None:
        there = records[0].seq if records else span.end
        if there > span.first:
            reason = "they could not be written, or the disk has damaged them"
            self._set_aside(entry, span.boot, span.first, there, reason)
        elif entry.stream == "samples":
            self._send_samples(entry, span.boot, records)
        else:
            self._send_events(entry, span.boot, records[:_EVENTS_AT_ONCE])

    def _send_samples(self, entry: _Stream, boot: str, records: list[Record]) -> None:
        try:
            payload, first, end = late_block(records, boot)
        except MessageError as e:
            self._set_aside(entry, boot, records[0].seq, records[0].end, f"damaged: {e}")
            return
        topic = self._topics.of(entry.source, Kind.BLOCK)
        self._fly_late(entry, topic, payload, (boot, first, end))
        entry.plan.sent(self._monotonic(), boot, first, end, len(payload))

    def _send_events(self, entry: _Stream, boot: str, records: list[Record]) -> None:
        size = 0
        for record, after in zip(records, [*records[1:], None], strict=True):
            topic, _, payload = record.body.partition(b"\n")
            self._fly_late(entry, topic.decode(), payload, (boot, record.seq, record.end))
            size += len(payload)
            if after is None or after.seq != record.end:
                entry.plan.sent(self._monotonic(), boot, records[0].seq, record.end, size)
                return

    def _fly_late(self, entry: _Stream, topic: str, payload: bytes, span: tuple[str, int, int]) -> None:
        entry.flights.append((self._client.publish(topic, payload), *span, True))
        entry.late += 1
        self.resent += span[2] - span[1]

    # --- telling ---

    def hold(self, source: str, stream: Stream) -> list[Hold]:
        return self._spool.hold(source, stream)

    @property
    def waiting(self) -> int:
        """Records not known to be stored, of all sources."""
        return sum(self._spool.waiting(e.source, e.stream) for e in self._streams.values())


def _outdated(status: ServiceStatus, known: ServiceStatus, retained: bool) -> bool:
    """The late will of an ended run or connection, or something older that the broker remembers."""
    if status.boot == known.boot:
        return status.conn < known.conn
    return status.state == "lost" or (retained and status.boot < known.boot)
