"""The last minute of samples in memory, from which a client that was away catches up."""

from collections import deque
from collections.abc import Iterator

from bridge_ws.samples import Chunk


class Rings:
    """One ring of chunks per instrument, bounded in age (s) and all together in bytes; the oldest go first."""

    def __init__(self, seconds: int = 60, most_bytes: int = 128 * 1024 * 1024) -> None:
        self.seconds = seconds
        self._most_bytes = most_bytes
        self._order: deque[Chunk] = deque()
        self._rings: dict[str, deque[Chunk]] = {}
        self._dropped: dict[str, float] = {}
        self.bytes = 0

    def add(self, chunk: Chunk) -> None:
        """Keep ``chunk``; chunks come in the order of their arrival."""
        self._order.append(chunk)
        self._rings.setdefault(chunk.instrument, deque()).append(chunk)
        self.bytes += chunk.size
        self.trim(chunk.arrived_ms)

    def trim(self, now_ms: float) -> None:
        """Let go of what is too old or too much."""
        while self._order and (
            self._order[0].arrived_ms < now_ms - self.seconds * 1000 or self.bytes > self._most_bytes
        ):
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        chunk = self._order.popleft()
        self.bytes -= chunk.size
        ring = self._rings.get(chunk.instrument)
        if ring and ring[0] is chunk:  # otherwise its instrument was forgotten meanwhile
            ring.popleft()
            self._dropped[chunk.instrument] = max(chunk.last_ms, self._dropped.get(chunk.instrument, 0.0))

    def since(self, instrument: str, since_ms: float) -> Iterator[Chunk]:
        """The chunks with something of ``since_ms`` or later."""
        for chunk in self._rings.get(instrument, ()):
            if chunk.newest_ms >= since_ms:
                yield chunk

    def covers_from(self, instrument: str, listening_since_ms: float) -> float:
        """The time (ms) from which on nothing of ``instrument`` is missing here."""
        return max(listening_since_ms, self._dropped.get(instrument, 0.0))

    def forget(self, instrument: str) -> None:
        """Serve nothing of ``instrument`` any more; its bytes go as they age."""
        self._rings.pop(instrument, None)
        self._dropped.pop(instrument, None)
