"""Late rows reach the pages as one hint per instrument: fetch these buckets again.

The hint waits a second after the first late block, so that the logger has stored it and many blocks make one hint.
"""

from collections.abc import Iterator
from typing import NamedTuple

WAIT_MS = 1000


class Hint(NamedTuple):
    """Rows of ``instrument`` between these times (ms) came late."""

    instrument: str
    from_ms: int
    to_ms: int


class Backfill:
    """Gathers late ranges per instrument."""

    def __init__(self, wait_ms: float = WAIT_MS) -> None:
        self._wait_ms = wait_ms
        self._open: dict[str, tuple[float, int, int]] = {}

    def late(self, instrument: str, from_ms: float, to_ms: float, now_ms: float) -> None:
        """Rows from ``from_ms`` to ``to_ms`` arrived late at ``now_ms``."""
        first, low, high = self._open.get(instrument, (now_ms, int(from_ms), int(to_ms)))
        self._open[instrument] = (first, min(low, int(from_ms)), max(high, int(to_ms) + 1))

    def due(self, now_ms: float) -> Iterator[Hint]:
        """Hand out what has waited long enough."""
        for instrument, (first, low, high) in list(self._open.items()):
            if now_ms - first >= self._wait_ms:
                del self._open[instrument]
                yield Hint(instrument, low, high)

    def next_due_ms(self) -> float | None:
        return min((first + self._wait_ms for first, _, _ in self._open.values()), default=None)
