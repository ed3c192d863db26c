"""A simulated SHT3x (see ``edge.instruments.sht3x`` for the sources). ``serial 01234567`` makes it another one."""

from edge.instruments import sht3x
from edge.instruments.sensirion import FULL_SCALE, with_crc
from edge.simulators.i2c_chip import Chip, NotAcknowledged, Room, filled

MEASURES_S = 0.0125
"""Typical, table 4; until then the read header is not acknowledged."""


class Sht3xChip(Chip):
    """Single shots without clock stretching, status, heater, serial number."""

    def __init__(self, room: Room, serial: str) -> None:
        self.serial = serial
        super().__init__(room)

    def power_on(self) -> None:
        self.status = sht3x.WAS_RESET
        self._answer = b""
        self._ready_at = 0.0

    def write(self, data: bytes, now: float) -> None:
        self._answer, self._ready_at = b"", now
        match int.from_bytes(data, "big"):
            case sht3x.MEASURE:
                self._answer, self._ready_at = self._measured(now), now + MEASURES_S
            case sht3x.STATUS:
                self._answer = with_crc([self.status])
            case sht3x.SERIAL:
                self._answer = with_crc([int(self.serial[:4], 16), int(self.serial[4:], 16)])
            case sht3x.CLEAR_STATUS:
                self.status &= ~sht3x.WAS_RESET
            case sht3x.HEATER_ON:
                self.status |= sht3x.HEATER
            case sht3x.HEATER_OFF:
                self.status &= ~sht3x.HEATER
            case sht3x.BREAK:
                return
            case _:
                raise NotAcknowledged

    def read(self, count: int, now: float) -> bytes:
        if not self._answer or now < self._ready_at:
            raise NotAcknowledged
        answer, self._answer = self._answer, b""
        return filled(answer, count)

    def tell(self, word: str, argument: str) -> bool:
        if word == "serial" and len(argument) == 8:
            self.serial = f"{int(argument, 16):08x}"
            return True
        if word == "heater" and argument in ("on", "off"):
            self.status = self.status & ~sht3x.HEATER | (sht3x.HEATER if argument == "on" else 0)
            return True
        return False

    def _measured(self, now: float) -> bytes:
        warm = 3.0 if self.status & sht3x.HEATER else 0.0
        t = (self.room.celsius(now) + warm + 45) / 175 * FULL_SCALE
        h = self.room.percent(now) / 100 * FULL_SCALE
        return with_crc([round(t), round(h)])
