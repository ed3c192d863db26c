"""What waits for one client: bounded, and it is clear what goes first and what is dropped.

Control messages go first and are never dropped: a client for which they pile up is closed. Latest values wait once
per channel, the newest wins. Sample frames wait in a queue that drops its oldest and counts them. So a slow client
loses its own oldest samples, is told how many, and nobody else notices.
"""

from collections import deque
from collections.abc import Mapping

from bridge_ws.ops import Latest

Frame = bytes | str
"""Binary samples, or one JSON message for a plain client."""


class Outbox:
    """The queues of one client."""

    def __init__(
        self,
        *,
        most_control: int = 5000,
        most_control_bytes: int = 8 * 1024 * 1024,
        most_frames: int = 40,
        most_messages: int = 2000,
        most_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self._most_control = most_control
        self._most_control_bytes = most_control_bytes
        self._most_bytes = most_bytes
        self._capacity = most_messages
        self._frame_weight = max(1, most_messages // most_frames)
        self._control: deque[str] = deque()
        self._control_bytes = 0
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._weight = 0
        self._values: dict[int, Latest] = {}
        self.overflowed = False
        self.dropped = 0
        self._dropped_told = 0

    def __bool__(self) -> bool:
        return bool(self._control or self._frames or self._values or self.dropped != self._dropped_told)

    @property
    def waiting_bytes(self) -> int:
        return self._bytes + self._control_bytes

    def control(self, text: str) -> None:
        """Queue a message that must not get lost. When the queue is full the client is to be closed."""
        if len(self._control) >= self._most_control or self._control_bytes + len(text) > self._most_control_bytes:
            self.overflowed = True
            return
        self._control.append(text)
        self._control_bytes += len(text)

    def values(self, update: Mapping[int, Latest]) -> None:
        """Queue latest values; a newer one of the same channel replaces the one that waits."""
        self._values.update(update)

    def frame(self, frame: Frame) -> None:
        """Queue samples, dropping the oldest ones when there is no room."""
        self._frames.append(frame)
        self._bytes += len(frame)
        self._weight += self._weigh(frame)
        while len(self._frames) > 1 and (self._weight > self._capacity or self._bytes > self._most_bytes):
            self._pop_frame()
            self.dropped += 1

    def next_control(self) -> str | None:
        if not self._control:
            return None
        text = self._control.popleft()
        self._control_bytes -= len(text)
        return text

    def take_values(self) -> dict[int, Latest]:
        """All latest values that wait."""
        values, self._values = self._values, {}
        return values

    def next_frame(self) -> Frame | None:
        return self._pop_frame() if self._frames else None

    def take_lag(self) -> int:
        """Frames dropped since this was last asked."""
        lag, self._dropped_told = self.dropped - self._dropped_told, self.dropped
        return lag

    def _pop_frame(self) -> Frame:
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        self._weight -= self._weigh(frame)
        return frame

    def _weigh(self, frame: Frame) -> int:
        return self._frame_weight if isinstance(frame, bytes) else 1
