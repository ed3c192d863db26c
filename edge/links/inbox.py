"""The bytes that came over a line, with the instant each piece arrived. Pure: no socket, no clock."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamped:
    """Bytes and the instant their last byte arrived, µs since the epoch."""

    data: bytes
    t_us: int


class Inbox:
    """Bytes in arrival order, bounded: beyond ``limit`` the oldest are dropped and counted in ``dropped``."""

    def __init__(self, limit: int = 1 << 20) -> None:
        self._bytes = bytearray()
        self._marks: deque[tuple[int, int]] = deque()  # (end of the piece, counted from the start of the line; t_us)
        self._gone = 0
        self._limit = limit
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._bytes)

    def feed(self, data: bytes, t_us: int) -> None:
        """Append a piece that arrived at ``t_us``."""
        if not data:
            return
        self._bytes += data
        self._marks.append((self._gone + len(self._bytes), t_us))
        excess = len(self._bytes) - self._limit
        if excess > 0:
            self._cut(excess)
            self.dropped += excess

    def take_until(self, terminator: bytes) -> Stamped | None:
        """The bytes up to and including the first ``terminator``, or None while it has not come."""
        at = self._bytes.find(terminator)
        return None if at < 0 else self._take(at + len(terminator))

    def take_pieces(self) -> list[Stamped]:
        """Everything, piece by piece as it arrived."""
        pieces = []
        while self._bytes:
            pieces.append(self._take(self._marks[0][0] - self._gone))
        return pieces

    def clear(self) -> bytes:
        """Everything, without times."""
        data = bytes(self._bytes)
        self._cut(len(data))
        return data

    def _take(self, length: int) -> Stamped:
        data = bytes(self._bytes[:length])
        return Stamped(data, self._cut(length))

    def _cut(self, length: int) -> int:
        """Drop ``length`` bytes; the instant the last of them arrived."""
        if not length:
            return 0
        del self._bytes[:length]
        self._gone += length
        while self._marks[0][0] < self._gone:
            self._marks.popleft()
        end, t_us = self._marks[0]
        if end == self._gone:
            self._marks.popleft()
        return t_us
