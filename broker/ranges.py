"""Sets of whole numbers kept as sorted ranges: which records are stored, wanted or missing."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """A set of whole numbers as disjoint, sorted half-open ranges [first, end)."""

    __slots__ = ("_ends", "_firsts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._ends: list[int] = []
        for first, end in ranges:
            self.add(first, end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._firsts, self._ends, strict=True)))

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __len__(self) -> int:
        """How many numbers are in the set."""
        return sum(self._ends) - sum(self._firsts)

    def __contains__(self, number: int) -> bool:
        return self.end_of(number) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ranges({list(self)})"

    def end_of(self, number: int) -> int | None:
        """The end of the range that ``number`` lies in; None when it lies in none."""
        k = bisect_right(self._firsts, number) - 1
        return self._ends[k] if k >= 0 and number < self._ends[k] else None

    def add(self, first: int, end: int) -> None:
        if first >= end:
            return
        low, high = bisect_left(self._ends, first), bisect_right(self._firsts, end)
        if low < high:
            first, end = min(first, self._firsts[low]), max(end, self._ends[high - 1])
        self._firsts[low:high] = [first]
        self._ends[low:high] = [end]

    def remove(self, first: int, end: int) -> None:
        if first >= end:
            return
        low, high = bisect_right(self._ends, first), bisect_left(self._firsts, end)
        if low >= high:
            return
        kept = [(self._firsts[low], first), (end, self._ends[high - 1])]
        kept = [(a, b) for a, b in kept if a < b]
        self._firsts[low:high] = [a for a, _ in kept]
        self._ends[low:high] = [b for _, b in kept]

    def update(self, other: Iterable[tuple[int, int]]) -> None:
        for first, end in other:
            self.add(first, end)

    def subtract(self, other: Iterable[tuple[int, int]]) -> None:
        for first, end in other:
            self.remove(first, end)

    def clear(self) -> None:
        self._firsts.clear()
        self._ends.clear()
