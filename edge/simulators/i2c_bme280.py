"""A simulated BME280 (sources: ``edge.instruments.bme280``). ``id 58`` makes it a BMP280, ``trim 5`` another BME280.

Its raw counts are looked for so that the driver's compensation gives the room's values: the formulas themselves are
held to published figures in the driver's tests.
"""

from collections.abc import Callable

from edge.instruments import bme280
from edge.simulators.i2c_chip import Chip, NotAcknowledged, Room, filled

_LOW = bytes.fromhex("6c6e77663200a89227d5d00b6f18cafff9ffac260ad8bd10004b")
_HIGH = bytes.fromhex("650100140b001e")
_DATA_AT_RESET = bytes.fromhex("800000 800000 8000")


class Bme280Chip(Chip):
    """Registers; a forced measurement writes the data registers once its time is over."""

    def __init__(self, room: Room) -> None:
        self.id = bme280.CHIP
        self.low = _LOW
        super().__init__(room)

    def power_on(self) -> None:
        self._registers = bytearray(256)
        self._registers[bme280.ID] = self.id
        self._registers[bme280.TRIM_LOW : bme280.TRIM_LOW + len(self.low)] = self.low
        self._registers[bme280.TRIM_HIGH : bme280.TRIM_HIGH + len(_HIGH)] = _HIGH
        self._registers[bme280.DATA : bme280.DATA + 8] = _DATA_AT_RESET
        self._pointer = 0
        self._ready_at: float | None = None

    def write(self, data: bytes, now: float) -> None:
        self._pointer = data[0]
        for register, value in zip(data[::2], data[1::2], strict=False):  # pairs, section 6.2.1
            if register not in (bme280.CTRL_HUM, bme280.CTRL_MEAS, bme280.CONFIG):
                raise NotAcknowledged
            self._registers[register] = value
            if register == bme280.CTRL_MEAS and value & 3 == bme280.FORCED:
                self._ready_at = now + bme280.measuring_s(2 ** max(0, (value >> 5) - 1)) * 0.9

    def read(self, count: int, now: float) -> bytes:
        if self._ready_at is not None and now >= self._ready_at:
            self._measure(now)
        self._registers[bme280.STATUS] = bme280.MEASURING if self._ready_at is not None else 0
        return filled(bytes(self._registers[self._pointer : self._pointer + count]), count)

    def tell(self, word: str, argument: str) -> bool:
        if word == "id":
            self.id = int(argument, 16)
        elif word == "trim":
            self.low = bytes([_LOW[0] ^ int(argument) & 0xFF]) + _LOW[1:]
        else:
            return False
        self.power_on()
        return True

    def _measure(self, now: float) -> None:
        """Section 5.4.5: back to sleep, the data registers filled."""
        self._ready_at = None
        self._registers[bme280.CTRL_MEAS] &= ~3
        trim = bme280.trimming(self.low, _HIGH)
        room = self.room
        t = _raw(lambda raw: bme280.fine_temperature(raw, trim) / 5120, room.celsius(now), 20)
        fine = bme280.fine_temperature(t, trim)
        p = _raw(lambda raw: -(bme280.pressure(raw, fine, trim) or 0.0), -room.hectopascal(now), 20)
        h = _raw(lambda raw: bme280.humidity(raw, fine, trim), room.percent(now), 16)
        data = (p << 4).to_bytes(3, "big") + (t << 4).to_bytes(3, "big") + h.to_bytes(2, "big")
        self._registers[bme280.DATA : bme280.DATA + 8] = data


def _raw(value_of: Callable[[int], float], wanted: float, bits: int) -> int:
    """The count whose value is ``wanted``, by halving: the formulas rise with the count."""
    low, high = 0, 2**bits - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if value_of(middle) < wanted else (low, middle)
    return low
