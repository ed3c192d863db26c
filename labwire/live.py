"""What the terminal shows while the demo runs: instruments, their states and latest values, as any viewer sees them."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from broker.client import Client
from broker.config import BrokerConfig
from broker.messages import Channel, EdgeStatus, Last, MessageError, Meta, Status, Value, decode
from broker.runtime import Clock
from broker.topics import INSTRUMENT, Kind, Topics
from labwire import numbers

log = logging.getLogger("labwire.live")

PLAIN_EVERY_S = 10.0
DRAW_EVERY_S = 0.5
KINDS = (Kind.META, Kind.STATUS, Kind.EDGE_STATUS, Kind.LAST)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    instrument: str
    state: str
    age_s: float | None
    values: str


@dataclass(slots=True)
class Picture:
    """The latest of everything. No I/O: it is fed messages and asked for rows."""

    metas: dict[str, Meta] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    edges: dict[str, EdgeStatus] = field(default_factory=dict)
    lasts: dict[str, Last] = field(default_factory=dict)

    def take(self, kind: Kind, name: str, payload: bytes) -> None:
        """Take in one message; an empty one forgets. Raises MessageError."""
        by_kind: dict[Kind, dict[str, Any]] = {
            Kind.META: self.metas,
            Kind.STATUS: self.statuses,
            Kind.EDGE_STATUS: self.edges,
            Kind.LAST: self.lasts,
        }
        if payload:
            by_kind[kind][name] = decode(kind, payload)
        else:
            by_kind[kind].pop(name, None)

    def rows(self, now: float) -> Iterator[Row]:
        """One row an instrument, by name; ``now`` in seconds since the epoch."""
        for name in sorted(self.metas):
            if not INSTRUMENT.fullmatch(name):
                continue
            last = self.lasts.get(name, {})
            ts = last.get("ts")
            age = max(0.0, now - ts / 1000) if isinstance(ts, (int, float)) else None
            yield Row(name, self.state(name), age, values_text(self.metas[name], last))

    def state(self, name: str) -> str:
        """The instrument's state, with its reason; lost with its edge."""
        status = self.statuses.get(name)
        if status is None:
            return "lost"
        edge = self.edges.get(status.edge)
        if edge is not None and edge.state == "lost":
            return f"lost (edge {status.edge})"
        return f"{status.state} ({status.reason})" if status.reason else status.state


def values_text(meta: Meta, last: Last) -> str:
    """The latest values in meta's order, with as many digits as the channel has and its unit."""
    shown = [
        f"{name} {number_text(last[name], channel)} {channel.unit}".rstrip()
        for name, channel in meta.channels.items()
        if name in last
    ]
    return "   ".join(shown)


def number_text(value: Value, channel: Channel) -> str:
    """A value with the digits of the channel's resolution (four significant ones where it has none)."""
    return numbers.number_text(value, channel.resolution)


async def follow(broker: BrokerConfig, picture: Picture) -> None:
    """Keep ``picture`` current until cancelled."""
    topics = Topics(broker.root)
    async with Client(broker, "labwire-demo-table") as client:
        for kind in KINDS:
            client.subscribe(topics.all_of(kind), qos=0)
        async for message in client.messages:
            topic = topics.parse(message.topic)
            if topic is not None and topic.kind in KINDS:
                try:
                    picture.take(topic.kind, topic.name, message.payload)
                except MessageError as e:
                    log.warning("%s: %s", message.topic, e)


async def show(picture: Picture, clock: Clock = time.time) -> None:
    """Draw the table in the terminal until cancelled; where output is no terminal, a few plain lines now and then."""
    console = Console()
    if not console.is_terminal:
        while True:
            await asyncio.sleep(PLAIN_EVERY_S)
            print("\n".join(plain_lines(picture, clock())), flush=True)
    with Live(console=console, auto_refresh=False, transient=True) as screen:
        while True:
            screen.update(table(picture, clock()), refresh=True)
            await asyncio.sleep(DRAW_EVERY_S)


def table(picture: Picture, now: float) -> Table:
    """The table as rich draws it."""
    drawn = Table(box=box.SIMPLE, pad_edge=False, expand=True)
    for title in ("instrument", "state", "age"):
        drawn.add_column(title, no_wrap=True)
    drawn.add_column("values", overflow="ellipsis", no_wrap=True, ratio=1)  # what does not fit is cut here only
    for row in picture.rows(now):
        style = "green" if row.state == "online" else "yellow" if row.state.startswith("degraded") else "red"
        drawn.add_row(row.instrument, Text(row.state, style), age_text(row.age_s), Text(row.values))
    return drawn


def age_text(age_s: float | None) -> str:
    """``0.4 s``, ``12 s``, ``5 min``; a dash when nothing was heard."""
    if age_s is None:
        return "–"
    if age_s < 60:
        return f"{age_s:.1f} s" if age_s < 10 else f"{age_s:.0f} s"
    return f"{age_s / 60:.0f} min" if age_s < 3600 else f"{age_s / 3600:.0f} h"


def plain_lines(picture: Picture, now: float) -> list[str]:
    """The table as lines of text, for a terminal that is none."""
    return [f"{row.instrument:<12} {row.state:<10} {age_text(row.age_s):>6}  {row.values}" for row in picture.rows(now)]
