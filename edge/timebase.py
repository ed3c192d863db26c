"""The clock of a device that numbers its samples: from jittery arrivals to even times. Pure."""

JUMP_US = 500_000
"""Later than this against the estimate, the device has counted anew or the computer's clock was set: begin again."""
DRIFT = 300e-6
"""How much faster or slower than its rate a device may run: crystals stay within 100 ppm, RC clocks do not."""


class Timebase:
    """Sample ``n`` was taken at offset + n · dt; the offset is the earliest arrival seen, slowly forgotten.

    A sample never arrives early, it only arrives late, by the line's and the system's delays. So the lower edge of
    (arrival − n · dt) is the device's clock, apart from a constant. It may rise by DRIFT, so that a device that runs
    slow is followed. All in µs.
    """

    def __init__(self, dt_us: int) -> None:
        self.dt_us = dt_us
        self._offset: float | None = None
        self._last = 0

    def arrived(self, number: int, t_us: int) -> None:
        """Sample ``number`` (0, 1, …, not wrapping) arrived at ``t_us``."""
        seen = t_us - number * self.dt_us
        risen = seen if self._offset is None else self._offset + (number - self._last) * self.dt_us * DRIFT
        self._offset = seen if seen - risen > JUMP_US else min(seen, risen)
        self._last = number

    def time_us(self, number: int) -> int:
        """When sample ``number`` was taken, µs since the epoch. After the first ``arrived`` only."""
        return round((self._offset or 0.0) + number * self.dt_us)
