"""The cyclic tasks of the real-time program: which cycles have been, and their time stamps."""

import random
from array import array
from itertools import cycle, islice
from operator import add

_JITTER_LENGTH = 997
_MAX_WINDOW_S = 2


class Task:
    """A window of cycles since the last look: ``first`` up to, not including, ``end``; it holds the last cycle."""

    def __init__(self, index: int, rate: float, start_ns: int, jitter_ns: int, rng: random.Random) -> None:
        self.index = index
        self.rate = rate
        self.period_ns = round(1e9 / rate)
        self.first = 0
        self.end = 0
        self.stamps: array[int] = array("Q")
        self._start_ns = start_ns
        self._jitter = [rng.randrange(max(1, min(jitter_ns, self.period_ns // 4))) for _ in range(_JITTER_LENGTH)]
        self.advance(start_ns + self.period_ns, 0)

    def advance(self, now_ns: int, offset_ns: int) -> bool:
        """Work off the cycles up to ``now_ns``; their stamps are ``offset_ns`` further. False when there is none."""
        end = (now_ns - self._start_ns) // self.period_ns
        if end <= self.end:
            return False
        self.first = max(self.end, end - max(1, int(_MAX_WINDOW_S * self.rate)))
        self.end = end
        base = self._start_ns + offset_ns
        due = range(base + self.first * self.period_ns, base + end * self.period_ns, self.period_ns)
        late = islice(cycle(self._jitter), self.first % _JITTER_LENGTH, None)
        self.stamps = array("Q", map(add, due, late))
        return True

    def stamps_of(self, cycles: range) -> "array[int]":
        return self.stamps[cycles.start - self.first : cycles.stop - self.first : cycles.step]
