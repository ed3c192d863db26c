"""When each message is due: the record's clock, its speed, and pauses. Pure: instants are arguments, in seconds."""

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class Pace:
    """``speed`` times as fast as it was; inf: without waiting. ``start_ms`` is where the record begins."""

    speed: float
    start_ms: int
    _begun: float | None = None
    _paused_at: float | None = None

    def begin(self, now: float) -> None:
        self._begun = now

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    def toggle(self, now: float) -> None:
        """Pause, or go on; what was missed meanwhile is not made up for."""
        if self._paused_at is None:
            self._paused_at = now
        else:
            if self._begun is not None:
                self._begun += now - self._paused_at
            self._paused_at = None

    def wait_s(self, t_ms: int, now: float) -> float:
        """How long until a message of the record's ``t_ms`` is due; inf while paused."""
        if self._paused_at is not None:
            return inf
        if self.speed == inf or self._begun is None:
            return 0.0
        return max(0.0, self._begun + (t_ms - self.start_ms) / 1000 / self.speed - now)
