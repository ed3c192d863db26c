"""What the logger's tests share: packets, and messages of one instrument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.messages import Block, Channel, ChannelType, Data, Meta, Value, encode, with_rev
from broker.topics import Kind, Topics
from logger.store.writer import Outcome, Store

TOPICS = Topics()
BOOT = "mh8x2k3q-7f3a"
T_MS = 1_795_219_199_000
T_US = T_MS * 1000

opened: list[Store] = []
"""Closed after each test by conftest.py."""


@dataclass(frozen=True, slots=True)
class Packet:
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


def packet(kind: Kind, message: Any, instrument: str = "oven1", *, retain: bool = False) -> Packet:
    return Packet(TOPICS.of(instrument, kind), message if isinstance(message, bytes) else encode(message), 1, retain)


def data(seq: int, values: Mapping[str, Value] | None = None, **more: Any) -> Packet:
    fields: dict[str, Any] = {"ts": T_MS + seq, "boot": BOOT, "seq": seq, "values": values or {"temp": seq / 8}} | more
    return packet(Kind.DATA, Data(**fields))


def block(seq: int, n: int, cols: Mapping[str, Sequence[Value]] | None = None, **more: Any) -> Packet:
    made = {name: list(col) for name, col in (cols or {"temp": [k / 8 for k in range(seq, seq + n)]}).items()}
    fields: dict[str, Any] = {"boot": BOOT, "seq": seq, "n": n, "cols": made}
    if "t_us" not in more:
        fields |= {"t0_us": T_US + seq * 1000, "dt_us": 1000}
    return packet(Kind.BLOCK, Block(**fields | more))


def meta(**types: ChannelType) -> Meta:
    return with_rev(Meta(name="Oven", channels={name: Channel(type=type_) for name, type_ in types.items()}))


def open_store(folder: Path, **more: Any) -> Store:
    store = Store(folder / "labwire.db", TOPICS, T_MS, **more)
    opened.append(store)
    return store


def write(store: Store, *packets: Packet, at_ms: int = T_MS) -> Outcome:
    return store.write(packets, at_ms)
