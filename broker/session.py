"""An MQTT 5 session without I/O: what is outstanding, what waits, what has arrived.

It outlives connections. Bytes to send collect in ``out``; whoever owns the socket drains them. A ticket is what the
caller of ``publish`` holds (an asyncio future): the session only ever finishes it.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from broker import protocol
from broker.protocol import LinkError, Message, NotConnected, Outgoing, Packet, Refused, Subscription, WindowFull
from broker.reasons import TAKEN_OVER, Sentences, publish_refused, subscribe_refused

SUBSCRIPTIONS_A_PACKET = 50
MAX_WINDOW = 60_000
"""Fewer than the 65 535 packet ids, so that a free one is always found."""
CROWD_BYTES = 64 * 1024 * 1024


class Ticket(Protocol):
    """The part of a future that a session needs."""

    def done(self) -> bool: ...
    def set_result(self, result: Any, /) -> None: ...
    def set_exception(self, exception: Any, /) -> None: ...
    def exception(self) -> BaseException | None: ...


class Session:
    """``clean``: the broker forgets us with every connection, so nothing is ever sent a second time.

    ``window`` bounds what is outstanding, ``max_waiting`` what waits behind it, ``crowd`` how many arrived messages may
    wait before reading should pause.
    """

    def __init__(self, sentences: Sentences, *, clean: bool, window: int, max_waiting: int, crowd: int) -> None:
        self._sentences = sentences
        self.connected = False
        self.connection = 0
        self.arrived: deque[Message] = deque()
        self.now_ms = 0  # as the client says before it hands over what came
        self.dropped = 0
        self.out: list[bytes] = []
        self.out_bytes = 0
        self.choked = False
        self.notices: list[str] = []
        self.refused: dict[str, Refused] = {}
        self._clean = clean
        self._max_window = self._window = min(window, MAX_WINDOW)
        self._max_waiting = max_waiting
        self._crowd = crowd
        self._arrived_bytes = 0
        self._unacked: set[int] = set()
        self._last_id = 0
        self._outstanding: dict[int, tuple[Ticket, str, bytes]] = {}
        self._resend: deque[int] = deque()
        self._waiting: deque[tuple[Ticket, Outgoing]] = deque()
        self._filters: dict[str, Subscription] = {}
        self._forget: set[str] = set()
        self._pending: dict[int, list[str]] = {}
        self._max_packet = protocol.MAX_OUT
        self._max_qos = 1
        self._retain_available = True

    # --- connections ---

    def begin(self, connack: protocol.ConnAckPacket) -> None:
        """CONNACK said yes: subscribe again, send again what the broker may not have, go on with what waits."""
        self.connection += 1
        self.connected = True
        self.choked = False
        self._window = min(self._max_window, connack.receive_max)
        self._max_packet = min(connack.max_packet_size or protocol.MAX_OUT, protocol.MAX_OUT)
        self._max_qos = min(1, connack.max_qos.value)
        self._retain_available = connack.retain_available
        if connack.session_present:
            self._resend.extend(self._outstanding)
        else:
            self._fail_all(f"{self._sentences.where} has forgotten this session")
            self._forget.clear()
        self._restore_subscriptions()
        self.pump()

    def lost(self) -> None:
        """The link is gone. May be said more than once."""
        self.connected = False
        self.out.clear()
        self.out_bytes = 0
        self._unacked.clear()
        self._pending.clear()
        self._resend.clear()
        if self._clean:
            self._fail_all(f"the connection to {self._sentences.where} went before the broker acknowledged")

    def end(self) -> None:
        """Nothing will come any more."""
        self.lost()
        self._fail_all("the client was closed before the broker acknowledged")

    def _fail_all(self, reason: str) -> None:
        tickets = [entry[0] for entry in self._outstanding.values()] + [entry[0] for entry in self._waiting]
        self._outstanding.clear()
        self._waiting.clear()
        for ticket in tickets:
            fail(ticket, NotConnected(reason))

    # --- publishing ---

    @property
    def owes(self) -> bool:
        """Something was asked of the broker that it has not answered."""
        return bool(self._outstanding or self._waiting or self._pending)

    @property
    def unsettled(self) -> bool:
        """A message was not acknowledged, or not even sent."""
        return bool(self._outstanding or self._waiting)

    @property
    def has_room(self) -> bool:
        """A publish would go straight out."""
        return (
            self.connected
            and not self.choked
            and not self._waiting
            and not self._resend
            and len(self._outstanding) < self._window
        )

    def publish(self, ticket: Ticket, message: Outgoing) -> None:
        """Send ``message`` or let it wait for its turn; ``ticket`` is done when the broker has acknowledged it.

        The ticket fails with NotConnected, Refused or WindowFull.
        """
        if not self.connected:
            fail(ticket, NotConnected(f"there is no connection to {self._sentences.where}"))
        elif problem := self._problem(message):
            fail(ticket, problem)
        elif self.has_room or (message.qos == 0 and not self.choked):
            self._send(ticket, message)
        elif len(self._waiting) < self._max_waiting:
            self._waiting.append((ticket, message))
        else:
            fail(ticket, WindowFull(f"{len(self._waiting)} messages wait for {self._sentences.where} already"))

    def _problem(self, message: Outgoing) -> Refused | None:
        if problem := protocol.outgoing_problem(message):
            return problem
        if message.qos > self._max_qos:
            return Refused(protocol.QOS_NOT_SUPPORTED, f"{self._sentences.where} does not take QoS {message.qos}")
        if message.retain and not self._retain_available:
            return Refused(protocol.RETAIN_NOT_SUPPORTED, f"{self._sentences.where} does not keep retained messages")
        if len(message.payload) > self._max_packet:
            return protocol.too_large(message, len(message.payload), self._max_packet)
        return None

    def _send(self, ticket: Ticket, message: Outgoing) -> None:
        packet_id = self._next_id() if message.qos else None
        data = protocol.encode(message, packet_id)
        if len(data) > self._max_packet:
            fail(ticket, protocol.too_large(message, len(data), self._max_packet))
            return
        self._put(data)
        if packet_id is None:
            ticket.set_result(None)
        else:
            self._outstanding[packet_id] = (ticket, message.topic, data)

    def _next_id(self) -> int:
        packet_id = self._last_id % 65_535 + 1
        while packet_id in self._outstanding or packet_id in self._pending:
            packet_id = packet_id % 65_535 + 1
        self._last_id = packet_id
        return packet_id

    def pump(self) -> None:
        """Send what may go now: first again what an earlier connection left, then what waits."""
        if not self.connected:
            return
        while self._resend and not self.choked and len(self._outstanding) - len(self._resend) < self._window:
            entry = self._outstanding.get(self._resend.popleft())
            if entry is not None:
                self._put(protocol.again(entry[2]))
        while self._waiting and not self.choked:
            ticket, message = self._waiting[0]
            if message.qos and (self._resend or len(self._outstanding) >= self._window):
                break
            self._waiting.popleft()
            if not ticket.done():
                self._send(ticket, message)

    def _put(self, data: bytes) -> None:
        self.out.append(data)
        self.out_bytes += len(data)

    def drain(self) -> bytes:
        """What is to be written now."""
        data = b"".join(self.out)
        self.out.clear()
        self.out_bytes = 0
        return data

    # --- subscribing ---

    @property
    def subscribed(self) -> bool:
        """The broker has answered all subscriptions on this connection."""
        return self.connected and not self._pending

    def subscribe(self, subscription: Subscription) -> None:
        """Raises Refused for a filter that is none, and for QoS 2."""
        if subscription.qos not in (0, 1):
            raise Refused(protocol.QOS_NOT_SUPPORTED, f"QoS {subscription.qos}: this client knows 0 and 1")
        if problem := protocol.filter_problem(subscription.filter):
            shown = protocol.shown(subscription.filter)
            raise Refused(protocol.FILTER_INVALID, f"cannot subscribe to {shown}: {problem}")
        self._filters[subscription.filter] = subscription
        self._forget.discard(subscription.filter)
        if self.connected:
            self._subscribe([subscription])

    def unsubscribe(self, filter_: str) -> None:
        if self._filters.pop(filter_, None) is None:
            return
        self.refused.pop(filter_, None)
        # A session that the broker keeps must hear of it, be it later.
        self._forget.add(filter_)
        if self.connected:
            self._unsubscribe([filter_])

    def _restore_subscriptions(self) -> None:
        self.refused.clear()
        if self._forget:
            self._unsubscribe(list(self._forget))
        wanted = list(self._filters.values())
        for k in range(0, len(wanted), SUBSCRIPTIONS_A_PACKET):
            self._subscribe(wanted[k : k + SUBSCRIPTIONS_A_PACKET])

    def _subscribe(self, subscriptions: list[Subscription]) -> None:
        packet_id = self._next_id()
        self._pending[packet_id] = [s.filter for s in subscriptions]
        self._put(protocol.subscribe(packet_id, subscriptions))

    def _unsubscribe(self, filters: list[str]) -> None:
        packet_id = self._next_id()
        self._pending[packet_id] = filters
        self._put(protocol.unsubscribe(packet_id, filters))

    # --- what comes in ---

    def handle(self, packets: Iterable[Packet]) -> None:
        """Raises LinkError when the broker ends the connection or breaks the protocol."""
        for packet in packets:
            if isinstance(packet, protocol.PublishPacket):
                self._on_publish(packet)
            elif isinstance(packet, protocol.PubAckPacket):
                self._on_puback(packet)
            else:
                self._on_rare(packet)
        if self._waiting or self._resend:
            self.pump()

    def _on_publish(self, packet: protocol.PublishPacket) -> None:
        packet_id = packet.packet_id
        payload = packet.payload
        if packet_id is None:
            qos = packet_id = 0
            if self.overcrowded:
                self.dropped += 1
                return
        else:
            qos = packet.qos.value
            if qos == 2:
                raise self._broken("a message with QoS 2, which nobody subscribed to")
            self._unacked.add(packet_id)
        self._arrived_bytes += len(payload)
        self.arrived.append(
            Message(
                packet.topic,
                payload,
                qos,
                packet.retain,
                packet.duplicate,
                packet.message_expiry_interval,
                packet.response_topic,
                packet.correlation_data,
                packet_id,
                self.connection,
                self.now_ms,
            )
        )

    def _on_puback(self, packet: protocol.PubAckPacket) -> None:
        entry = self._outstanding.pop(packet.packet_id, None)
        if entry is None or entry[0].done():
            return
        code = packet.reason_code.value
        if code < 0x80:
            entry[0].set_result(None)
        else:
            fail(entry[0], Refused(code, publish_refused(code, entry[1], packet.reason_str)))

    def _on_rare(self, packet: Packet) -> None:
        match packet:
            case protocol.SubAckPacket():
                self._on_suback(packet)
            case protocol.UnsubAckPacket():
                self._forget.difference_update(self._pending.pop(packet.packet_id, ()))
            case protocol.PingRespPacket():
                pass
            case protocol.DisconnectPacket():
                code = packet.reason_code.value
                sentence = self._sentences.disconnected(code, packet.reason_str)
                raise LinkError(sentence, taken_over=code == TAKEN_OVER)
            case _:
                raise self._broken(f"an unexpected {type(packet).__name__}")

    def _on_suback(self, packet: protocol.SubAckPacket) -> None:
        filters = self._pending.pop(packet.packet_id, [])
        for filter_, reason in zip(filters, packet.reason_codes, strict=False):
            code = reason.value
            if code >= 0x80 and filter_ in self._filters:
                sentence = subscribe_refused(code, filter_, packet.reason_str)
                self.refused[filter_] = Refused(code, sentence)
                self.notices.append(sentence)

    def _broken(self, what: str) -> LinkError:
        return LinkError(self._sentences.not_mqtt(what), protocol.PROTOCOL_ERROR)

    # --- what has arrived ---

    @property
    def crowded(self) -> bool:
        """Reading should pause."""
        return len(self.arrived) > self._crowd or self._arrived_bytes > CROWD_BYTES

    @property
    def relaxed(self) -> bool:
        """Reading may go on."""
        return len(self.arrived) <= self._crowd // 2 and self._arrived_bytes <= CROWD_BYTES // 2

    @property
    def overcrowded(self) -> bool:
        """Reading could not pause, and messages with QoS 0 have to go."""
        return len(self.arrived) > 10 * self._crowd or self._arrived_bytes > 4 * CROWD_BYTES

    def take_one(self) -> Message:
        message = self.arrived.popleft()
        self._arrived_bytes -= len(message.payload)
        return message

    def take(self, limit: int) -> list[Message]:
        """All that wait, at most ``limit``, in order."""
        if limit < len(self.arrived):
            return [self.take_one() for _ in range(limit)]
        messages = list(self.arrived)
        self.arrived.clear()
        self._arrived_bytes = 0
        return messages

    def ack(self, message: Message) -> None:
        """Acknowledge once; ignored when its connection is gone."""
        if message.packet_id in self._unacked and message.connection == self.connection:
            self._unacked.remove(message.packet_id)
            self._put(protocol.puback(message.packet_id))


def fail(ticket: Ticket, error: Exception) -> None:
    """Finish a ticket with an error that nobody has to fetch."""
    if not ticket.done():
        ticket.set_exception(error)
        ticket.exception()
