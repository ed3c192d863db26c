"""What is stored of one numbering of one source: the watermark, the holes, and why a hole stays.

A *book* is one (source, boot, stream): the sample sets of an instrument (``seq``) or its replies and events (``eseq``),
for a bridge its notes, runs and audit. Pure: the store loads and saves books, the service sends what they say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from broker.messages import Hold, Mark
from logger.ranges import Ranges

HAVE_LIMIT = 100
"""Ranges beyond the watermark named in one commit message: the nearest ones; the rest follows as they melt."""


class Stream(IntEnum):
    SAMPLES = 0
    EVENTS = 1


OVERFLOW = "overflow"
BEFORE = "before this store"
GONE = "no longer held by its sender"
AT_SENDER = "not received yet"
UNKNOWN = "unknown: its sender does not say what it holds"


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers [a, b) that will not come, and why."""

    a: int
    b: int
    reason: str


@dataclass(slots=True)
class Book:
    """One numbering. ``first``, ``next`` and ``lost`` are the furthest the sender has said; ``held``: its spool still
    has this boot, None: it never said. Numbers set aside count as stored: they need not come again."""

    id: int
    source: str
    stream: Stream
    boot: str
    stored: Ranges = field(default_factory=Ranges)
    first: int = 0
    next: int = 0
    lost: int = 0
    held: bool | None = None
    closed: list[Gap] = field(default_factory=list)

    @property
    def upto(self) -> int:
        """The watermark: everything up to and including this is stored or can never come; −1 for nothing."""
        end = self.stored.prefix_end(0)
        return (self.stored.prefix_end(self.first) if end < self.first else end) - 1

    @property
    def end(self) -> int:
        """One more than the highest number known to exist."""
        return max(self.next, self.stored.top)

    def mark(self) -> Mark:
        """What a commit message says of this book."""
        start = self.upto + 1
        later = self.stored.within(start, self.stored.top)[:HAVE_LIMIT]
        return Mark(upto=start - 1, have=[(a, b - 1) for a, b in later])

    def hear(self, hold: Hold) -> list[Gap]:
        """Take what the sender's spool has; returns the gaps this closes. All only grows: an old status is harmless."""
        self.held = True
        self.next = max(self.next, hold.next, hold.first)
        newly_lost = max(0, hold.lost - self.lost)
        self.lost += newly_lost
        if hold.first <= self.first:
            return []
        gaps = list(_reasons(self.stored.missing(self.first, hold.first), newly_lost))
        self.first = hold.first
        self.closed += gaps
        return gaps

    def holes(self) -> list[tuple[int, int]]:
        """Ranges that can still come and lie below something stored: worth asking for while the sender holds them."""
        return self.stored.missing(self.upto + 1, self.stored.top)

    def gaps(self) -> list[Gap]:
        """Everything below ``end`` that is not stored, with the reason."""
        found = []
        for gap in self.closed:
            found += [Gap(a, b, gap.reason) for a, b in self.stored.missing(gap.a, gap.b)]
        open_reason = UNKNOWN if self.held is None else AT_SENDER if self.held else GONE
        found += [Gap(a, b, open_reason) for a, b in self.stored.missing(self.first, self.end)]
        return found

    @property
    def complete(self) -> bool:
        """Every number below ``end`` is stored."""
        return not self.stored.missing(0, self.end)


def _reasons(missing: list[tuple[int, int]], lost: int) -> Iterator[Gap]:
    """Name the reason of each newly closed range.

    A spool throws away its oldest rows first, so the ``lost`` highest numbers overflowed; what is missing below them
    was freed before, for a store that is not this one.
    """
    before = sum(b - a for a, b in missing) - lost
    for a, b in missing:
        cut = min(b, a + max(0, before))
        before -= b - a
        if a < cut:
            yield Gap(a, cut, BEFORE)
        if cut < b:
            yield Gap(cut, b, OVERFLOW)
