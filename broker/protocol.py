"""MQTT 5 without I/O: the errors, what travels, bytes to packets and packets to bytes.

The only module that imports the codec. Source: MQTT Version 5.0, OASIS Standard, 7 March 2019.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
from mqtt5 import (
    AuthPacket,
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubscribePacket,
    read,
)
from mqtt5 import Will as WillPacket

__all__ = [
    "AuthPacket",
    "ConnAckPacket",
    "DisconnectPacket",
    "Packet",
    "PingRespPacket",
    "PubAckPacket",
    "PublishPacket",
    "SubAckPacket",
    "UnsubAckPacket",
]

MAX_OUT: Final = 268_435_455 - 4 * 65_536
"""What fits a packet's length (2.1.4), less what topics and properties may need. The codec panics beyond."""
MAX_PACKET: Final = 16 * 1024 * 1024
"""The largest packet we take; announced to the broker, which keeps larger ones from us."""
MAX_TEXT: Final = 65_535
MAX_LEVELS: Final = 200
"""Mosquitto's own limit; it disconnects a client that goes beyond."""

NORMAL: Final = 0x00
TOPIC_INVALID: Final = 0x90
FILTER_INVALID: Final = 0x8F
TOO_LARGE: Final = 0x95
RETAIN_NOT_SUPPORTED: Final = 0x9A
QOS_NOT_SUPPORTED: Final = 0x9B
NOT_EXPRESSIBLE: Final = 0x83
MALFORMED: Final = 0x81
PROTOCOL_ERROR: Final = 0x82


class MqttError(Exception):
    """Something did not reach the broker, or was not wanted there."""


class NotConnected(MqttError):
    """There is no link, or it went before the acknowledgement came."""


class Refused(MqttError):
    """The broker, or this client on its behalf, refused. ``code`` is the MQTT 5 reason code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WindowFull(MqttError):
    """Too many messages wait already."""


class LinkError(Exception):
    """The link cannot go on; the text says why. ``code`` is what the broker is told; None: it said so itself."""

    def __init__(self, reason: str, code: int | None = None, *, taken_over: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.taken_over = taken_over


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message from the broker. ``expiry_s`` is what is left of its life, ``arrived_ms`` when it came (ms since the
    epoch, 0: not known); the two fields before it are the client's."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    expiry_s: int | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    packet_id: int = 0
    connection: int = 0
    arrived_ms: int = 0


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One message to the broker."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    response_topic: str | None = None
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when this client goes without saying goodbye."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True
    expiry_s: int | None = None


# --- what may be sent -------------------------------------------------------------------------------------------------

# Mosquitto disconnects a client for a control character or a Unicode non-character; the standard lets it (1.5.4).
_FORBIDDEN = re.compile("[\0-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


@lru_cache(maxsize=4096)
def topic_problem(topic: str) -> str:
    """Why one cannot publish on ``topic``; empty when one can."""
    if "+" in topic or "#" in topic:
        return "it contains a wildcard"
    return _text_problem(topic)


@lru_cache(maxsize=1024)
def filter_problem(filter_: str) -> str:
    """Why one cannot subscribe to ``filter_``; empty when one can."""
    levels = filter_.split("/")
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return "# stands alone in the last level only"
    if any("+" in level and level != "+" for level in levels):
        return "+ stands alone in its level only"
    return _text_problem(filter_)


def _text_problem(text: str) -> str:
    if not text:
        return "it is empty"
    if _FORBIDDEN.search(text):
        return "it contains a control character"
    if text.count("/") > MAX_LEVELS:
        return f"it has more than {MAX_LEVELS} levels"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    return f"it is {size} bytes long, {MAX_TEXT} are possible" if size > MAX_TEXT else ""


def outgoing_problem(message: Outgoing) -> Refused | None:
    """Why ``message`` cannot be sent to any broker. Raises TypeError for a payload that is not bytes."""
    if not isinstance(message.payload, bytes):
        raise TypeError(f"the payload for {shown(message.topic)} is {type(message.payload).__name__}, not bytes")
    if problem := topic_problem(message.topic):
        return Refused(TOPIC_INVALID, f"cannot publish on {shown(message.topic)}: {problem}")
    if message.response_topic is not None and (problem := topic_problem(message.response_topic)):
        return Refused(TOPIC_INVALID, f"the response topic {shown(message.response_topic)} is not valid: {problem}")
    if message.correlation is not None and len(message.correlation) > MAX_TEXT:
        return Refused(
            NOT_EXPRESSIBLE, f"correlation data of {len(message.correlation)} bytes, {MAX_TEXT} are possible"
        )
    if message.expiry_s is not None and not (isinstance(message.expiry_s, int) and 0 <= message.expiry_s < 2**32):
        return Refused(NOT_EXPRESSIBLE, f"an expiry of {message.expiry_s} s is not a whole number within 0…2^32")
    if message.qos not in (0, 1):
        return Refused(QOS_NOT_SUPPORTED, f"QoS {message.qos}: this client knows 0 and 1")
    return None


def too_large(message: Outgoing, size: int, limit: int) -> Refused:
    return Refused(TOO_LARGE, f"{size} bytes for {shown(message.topic)}, the broker takes at most {limit} in a packet")


def shown(topic: str) -> str:
    """A topic fit for a sentence: one line, not endless."""
    text = topic if topic.isprintable() else ascii(topic)[1:-1]
    return text if len(text) <= 200 else text[:200] + "…"


# --- packets to bytes -------------------------------------------------------------------------------------------------

_QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE)
PINGREQ: Final = PingReqPacket().write()


def encode(message: Outgoing, packet_id: int | None) -> bytes:
    """The PUBLISH for a message without ``outgoing_problem`` and a payload of at most MAX_OUT bytes."""
    return PublishPacket(
        message.topic,
        message.payload,
        qos=_QOS[message.qos],
        retain=message.retain,
        packet_id=packet_id,
        message_expiry_interval=message.expiry_s,
        response_topic=message.response_topic,
        correlation_data=message.correlation,
    ).write()


def again(publish: bytes) -> bytes:
    """The same PUBLISH with the DUP flag (3.3.1.1)."""
    return bytes((publish[0] | 0x08,)) + publish[1:]


def puback(packet_id: int) -> bytes:
    """A PUBACK that says success, in its short form (3.4.2.1)."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a client says of itself in CONNECT. Times in seconds."""

    client_id: str
    user: str = ""
    password: str | None = None
    clean_start: bool = True
    session_expiry_s: int = 0
    keep_alive_s: int = 20
    receive_max: int = 1000

    def __repr__(self) -> str:
        return f"Hello({self.client_id!r}, user={self.user!r})"


