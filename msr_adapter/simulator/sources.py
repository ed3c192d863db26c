"""Where the samples of a signal come from. A source gives the memory image of any cycles of its task's window."""

import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Protocol


class Source(Protocol):
    """One signal's samples."""

    def take(self, cycles: range) -> bytes:
        """The samples of these cycles, one after the other."""


class Counter:
    """Counts cycles without end, in steps of ``factor`` from ``offset``; a vector counts through its elements.

    The value alone tells the cycle, so a lost, doubled or exchanged sample shows.
    """

    def __init__(self, code: str, count: int = 1, offset: int = 0, factor: int = 1) -> None:
        self._code, self._count, self._offset, self._factor = code, count, offset, factor

    def take(self, cycles: range) -> bytes:
        return array(self._code, self._numbers(cycles)).tobytes()

    def _numbers(self, cycles: range) -> Iterable[int]:
        width = self._count * self._factor
        start, stop = cycles.start * width + self._offset, cycles.stop * width + self._offset
        if self._count == 1:
            return range(start, stop, cycles.step * self._factor)
        if cycles.step == 1:
            return range(start, stop, self._factor)
        first = range(start, stop, cycles.step * width)
        return chain.from_iterable(range(n, n + width, self._factor) for n in first)


class Table:
    """Goes round a table of elements; each sample of a vector takes the next ``count``."""

    def __init__(self, code: str, values: Sequence[float], count: int = 1) -> None:
        self._image = struct.pack(f"<{len(values)}{code}", *values)
        self._size = struct.calcsize(code)
        self._count, self._length = count, len(values)

    def take(self, cycles: range) -> bytes:
        if cycles.step == 1:
            return self._run(cycles.start, len(cycles))
        return b"".join([self._run(c, 1) for c in cycles])

    def _run(self, cycle: int, samples: int) -> bytes:
        first = cycle * self._count % self._length
        end = first + samples * self._count
        turns = end // self._length + 1
        image = self._image if turns == 1 else self._image * turns
        return image[first * self._size : end * self._size]


class Held:
    """A value that something else changes; the same through a whole window."""

    def __init__(self, image: bytes) -> None:
        self.image = image

    def take(self, cycles: range) -> bytes:
        return self.image * len(cycles)


class Computed:
    """A double that ``value(cycle)`` computes."""

    def __init__(self, value: Callable[[int], float]) -> None:
        self._value = value

    def take(self, cycles: range) -> bytes:
        return array("d", map(self._value, cycles)).tobytes()


class History:
    """The samples of the present window, written by a model that must be stepped."""

    def __init__(self, code: str) -> None:
        self._packer = struct.Struct("<" + code)
        self._first = 0
        self._image = bytearray()

    def begin(self, first: int) -> None:
        """A new window: what was before goes."""
        self._first = first
        self._image.clear()

    def put(self, *values: float) -> None:
        self._image += self._packer.pack(*values)

    def take(self, cycles: range) -> bytes:
        size, start = self._packer.size, cycles.start - self._first
        if cycles.step == 1:
            return bytes(self._image[start * size : (start + len(cycles)) * size])
        places = ((c - self._first) * size for c in cycles)
        return b"".join([self._image[p : p + size] for p in places])
