"""A simulated overhead stirrer with heated bath that speaks NAMUR commands (see ``edge.instruments.namur``).

It starts stirring at 300 1/min. ``drift``: the sample thickens, so that the torque grows.
"""

import random
import re

from edge.simulators.device import Device, Ramp

NAME = b"EUROSTAR 60 digital"
SPIN_UP_S = 1.6
HEAT_UP_S = 90.0
ROOM_C = 22.4
THICKEN_PER_S = 0.01
_SET = re.compile(rb"OUT_SP_([14]) +(\d+(?:\.\d+)?)")


class StirrerDevice(Device):
    """Motor with inertia, torque from viscosity and acceleration, a bath that warms slowly."""

    def __init__(self, rng: random.Random, speed: float = 300.0) -> None:
        super().__init__()
        self._rng = rng
        self._speed = Ramp(0.0, SPIN_UP_S)
        self._bath = Ramp(ROOM_C, HEAT_UP_S)
        self._set = {4: speed, 1: 40.0}
        self._on = {4: True, 1: False}
        self._viscosity = 1.0
        self._at: float | None = None

    def answer(self, line: bytes, now: float) -> list[bytes]:
        self._advance(now)
        text = line.strip()
        if found := _SET.fullmatch(text):
            self._set[int(found[1])] = round(float(found[2]), 1)
            return []
        match text:
            case b"START_4" | b"STOP_4" | b"START_1" | b"STOP_1":
                self._on[int(text[-1:])] = text.startswith(b"START")
                return []
            case b"RESET":
                self._on = {4: False, 1: False}
                return []
            case b"IN_NAME":
                return [NAME]
            case b"IN_SP_4" | b"IN_SP_1":
                return [b"%.1f %s" % (self._set[int(text[-1:])], text[-1:])]
            case b"IN_PV_1" | b"IN_PV_2" | b"IN_PV_4" | b"IN_PV_5":
                return [b"%.1f %s" % (self._actual(int(text[-1:])), text[-1:])]
        return []  # these devices do not answer what they do not know

    def tick(self, now: float) -> list[bytes]:
        self._advance(now)
        return []

    def _actual(self, channel: int) -> float:
        match channel:
            case 4:
                return max(0.0, self._speed.value + self._rng.gauss(0, 0.6) * (self._speed.value > 1))
            case 5:
                return max(0.0, self._torque() + self._rng.gauss(0, 0.08))
            case 1:
                return self._bath.value - 0.8 + self._rng.gauss(0, 0.03)
        return self._bath.value + self._rng.gauss(0, 0.03)

    def _torque(self) -> float:
        """N·cm: friction, viscous drag, and what accelerates the motor."""
        speed = self._speed.value
        friction = 0.9 if speed > 1 else 0.0
        accelerating = max(0.0, self._speed.target - speed) / SPIN_UP_S * 0.02
        return friction + self._viscosity * (0.012 * speed + 8e-6 * speed * speed) + accelerating

    def _advance(self, now: float) -> None:
        if self._at is not None and self.drifting:
            self._viscosity *= 1 + THICKEN_PER_S * (now - self._at)
        self._at = now
        self._speed.target = self._set[4] if self._on[4] else 0.0
        self._bath.target = self._set[1] if self._on[1] else ROOM_C
        self._speed.at(now)
        self._bath.at(now)