def connect(hello: Hello, will: Will | None) -> bytes:
    return ConnectPacket(
        hello.client_id,
        username=hello.user or None,
        password=None if hello.password is None else hello.password.encode(),
        clean_start=hello.clean_start,
        will=None if will is None else _will(will),
        keep_alive=hello.keep_alive_s,
        session_expiry_interval=hello.session_expiry_s,
        receive_max=hello.receive_max,
        max_packet_size=MAX_PACKET,
    ).write()


def _will(will: Will) -> WillPacket:
    return WillPacket(
        will.topic,
        payload=will.payload,
        qos=_QOS[will.qos],
        retain=will.retain,
        message_expiry_interval=will.expiry_s,
    )


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic filter and how its messages are wanted (3.8.3.1)."""

    filter: str
    qos: int = 1
    retain_as_published: bool = True
    retain_handling: int = 0


def subscribe(packet_id: int, subscriptions: list[Subscription]) -> bytes:
    filters = [
        TopicFilter(
            s.filter,
            max_qos=_QOS[s.qos],
            retain_as_published=s.retain_as_published,
            retain_handling=RetainHandling(s.retain_handling),
        )
        for s in subscriptions
    ]
    return SubscribePacket(packet_id, filters).write()


def unsubscribe(packet_id: int, filters: list[str]) -> bytes:
    return UnsubscribePacket(packet_id, filters).write()


def disconnect(code: int) -> bytes:
    """Goodbye, with a reason code (3.14.2.1)."""
    return DisconnectPacket(reason_code=DisconnectReasonCode(code)).write()


# --- bytes to packets -------------------------------------------------------------------------------------------------


class Inbox:
    """Bytes in, packets out, in time proportional to the bytes whatever the chunks are.

    Read into ``space()``, say how much with ``filled(n)``. There is one buffer; a packet that does not fit makes it
    grow once to the packet's size. After a malformed packet ``malformed`` says what was wrong and nothing more comes.
    """

    def __init__(self, capacity: int = 64 * 1024, limit: int = MAX_PACKET) -> None:
        self._capacity = capacity
        self._limit = limit
        self._view = memoryview(bytearray(capacity))
        self._end = 0
        self._need = 2  # bytes that the packet at the beginning has at least
        self.malformed = ""

    @property
    def first(self) -> int | None:
        """The first byte of a packet that is not complete; None if there is none."""
        return self._view[0] if self._end else None

    def space(self) -> memoryview:
        """Where to put the next bytes; never empty."""
        return self._view[self._end :]

    def filled(self, count: int) -> list[Packet]:
        """``count`` bytes are in: the packets that are complete now."""
        self._end += count
        packets: list[Packet] = []
        if self._end >= self._need and not self.malformed:
            self._keep(self._parse(packets))
        elif self.malformed:
            self._end = 0
        return packets

    def _parse(self, packets: list[Packet]) -> int:
        """Append what is complete to ``packets``; return where the first incomplete packet begins."""
        view, at, end = self._view[: self._end], 0, self._end
        try:
            while at < end:
                packet, size = read(view[at:])
                packets.append(packet)
                at += size
        except IndexError:
            self._measure(view[at:])
        except ValueError as e:
            self.malformed = str(e)
        except BaseException as e:
            # The codec panics on text that is not UTF-8, with a class that cannot be imported.
            if type(e).__name__ != "PanicException":
                raise
            self.malformed = "text that is not UTF-8"
        else:
            self._need = 2
        return at

    def _measure(self, rest: memoryview) -> None:
        """Learn how long the packet at the beginning of ``rest`` is."""
        size = packet_size(rest)
        if size is None:
            self._need = len(rest) + 1
        elif size <= len(rest):
            self.malformed = "a length inside a packet that reaches beyond it"
        elif size > self._limit:
            self.malformed = f"a packet of {size} bytes, at most {self._limit} are taken"
        else:
            self._need = size

    def _keep(self, begin: int) -> None:
        """Move the incomplete rest to the front, into a buffer of the right size."""
        rest = self._end - begin
        size = max(self._capacity, self._need)
        if size != len(self._view):
            fresh = memoryview(bytearray(size))
            fresh[:rest] = self._view[begin : self._end]
            self._view = fresh
        elif begin and rest:
            self._view[:rest] = self._view[begin : self._end]
        self._end = 0 if self.malformed else rest


def packet_size(begin: memoryview) -> int | None:
    """The whole length of the packet that begins so (2.1.4); None when that is not yet known."""
    size = 0
    for k, byte in enumerate(begin[1:5]):
        size |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return size + k + 2
    return None
