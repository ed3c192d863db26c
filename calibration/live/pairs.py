"""Samples of two instruments brought together by their own times. Pure."""

from collections import deque
from typing import NamedTuple

MOST = 4096


class Taken(NamedTuple):
    """A sample: when by the instrument's own stamp, in seconds, and the value with the digits it had."""

    t: float
    text: str


class Stream:
    """One channel's samples in the order of their times; what comes again or late is not taken."""

    def __init__(self) -> None:
        self.last: Taken | None = None
        self.refused = 0

    def take(self, t: float, text: str) -> Taken | None:
        if self.last is not None and t <= self.last.t:
            self.refused += 1
            return None
        self.last = Taken(t, text)
        return self.last


class Pairing:
    """Each item sample with the nearest reference sample, if that is within ``within_s``; either is used once.

    A pair is known when the reference has gone past the item's time: until then a nearer one may come.
    """

    def __init__(self, within_s: float) -> None:
        self.within_s = within_s
        self._items: deque[Taken] = deque(maxlen=MOST)
        self._references: deque[Taken] = deque(maxlen=MOST)

    def item(self, sample: Taken) -> list[tuple[Taken, Taken]]:
        self._items.append(sample)
        return self._pairs()

    def reference(self, sample: Taken) -> list[tuple[Taken, Taken]]:
        self._references.append(sample)
        return self._pairs()

    def clear(self) -> None:
        self._items.clear()
        self._references.clear()

    def _pairs(self) -> list[tuple[Taken, Taken]]:
        found = []
        while self._items and self._references and self._references[-1].t >= self._items[0].t:
            item = self._items.popleft()
            near = self._nearest(item.t)
            if near is not None:
                found.append((item, near))
        return found

    def _nearest(self, t: float) -> Taken | None:
        """The nearest reference; it and all before it are gone afterwards."""
        while len(self._references) > 1 and abs(self._references[1].t - t) <= abs(self._references[0].t - t):
            self._references.popleft()
        if not self._references or abs(self._references[0].t - t) > self.within_s:
            return None
        return self._references.popleft()
