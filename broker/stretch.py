"""The bookkeeping of one (source, stream, boot) in the spool: what is here, stored elsewhere, lost. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from broker.messages import Hold
from broker.ranges import Ranges
from broker.segment import Segment, Stream

MOST_HOLDS = 100
"""Boots listed in a status: all with something to send, and the newest others."""


class Key(NamedTuple):
    source: str
    stream: Stream
    boot: str


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """What the segments do not tell about a stretch, as it stands on disk."""

    source: str
    stream: Stream
    boot: str
    next: int
    marked: int
    lost: int
    holes: list[tuple[int, int]] = []


@dataclass(slots=True)
class Stretch:
    """Records of one boot. ``order`` sorts boots as they happened, whatever the clock said. ``marked``: everything
    before it is stored. ``holes``: numbers that were given and are not to be had. ``floor``: the logger wants nothing
    older and does not know yet where that begins."""

    key: Key
    order: int
    next: int = 0
    marked: int = 0
    lost: int = 0
    floor: int = 0
    holes: Ranges = field(default_factory=Ranges)
    segments: deque[Segment] = field(default_factory=deque)
    open_first: int | None = None  # in the segment being written

    @property
    def first(self) -> int:
        """The oldest number that is here; ``next`` when nothing is."""
        if self.segments:
            return self.segments[0].spans[self.key.source][0]
        return self.next if self.open_first is None else self.open_first

    @property
    def empty(self) -> bool:
        return not self.segments and self.open_first is None

    @property
    def waiting(self) -> int:
        return max(0, self.next - max(self.first, self.marked))

    def hold(self) -> Hold:
        """``first`` passes over a hole as soon as everything before it is stored: the logger closes that gap."""
        first = max(self.first, min(self.floor, self.next))
        beyond = self.holes.end_of(max(first, self.marked))
        return Hold(boot=self.key.boot, first=first if beyond is None else beyond, next=self.next, lost=self.lost)

    def unseen(self) -> Hold:
        """``hold`` without what changes all the time: when this changes, the logger should hear of it at once."""
        hold = self.hold()
        news = hold.first > self.marked or self.floor
        return Hold(boot=hold.boot, first=hold.first if news else 0, next=max(hold.first, 1), lost=hold.lost)

    def over(self, boot: str) -> bool:
        """Nothing left to say about it: an ended boot without records, whose losses the logger has heard of."""
        return self.key.boot != boot and self.empty and (not self.lost or self.marked >= self.next)

    def kept(self) -> Kept:
        return Kept(*self.key, self.next, self.marked, self.lost, list(self.holes))


def holds(stretches: Iterable[Stretch], boot: str) -> list[Hold]:
    """The ``hold`` of a status, oldest boot first; at most MOST_HOLDS boots that are stored already."""
    ordered = sorted(stretches, key=lambda s: (s.key.boot == boot, s.order))
    spare = len(ordered) - MOST_HOLDS
    kept: list[Hold] = []
    for stretch in ordered:
        if spare > 0 and not stretch.waiting and not stretch.lost and stretch.key.boot != boot:
            spare -= 1
        else:
            kept.append(stretch.hold())
    return kept
