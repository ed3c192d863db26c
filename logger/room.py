"""How long the disk lasts at the present rate. Pure: instants are arguments, in seconds."""

from collections import deque

DAY_S = 86_400.0
LEAST_S = 600.0
"""A rate over less than this says nothing: pieces melt in bursts."""
EVERY_S = 60.0


class Forecast:
    """Remembers how much of the database was in use over the last day."""

    def __init__(self) -> None:
        self._used: deque[tuple[float, int]] = deque()

    def add(self, now: float, used_bytes: int) -> None:
        if self._used and now < self._used[-1][0]:
            self._used.clear()  # the clock was set back
        if not self._used or now - self._used[-1][0] >= EVERY_S:
            self._used.append((now, used_bytes))
        while self._used[0][0] < now - DAY_S:
            self._used.popleft()

    def bytes_per_day(self) -> float | None:
        """None while it is not known."""
        if not self._used:
            return None
        (begin, before), (end, after) = self._used[0], self._used[-1]
        return None if end - begin < LEAST_S else (after - before) / (end - begin) * DAY_S

    def days_left(self, free_bytes: int) -> float | None:
        """None while the rate is not known, and when nothing grows."""
        rate = self.bytes_per_day()
        return None if rate is None or rate <= 0 else round(free_bytes / rate, 1)
