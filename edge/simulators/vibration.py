"""A simulated vibration sensor: a machine's rotation, its harmonics, mains hum and noise on three axes.

``drift``: a bearing wears, a tone at 71 Hz grows.
"""

import math
import random

from edge.instruments.vibration import COUNT_MS2, encode
from edge.simulators.device import Device

WEAR_MS2_S = 0.05
NOISE_MS2 = 0.06
_TONES = {  # (Hz, m/s², phase)
    0: ((12.5, 1.6, 0.0), (25.0, 0.5, 0.7), (50.0, 0.25, 0.2)),
    1: ((12.5, 1.2, 1.57), (37.5, 0.4, 0.1)),
    2: ((12.5, 0.3, 0.4), (50.0, 0.6, 1.1)),
}
_REST_MS2 = (0.0, 0.0, 9.81)


class VibrationDevice(Device):
    """Sends its frames by itself; takes no lines."""

    end = b""
    period_s = 0.005

    def __init__(self, rng: random.Random, rate_hz: int = 200) -> None:
        super().__init__()
        self._rng = rng
        self._rate = rate_hz
        self._start: float | None = None
        self._number = 0
        self._wear = 0.0

    def tick(self, now: float) -> list[bytes]:
        if self._start is None:
            self._start = now
        due = int((now - self._start) * self._rate) + 1
        numbers = range(self._number, max(due, self._number))
        self._number = max(due, self._number)
        return [encode(n, self._sample(n / self._rate)) for n in numbers]

    def resume(self, now: float) -> None:
        self.tick(now)

    def _sample(self, t: float) -> tuple[int, int, int]:
        if self.drifting:
            self._wear += WEAR_MS2_S / self._rate
        swell = 1 + 0.25 * math.sin(2 * math.pi * t / 17.0)
        x, y, z = (self._axis(axis, t, swell) for axis in range(3))
        return x, y, z

    def _axis(self, axis: int, t: float, swell: float) -> int:
        tones = sum(a * math.sin(2 * math.pi * f * t + p) for f, a, p in _TONES[axis])
        worn = self._wear * math.sin(2 * math.pi * 71.0 * t)
        value = _REST_MS2[axis] + swell * tones + worn + self._rng.gauss(0, NOISE_MS2)
        return max(-32767, min(32767, round(value / COUNT_MS2)))
