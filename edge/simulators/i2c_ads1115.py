"""A simulated ADS1115 (see ``edge.instruments.ads1115`` for the sources). ``a0 1.25`` puts 1.25 V on input A0."""

from edge.instruments import ads1115
from edge.simulators.i2c_chip import Chip, Room, filled

POWER_ON_CONFIG = 0x8583


class Ads1115Chip(Chip):
    """Pointer, config and conversion register; ``volts`` on the four inputs."""

    def __init__(self, room: Room) -> None:
        self.volts = {"a0": 1.0, "a1": 0.5, "a2": 2.5, "a3": 0.0}
        self._conversion = 0
        super().__init__(room)

    def power_on(self) -> None:
        self.config = POWER_ON_CONFIG
        self._conversion = 0
        self._pointer = 0
        self._ready_at: float | None = None

    def write(self, data: bytes, now: float) -> None:
        self._pointer = data[0] & 3
        if self._pointer == ads1115.CONFIG and len(data) == 3:
            self.config = int.from_bytes(data[1:], "big")
            if self.config & ads1115.READY:
                self._ready_at = now + 1 / ads1115.RATES[self.config >> 5 & 7]

    def read(self, count: int, now: float) -> bytes:
        if self._ready_at is not None and now >= self._ready_at:
            self._ready_at = None
            self._conversion = self._convert()
        if self._pointer == ads1115.CONFIG:
            found = self.config & ~ads1115.READY | (ads1115.READY if self._ready_at is None else 0)
            return filled(found.to_bytes(2, "big"), count)
        return filled(self._conversion.to_bytes(2, "big", signed=True), count)

    def tell(self, word: str, argument: str) -> bool:
        if word not in self.volts:
            return False
        self.volts[word] = float(argument)
        return True

    def _convert(self) -> int:
        plus, _, minus = ads1115.PLACES[self.config >> 12 & 7].partition("-")
        volts = self.volts[plus] - (self.volts[minus] if minus else 0.0)
        full_scale = ads1115.FULL_SCALES_V[min(5, self.config >> 9 & 7)]
        return max(-(2**15), min(2**15 - 1, round(volts / full_scale * 2**15)))
