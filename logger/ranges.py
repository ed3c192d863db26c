"""Sets of whole numbers kept as ranges: which sequence numbers are stored.

Every range is half open: ``[a, b)``. The ranges of a set are sorted, disjoint and never touch.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """A set of integers that are mostly contiguous. Adding at the end is O(1); everything else O(log n) plus moves."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for a, b in ranges:
            self.add(a, b)

    def add(self, a: int, b: int) -> None:
        """Put [a, b) into the set; an empty range changes nothing."""
        if a >= b:
            return
        if self._ends and a == self._ends[-1]:
            self._ends[-1] = b
            return
        low = bisect_left(self._ends, a)  # the first range that ends at or after a: touching ranges melt
        high = bisect_right(self._starts, b)
        if low < high:
            a, b = min(a, self._starts[low]), max(b, self._ends[high - 1])
        self._starts[low:high] = [a]
        self._ends[low:high] = [b]

    def remove(self, a: int, b: int) -> None:
        """Take [a, b) out of the set."""
        if a >= b:
            return
        low = bisect_right(self._ends, a)
        high = bisect_left(self._starts, b)
        if low >= high:
            return
        left, right = (self._starts[low], a), (b, self._ends[high - 1])
        rest = [r for r in (left, right) if r[0] < r[1]]
        self._starts[low:high] = [r[0] for r in rest]
        self._ends[low:high] = [r[1] for r in rest]

    def missing(self, a: int, b: int) -> list[tuple[int, int]]:
        """The parts of [a, b) that are not in the set."""
        found = []
        k = bisect_right(self._ends, a)
        while a < b:
            if k == len(self._starts) or self._starts[k] >= b:
                found.append((a, b))
                break
            if a < self._starts[k]:
                found.append((a, self._starts[k]))
            a = self._ends[k]
            k += 1
        return found

    def within(self, a: int, b: int) -> list[tuple[int, int]]:
        """The parts of [a, b) that are in the set."""
        low, high = bisect_right(self._ends, a), bisect_left(self._starts, b)
        return [(max(a, self._starts[k]), min(b, self._ends[k])) for k in range(low, high)]

    def prefix_end(self, start: int) -> int:
        """The first number from ``start`` on that is not in the set."""
        k = bisect_right(self._ends, start)
        return self._ends[k] if k < len(self._starts) and self._starts[k] <= start else start

    def count(self, a: int, b: int) -> int:
        """How many numbers of [a, b) are in the set."""
        return sum(y - x for x, y in self.within(a, b))

    @property
    def top(self) -> int:
        """One more than the highest number; 0 for the empty set."""
        return self._ends[-1] if self._ends else 0

    def __contains__(self, number: int) -> bool:
        k = bisect_right(self._ends, number)
        return k < len(self._starts) and self._starts[k] <= number

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def __len__(self) -> int:
        """How many ranges, not how many numbers."""
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ranges({list(self)})"
