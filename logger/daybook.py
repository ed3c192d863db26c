"""Accounts read from the store: what ``labwire logger ledger --day``, ``/api/ledger`` and a manifest say."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from broker.messages import EdgeStatus, MessageError, Status, decode
from broker.runtime import boot_ms
from broker.topics import Kind, Topics
from logger.completeness import Account, Away, Heard, Missing, away, split, within
from logger.store import Extent, History, LedgerLine, LogEntry, listing

_Inside = dict[str, list[tuple[int, int]]]
"""Boot → ranges [a, b) of rows stored within the time."""


@dataclass(frozen=True, slots=True)
class Daybook:
    """Reads accounts; ``now_us`` is where open gaps end."""

    history: History
    topics: Topics
    now_us: int

    def account(self, instrument: str, from_us: int, to_us: int) -> Account:
        """Raises HistoryError."""
        inside = self._inside(instrument, from_us, to_us)
        late = listing.late(self.history, instrument)
        lines = self._lines(instrument)
        parts = [part for m in self._missing(lines) if (part := within(m, from_us, to_us)) is not None]
        missing, coming = split(parts)
        gone = [part for m in self._expired(instrument, lines) if (part := within(m, from_us, to_us)) is not None]
        return Account(
            instrument,
            from_us,
            to_us,
            stored=sum(b - a for ranges in inside.values() for a, b in ranges),
            late=sum(
                y - x
                for boot, ranges in inside.items()
                if boot in late
                for r in ranges
                for x, y in late[boot].within(*r)
            ),
            set_aside=listing.asides(self.history, instrument, from_us // 1000, to_us // 1000),
            missing=missing,
            coming=coming,
            away=self._away(
                instrument, self._since(instrument, lines, from_us) // 1000, min(to_us, self.now_us) // 1000
            ),
            expired=sum(m.n for m in gone),
        )

    def days(self, instrument: str, zone: ZoneInfo) -> Iterator[date]:
        """Every day of which something is known, first to last."""
        lines = self._lines(instrument)
        spans = [(m.from_us, m.to_us) for m in (*self._missing(lines), *self._expired(instrument, lines))]
        span = self.history.span(instrument)
        spans += [span] if span is not None else []
        if not spans:
            return
        first, last = (datetime.fromtimestamp(t / 1e6, zone).date() for t in _hull(spans))
        for k in range((last - first).days + 1):
            yield first + timedelta(days=k)

    # --- what is stored ---

    def _inside(self, instrument: str, from_us: int, to_us: int) -> _Inside:
        found: _Inside = defaultdict(list)
        for extent in self.history.extents(instrument, from_us, to_us):
            if from_us <= extent.t_min and extent.t_max < to_us:
                found[extent.boot].append((extent.seq, extent.seq + extent.n))
            else:
                found[extent.boot] += self._cut(instrument, extent, from_us, to_us)
        return found

    def _cut(self, instrument: str, extent: Extent, from_us: int, to_us: int) -> list[tuple[int, int]]:
        """The rows of an extent on the edge of the time that lie within it."""
        end = extent.seq + extent.n
        rows = self.history.rows(instrument, [], max(from_us, extent.t_min), min(to_us, extent.t_max + 1))
        return [
            (max(r.chunk.seq, extent.seq), min(r.chunk.seq + len(r.chunk), end))
            for r in rows
            if r.boot == extent.boot and r.chunk.seq < end and r.chunk.seq + len(r.chunk) > extent.seq
        ]

    # --- what is not ---

    def _lines(self, instrument: str) -> list[LedgerLine]:
        found = [line for line in self.history.ledger(instrument) if line.stream == "samples"]
        return sorted(found, key=lambda line: line.boot)

    def _missing(self, lines: Sequence[LedgerLine]) -> list[Missing]:
        return [self._placed(lines, line, gap.a, gap.b, gap.reason) for line in lines for gap in line.gaps]

    def _expired(self, instrument: str, lines: Sequence[LedgerLine]) -> list[Missing]:
        known = {line.boot: line for line in lines}
        gone = [g for g in listing.expired(self.history, instrument) if g[0] in known]
        return [self._placed(lines, known[boot], a, b, "expired") for boot, a, b in gone]

    def _placed(self, lines: Sequence[LedgerLine], line: LedgerLine, a: int, b: int, reason: str) -> Missing:
        """Between its neighbours' stamps; at an end of a boot, from its begin, or to the next boot's or to now."""
        before, after = listing.around(self.history, line.source, line.boot, a, b)
        start = before if before is not None else _begun(line.boot)
        if after is None:
            later = [t for other in lines if other.boot > line.boot and (t := _begun(other.boot)) is not None]
            after = self.now_us if line.live else min(later, default=None)
        start = start if start is not None else after if after is not None else self.now_us
        return Missing(line.boot, a, b, reason, start, max(start + 1, start if after is None else after))

    # --- when it was not well ---

    def _since(self, instrument: str, lines: Sequence[LedgerLine], from_us: int) -> int:
        """``from_us``, or when the instrument began to exist for us."""
        span = self.history.span(instrument)
        begun = [t for line in lines if (t := _begun(line.boot)) is not None] + ([span[0]] if span else [])
        return max(from_us, min(begun, default=self.now_us))

    def _away(self, instrument: str, from_ms: int, to_ms: int) -> list[Away]:
        if from_ms >= to_ms:
            return []
        topic = self.topics.of(instrument, Kind.STATUS)
        heard = [h for e in self._entries(topic, from_ms, to_ms) if (h := _status(e)) is not None]
        for edge in sorted({h.edge for h in heard if h.edge}):
            heard += [w for e in self._entries(self.topics.edge_status(edge), from_ms, to_ms) if (w := _will(e))]
        return away([h.heard for h in sorted(heard, key=lambda h: h.heard.t_ms)], from_ms, to_ms)

    def _entries(self, topic: str, from_ms: int, to_ms: int) -> Iterator[LogEntry]:
        """The last before the time, and those within it."""
        yield from self.history.log(topic, None, from_ms - 1, 1)
        yield from listing.traffic(self.history, topic, from_ms, to_ms)


def _begun(boot: str) -> int | None:
    """When a boot began, µs."""
    ms = boot_ms(boot)
    return None if ms is None else ms * 1000


def _hull(spans: list[tuple[int, int]]) -> tuple[int, int]:
    return min(a for a, _ in spans), max(b for _, b in spans)


@dataclass(frozen=True, slots=True)
class _Named:
    heard: Heard
    edge: str


def _status(entry: LogEntry) -> _Named | None:
    try:
        status: Status = decode(Kind.STATUS, entry.payload or b"")
    except MessageError:
        return None
    return _Named(Heard(entry.t_ms, status.state, status.reason, status.boot, status.conn), status.edge)


def _will(entry: LogEntry) -> _Named | None:
    """An edge that was lost took its instruments with it; that it lives says nothing of them."""
    try:
        status: EdgeStatus = decode(Kind.EDGE_STATUS, entry.payload or b"")
    except MessageError:
        return None
    if status.state not in ("lost", "offline"):
        return None
    reason = f"its edge is {status.state}" + (f": {status.reason}" if status.reason else "")
    return _Named(Heard(entry.t_ms, status.state, reason, status.boot, status.conn), "")


def day_us(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """A day of a zone as [from, to) in µs; 23 or 25 hours long when its clocks change."""
    begins = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
    a, b = (int(t.timestamp()) * 10**6 for t in begins)
    return a, b


def as_json(account: Account) -> dict[str, Any]:
    """The account as JSON has it; times in ms since the epoch, numbers with the last one included."""
    return {
        "instrument": account.instrument,
        "from": account.from_us // 1000,
        "to": account.to_us // 1000,
        "complete": account.complete,
        "expected": account.expected,
        "stored": account.stored,
        "late": account.late,
        "missing": account.lost,
        "coming": sum(m.n for m in account.coming),
        "expired": account.expired,
        "set_aside": account.set_aside,
        "gaps": [_gap(m) for m in (*account.missing, *account.coming)],
        "away": [{"from": a.from_ms, "to": a.to_ms, "state": a.state, "reason": a.reason} for a in account.away],
    }


def _gap(m: Missing) -> dict[str, Any]:
    times = {"from_ms": m.from_us // 1000, "to_ms": -(-m.to_us // 1000)}
    return {"boot": m.boot, "from": m.a, "to": m.b - 1, "n": m.n, "reason": m.reason} | times
