"""Asking again for what is missing in the middle. Pure: instants are arguments, in seconds.

A sender sends its tail again by itself; a hole below something stored it cannot know of. Late blocks may be on their
way, so a hole is given time first, and again each time it has become smaller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from logger.ledger import Stream
from logger.store.writer import Hole

FIRST_WAIT_S = 5.0
MOST_WAIT_S = 60.0
PER_BOOK = 4
"""Holes of one numbering asked for at the same time."""

_Key = tuple[str, Stream, str, int]


@dataclass(slots=True)
class _Wait:
    size: int
    at: float
    wait: float


class Requests:
    """Remembers when each hole was last asked for."""

    def __init__(self) -> None:
        self._waits: dict[_Key, _Wait] = {}

    def due(self, now: float, holes: Iterable[Hole]) -> list[Hole]:
        """Which of the present holes to ask for now."""
        before, self._waits = self._waits, {}
        found = []
        for hole in _first_of_each(holes):
            key = (hole.source, hole.stream, hole.boot, hole.b)
            size = hole.b - hole.a
            known = before.get(key)
            if known is None or size < known.size:
                known = _Wait(size, now + FIRST_WAIT_S, FIRST_WAIT_S)
            elif now >= known.at:
                known.wait = min(2 * known.wait, MOST_WAIT_S)
                known.at = now + known.wait
                found.append(hole)
            self._waits[key] = known
        return found


def _first_of_each(holes: Iterable[Hole]) -> Iterator[Hole]:
    """The first PER_BOOK holes of each numbering."""
    counts: dict[tuple[str, Stream, str], int] = {}
    for hole in holes:
        book = (hole.source, hole.stream, hole.boot)
        counts[book] = counts.get(book, 0) + 1
        if counts[book] <= PER_BOOK:
            yield hole
