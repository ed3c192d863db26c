"""Subscriptions to changes: a sample whenever the bytes differ from those last sent (protocol section 5.2)."""

from array import array

from msr_adapter.simulator.model import Signal
from msr_adapter.simulator.streams import Coding, frame
from msr_adapter.simulator.tasks import Task


class Change:
    """One channel. The comparison starts from zero bytes, so a value that is zero is not sent at first."""

    def __init__(self, task: Task, signal: Signal, group: int, distance: int, coding: Coding) -> None:
        self.task, self.signal, self.group = task, signal, group
        self._distance, self._coding = distance, coding
        self._last = bytes(signal.layout.size)
        self._from = task.end

    def skip(self) -> None:
        self._from = max(self._from, self.task.end)

    def look(self) -> list[tuple[int, bytes]]:
        """(cycle, text) of each change in this window."""
        found = []
        first = max(self._from, self.task.first)
        if first < self.task.end:
            image = self.signal.source.take(range(first, self.task.end))
            while (cycle := self._next(image, first)) is not None:
                found.append((cycle, self._coding.text(self.signal, self._last)))
        return found

    def _next(self, image: bytes, first: int) -> int | None:
        size = self.signal.layout.size
        rest = image[(max(self._from, first) - first) * size :]
        if rest == self._last * (len(rest) // size):
            return None
        for cycle in range(max(self._from, first), self.task.end):
            now = image[(cycle - first) * size : (cycle - first + 1) * size]
            if now != self._last:
                self._last, self._from = now, cycle + self._distance
                return cycle
        return None


def change_frames(changes: list[Change]) -> list[bytes]:
    """The frames of this window: channels that change in one cycle share one."""
    together: dict[tuple[int, int, int], list[tuple[int, bytes]]] = {}
    stamps: dict[int, Task] = {}
    for change in changes:
        stamps[change.task.index] = change.task
        for cycle, text in change.look():
            together.setdefault((change.task.index, cycle, change.group), []).append((change.signal.index, text))
    made = []
    for (task, cycle, group), columns in sorted(together.items()):
        stamp: array[int] = stamps[task].stamps_of(range(cycle, cycle + 1))
        made.append(frame(group, stamp, b"E", columns))
    return made
