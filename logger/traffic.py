"""The traffic log: every message in and out, in segments of many messages. Pure.

Sample sets stand in it by their numbers and a hash (the store has the values and can write the message again);
everything else, and everything that could not be read, as its bytes.
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

QOS, RETAIN, LATE, UNREADABLE, BLOCK = 3, 4, 8, 16, 32
"""Bits of an entry's flags: QoS 0 to 2, and four marks."""

RAW, DEFLATED = 0, 1


class Entry(msgspec.Struct, array_like=True, frozen=True, omit_defaults=True):
    """One message as stored. ``payload`` None: sample sets, rows ``seq`` to ``seq`` + ``n`` − 1 of ``book``."""

    t_ms: int
    topic: int
    flags: int
    payload: bytes | None
    length: int = 0
    book: int = 0
    seq: int = 0
    n: int = 0
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Segment:
    """Entries in the order they came. ``topics``: the topic numbers in it, sorted, as 32-bit integers."""

    t_min: int
    t_max: int
    n: int
    codec: int
    topics: bytes
    body: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])


def pack(entries: Sequence[Entry], *, deflate: bool = False) -> Segment:
    """A segment of at least one entry."""
    body = _encoder.encode(entries)
    times = [e.t_ms for e in entries]
    topics = np.unique(np.array([e.topic for e in entries], "<u4")).tobytes()
    if deflate:
        body = zlib.compress(body, 6)
    return Segment(min(times), max(times), len(entries), DEFLATED if deflate else RAW, topics, body)


def unpack(codec: int, body: bytes) -> list[Entry]:
    return _decoder.decode(zlib.decompress(body) if codec == DEFLATED else body)


def names_any(topics: bytes, wanted: Collection[int]) -> bool:
    """Whether a segment's topics contain one of ``wanted``."""
    return not set(np.frombuffer(topics, "<u4").tolist()).isdisjoint(wanted)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT filter with + and # matches a topic."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for k, level in enumerate(wanted):
        if level == "#":
            return k == len(wanted) - 1 and not (k == 0 and topic.startswith("$"))
        if k >= len(levels) or level not in ("+", levels[k]):
            return False
    return len(wanted) == len(levels)


def flags(qos: int, retain: bool, *, late: bool = False, unreadable: bool = False, block: bool = False) -> int:
    return qos | RETAIN * retain | LATE * late | UNREADABLE * unreadable | BLOCK * block


def within(entries: Iterable[Entry], since_ms: int, until_ms: int, topics: Collection[int] | None) -> Iterator[Entry]:
    """The entries of a time range (both ends included), of these topics (None: all)."""
    for entry in entries:
        if since_ms <= entry.t_ms <= until_ms and (topics is None or entry.topic in topics):
            yield entry
