"""One instrument as its edge speaks for it: what it is, how it is, what it measures. Spooled first, then published."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import msgspec

from broker.client import Client
from broker.correction import Row, Rows, correct_row, correct_rows
from broker.inforce import InForce, News
from broker.late import BLOCK, DATA, cleaned, cut, part
from broker.messages import (
    Block,
    Calibration,
    Data,
    Event,
    Meta,
    PresenceState,
    Quality,
    Reply,
    Status,
    Value,
    encode,
    finite,
    with_rev,
)
from broker.outbox import Outbox
from broker.runtime import Clock
from broker.spool import Spool
from broker.topics import Kind, Topics

STATUS_EXPIRY_S = 90
LAST_EVERY_S = 0.5
_SMALL_STEP_US = 1000
"""A clock that is slewed, or coarse, goes back or stands still by less: our own stamps step over it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all instruments of one edge share. ``monotonic`` in seconds."""

    edge: str
    boot: str
    stored_by: str
    client: Client
    topics: Topics
    spool: Spool
    outbox: Outbox
    clock: Clock
    monotonic: Callable[[], float]

    def now_ms(self) -> int:
        return int(self.clock() * 1000)


class Instrument:
    """Made by ``Agent.instrument``. Nothing here raises for broker or disk; see the edge's status."""

    def __init__(self, name: str, meta: Meta, desk: Desk, calibrations: InForce) -> None:
        self.name = name
        self.rival = ""
        """The other edge that serves this instrument; while there is one, nothing is published here."""
        self.ignored = 0
        """Sample sets not taken because of the rival."""
        self.announced = False
        """Whether its retained messages were published; before that somebody else may serve it."""
        self._desk = desk
        self._state: PresenceState = "offline"
        self._reason = "not connected yet"
        self._told_rev = ""
        self._last: dict[str, Value] = {}
        self._last_at = float("-inf")
        self._last_due = False
        self._told: object = None
        self._calibrations = calibrations
        self.meta = self._with_edge(calibrations.describe(meta)[0])

    def _with_edge(self, meta: Meta) -> Meta:
        return with_rev(msgspec.structs.replace(meta, edge=self._desk.edge))

    # --- samples ---

    def sample(
        self,
        values: Mapping[str, Value],
        *,
        t_us: int | None = None,
        q: Mapping[str, Quality] = {},
        u: Mapping[str, float] = {},
        cal: Mapping[str, str] = {},
        stream: str = "",
    ) -> None:
        """One sample set; ``t_us`` in µs since the epoch, now if left out. NaN and ±inf become null with a quality.

        Calibrations in force are applied here. ``cal``: channels that the driver has corrected already, and with what.
        ``stream``: channels that are sampled by a clock or at a rate of their own keep their own ``fold``, so that
        sample sets of two of them may interleave in time. The same channels always belong to the same stream.
        """
        if self.rival or not values:
            self.ignored += bool(self.rival)
            return
        t_us = self._now_us() if t_us is None else t_us
        row = Row(dict(values), dict(q), dict(u), dict(cal))
        if self._calibrations.correctors:
            self._corrected_before(correct_row(self._calibrations.correctors, row, t_us))
        clean, codes = _clean(row.values)
        desk = self._desk
        data = Data(
            ts=t_us // 1000,
            us=t_us % 1000,
            values=clean,
            boot=desk.boot,
            seq=desk.spool.next(self.name, "samples"),
            fold=desk.spool.stamp(self.name, t_us, stream=stream),
            rev=self.meta.rev if self._told_rev != self.meta.rev else None,
            q={**codes, **row.q},
            u={ch: x for ch, x in row.u.items() if finite(x)[1] is None},
            cal=row.cal,
        )
        self._told_rev = self.meta.rev
        topic = desk.topics.of(self.name, Kind.DATA)
        desk.outbox.samples(self.name, DATA, topic, encode(data), 1, self.meta.rev)
        self._show(data.ts, {ch: v for ch, v in clean.items() if v is not None or ch in codes})

    def block(
        self,
        cols: Mapping[str, Sequence[Value]],
        *,
        t0_us: int | None = None,
        dt_us: int | None = None,
        t_us: Sequence[int] | None = None,
        q: Mapping[str, Mapping[int, Quality]] = {},
        u: Mapping[str, float | Sequence[float | None]] = {},
        cal: Mapping[str, str] = {},
        stream: str = "",
    ) -> None:
        """Many sample sets by column; times as t0_us + k·dt_us or one by one, µs since the epoch. ``q``: channel → row
        → code. ``cal`` and ``stream`` as in ``sample``."""
        n = len(next(iter(cols.values()), ()))
        if self.rival or not n:
            self.ignored += n
            return
        if t_us is None and t0_us is None:
            t0_us = self._now_us()
        rows = Rows(dict(cols), dict(q), dict(u), dict(cal))
        if self._calibrations.correctors:
            self._corrected_before(correct_rows(self._calibrations.correctors, rows))
        columns = {ch: cleaned(col) for ch, col in rows.cols.items()}
        codes = {ch: c | {str(row): code for row, code in rows.q.get(ch, {}).items()} for ch, (_, c) in columns.items()}
        whole = Block(
            boot=self._desk.boot,
            seq=self._desk.spool.next(self.name, "samples"),
            n=n,
            cols={ch: col for ch, (col, _) in columns.items()},
            t0_us=None if t_us is not None else t0_us,
            dt_us=None if t_us is not None else dt_us or 0,
            t_us=None if t_us is None else list(t_us),
            rev=self.meta.rev,
            q={ch: c for ch, c in codes.items() if c},
            u={ch: x for ch, given in rows.u.items() if (x := _uncertainty(given)) is not None},
            cal=rows.cal,
        )
        for piece in _forward(whole):
            self._publish_block(piece, stream)
        self._show_last_row(whole)

    def _publish_block(self, block: Block, stream: str) -> None:
        times = block.times_us()
        fold = self._desk.spool.stamp(self.name, times[0], times[-1], stream)
        topic = self._desk.topics.of(self.name, Kind.BLOCK)
        for piece, payload in cut(msgspec.structs.replace(block, fold=fold)):
            self._desk.outbox.samples(self.name, BLOCK, topic, payload, piece.n, self.meta.rev)
        self._told_rev = self.meta.rev

    def _now_us(self) -> int:
        now, last = int(self._desk.clock() * 1_000_000), self._desk.spool.last_stamp(self.name)
        return last + 1 if 0 <= last - now < _SMALL_STEP_US else now

    # --- calibrations ---

    def calibrate(self, heard: Mapping[str, Calibration]) -> None:
        """What the broker says is in force; an empty map when the topic was deleted."""
        self._tell_news(self._calibrations.hear(heard, self._desk.client.connection))

    def watch_calibrations(self) -> None:
        """Call now and then: none came after a connection, a due date has passed."""
        client = self._desk.client
        connection = client.connection if client.connected else None
        self._tell_news(self._calibrations.watch(connection, self._desk.monotonic(), self._desk.now_ms()))

    def _corrected_before(self, channels: set[str]) -> None:
        if channels:
            self._tell_news(self._calibrations.corrected_before(channels))

    def _tell_news(self, news: Iterable[News]) -> None:
        """Described first, so that a sample with a raw value never stands under a description without it."""
        told = list(news)
        if not told:
            return
        self._describe_as(self._calibrations.description())
        for one in told:
            self.event(one.kind, one.text, severity=one.severity, channel=one.channel, state=one.state)
        self.publish_status()

    # --- last ---

    def _show_last_row(self, block: Block) -> None:
        row = str(block.n - 1)
        latest = {ch: col[-1] for ch, col in block.cols.items()}
        known = {ch: v for ch, v in latest.items() if v is not None or row in block.q.get(ch, {})}
        self._show(block.times_us()[-1] // 1000, known)

    def _show(self, ts: int, values: Mapping[str, Value]) -> None:
        self._last.update(values)
        self._last["ts"] = ts
        self._last_due = True
        self.publish_last()

    def publish_last(self) -> None:
        """Publish the latest values if they are new and the last time is half a second ago."""
        now = self._desk.monotonic()
        if self._last_due and now - self._last_at >= LAST_EVERY_S and self._desk.client.connected and not self.rival:
            self._last_due, self._last_at = False, now
            topic = self._desk.topics.of(self.name, Kind.LAST)
            self._desk.client.publish(topic, encode(self._last), qos=0, retain=True)

    # --- what it is, how it is ---

    def describe(self, meta: Meta) -> None:
        """The description has changed."""
        described, news = self._calibrations.describe(meta)
        self._describe_as(described)
        self._tell_news(news)

    def _describe_as(self, meta: Meta) -> None:
        described = self._with_edge(meta)
        if described != self.meta:
            self.meta = described
            self._publish_meta()

    def status(self, state: PresenceState, reason: str = "") -> None:
        """Presence and health; published when it changes and every 30 s."""
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason = state, reason
            self.publish_status()

    def event(
        self,
        kind: str,
        text: str,
        *,
        severity: Literal["debug", "info", "warning", "error", "critical"] = "info",
        channel: str = "",
        state: Literal["", "raised", "cleared"] = "",
        ts_ms: int | None = None,
    ) -> None:
        """Something happened, at ``ts_ms`` (ms since the epoch) or now: an alarm, a message of the instrument or its
        driver."""
        boot, eseq = self._next_event()
        event = Event(
            ts=self._desk.now_ms() if ts_ms is None else ts_ms,
            kind=kind,
            text=text,
            severity=severity,
            channel=channel,
            state=state,
            boot=boot,
            eseq=eseq,
        )
        if not self.rival:
            self._desk.outbox.event(self.name, self._desk.topics.of(self.name, Kind.EVENT), encode(event))

    def reply(self, reply: Reply, correlation: bytes | None = None) -> Reply:
        """Publish one state of a command, numbered; returns it as published."""
        boot, eseq = self._next_event()
        numbered = msgspec.structs.replace(reply, boot=boot, eseq=eseq)
        topic = self._desk.topics.of(self.name, Kind.REPLY)
        self._desk.outbox.event(self.name, topic, encode(numbered), correlation=correlation)
        return numbered

    def repeat(self, reply: Reply, correlation: bytes | None = None) -> None:
        """Publish once more what was published before; readers know it by its number."""
        if self._desk.client.connected:
            topic = self._desk.topics.of(self.name, Kind.REPLY)
            self._desk.client.publish(topic, encode(reply), correlation=correlation)

    def _next_event(self) -> tuple[str, int]:
        return self._desk.boot, self._desk.spool.next(self.name, "events")

    # --- retained ---

    def announce(self) -> None:
        """Publish everything retained again: a new connection, or the broker has forgotten."""
        if not self._desk.client.connected:
            return
        if self.rival:
            self._desk.outbox.open(self.name)  # described by the other edge; what was spooled before still has to go
            return
        self.announced = True
        self._publish_meta()
        self._desk.outbox.open(self.name)
        self.publish_status()
        self._last_due = bool(self._last)
        self.publish_last()

    def _publish_meta(self) -> None:
        if self._desk.client.connected and self.announced and not self.rival:
            self._desk.client.publish(self._desk.topics.of(self.name, Kind.META), encode(self.meta), retain=True)

    def publish_status(self, *, state: PresenceState | None = None, reason: str | None = None) -> None:
        """Publish presence with what the spool holds; ``state`` and ``reason`` override (when the edge stops)."""
        desk = self._desk
        if not desk.client.connected or not self.announced or self.rival:
            return
        self._told = self._unseen()
        problem = "; ".join(filter(None, (desk.spool.problem, self._calibrations.problem)))
        degraded = self._state in ("online", "degraded") and bool(problem)
        status = Status(
            state=state or ("degraded" if degraded else self._state),
            boot=desk.boot,
            conn=desk.client.connection,
            ts=desk.now_ms(),
            edge=desk.edge,
            reason=self._reason if reason is None else reason,
            stored_by=desk.stored_by,
            hold=desk.spool.hold(self.name, "samples"),
            ehold=desk.spool.hold(self.name, "events"),
        )
        if degraded and reason is None:
            status = msgspec.structs.replace(status, reason="; ".join(filter(None, (self._reason, problem))))
        topic = desk.topics.of(self.name, Kind.STATUS)
        # "offline" of an edge that was stopped may stay; "online" of one that has died may not.
        desk.client.publish(topic, encode(status), retain=True, expiry_s=None if state else STATUS_EXPIRY_S)

    def tell_losses(self) -> None:
        """Publish the status when the spool has lost records, or its beginning moved past what is stored."""
        if self._unseen() != self._told:
            self.publish_status()

    def _unseen(self) -> object:
        spool = self._desk.spool
        return spool.problem, spool.unseen(self.name, "samples"), spool.unseen(self.name, "events")


def _clean(values: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Quality]]:
    clean: dict[str, Value] = {}
    codes: dict[str, Quality] = {}
    for name, value in values.items():
        clean[name], code = finite(value)
        if code is not None:
            codes[name] = code
    return clean, codes


def _uncertainty(given: float | Sequence[float | None]) -> float | list[float | None] | None:
    """As it may travel: what is not a finite number is left out."""
    if isinstance(given, (int, float)):
        return given if math.isfinite(given) else None
    return [x if x is not None and math.isfinite(x) else None for x in given]


def _forward(block: Block) -> Iterator[Block]:
    """The block in pieces within which time does not go back: each has one fold."""
    first = 0
    for row, (before, after) in enumerate(pairwise(block.t_us or ()), start=1):
        if after < before:
            yield part(block, first, row)
            first = row
    yield part(block, first, block.n) if first else block
