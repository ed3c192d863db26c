"""Sets of whole numbers kept as ranges: which sequence numbers are stored. Every range is half open: ``[a, b)``."""

from bisect import bisect_left, bisect_right

from broker import ranges


class Ranges(ranges.Ranges):
    """The same set as the senders', with what a ledger asks of it."""

    __slots__ = ()

    def add(self, first: int, end: int) -> None:
        """Put [first, end) into the set. Adding at the end costs nothing: what is stored nearly always does."""
        if self._ends and first == self._ends[-1] < end:
            self._ends[-1] = end
        else:
            super().add(first, end)

    def missing(self, a: int, b: int) -> list[tuple[int, int]]:
        """The parts of [a, b) that are not in the set."""
        found = []
        k = bisect_right(self._ends, a)
        while a < b:
            if k == len(self._firsts) or self._firsts[k] >= b:
                found.append((a, b))
                break
            if a < self._firsts[k]:
                found.append((a, self._firsts[k]))
            a = self._ends[k]
            k += 1
        return found

    def within(self, a: int, b: int) -> list[tuple[int, int]]:
        """The parts of [a, b) that are in the set."""
        low, high = bisect_right(self._ends, a), bisect_left(self._firsts, b)
        return [(max(a, self._firsts[k]), min(b, self._ends[k])) for k in range(low, high)]

    def prefix_end(self, start: int) -> int:
        """The first number from ``start`` on that is not in the set."""
        return self.end_of(start) or start

    @property
    def top(self) -> int:
        """One more than the highest number; 0 for the empty set."""
        return self._ends[-1] if self._ends else 0
