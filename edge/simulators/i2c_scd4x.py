"""A simulated SCD41 (see ``edge.instruments.scd4x`` for the sources). Knobs: ``serial``, ``every`` (seconds)."""

from edge.instruments import scd4x
from edge.instruments.sensirion import FULL_SCALE, with_crc
from edge.simulators.i2c_chip import Chip, NotAcknowledged, Room, filled

SCD41 = 1 << 12


class Scd4xChip(Chip):
    """Periodic measurement; while it measures it takes only what table 9 allows. ``writes`` are all commands taken."""

    def __init__(self, room: Room, serial: str) -> None:
        self.serial = serial
        self.every_s = 5.0
        self.writes: list[int] = []
        super().__init__(room)

    def power_on(self) -> None:
        self._since: float | None = None
        self._fetched = 0
        self._busy_until = 0.0
        self._answer = b""

    def write(self, data: bytes, now: float) -> None:
        code = int.from_bytes(data[:2], "big")
        if now < self._busy_until:
            raise NotAcknowledged
        self._answer = b""
        self.writes.append(code)
        if code == scd4x.STOP:
            self._since, self._busy_until = None, now + scd4x.STOPS_S * 0.9
        elif code == scd4x.READY:
            self._answer = with_crc([0x8000 | (6 if self._waiting(now) else 0)])
        elif code == scd4x.READ and self._waiting(now):
            self._fetched = self._count(now)
            self._answer = self._measured(now)
        elif self._since is None:
            self._idle(code, now)
        else:
            raise NotAcknowledged

    def _idle(self, code: int, now: float) -> None:
        match code:
            case scd4x.START | scd4x.START_LOW_POWER:
                self._since, self._fetched = now, 0
            case scd4x.SERIAL:
                self._answer = with_crc(int(self.serial[k : k + 4], 16) for k in (0, 4, 8))
            case scd4x.VARIANT:
                self._answer = with_crc([SCD41])
            case _:
                raise NotAcknowledged

    def read(self, count: int, now: float) -> bytes:
        if not self._answer:
            raise NotAcknowledged
        answer, self._answer = self._answer, b""
        return filled(answer, count)

    def tell(self, word: str, argument: str) -> bool:
        if word == "serial" and len(argument) == 12:
            self.serial = f"{int(argument, 16):012x}"
            return True
        if word == "every" and float(argument) > 0:
            self.every_s = float(argument)
            return True
        return False

    def _count(self, now: float) -> int:
        return 0 if self._since is None else int((now - self._since) / self.every_s)

    def _waiting(self, now: float) -> bool:
        return self._count(now) > self._fetched

    def _measured(self, now: float) -> bytes:
        t = (self.room.celsius(now) + 45) / 175 * FULL_SCALE
        h = self.room.percent(now) / 100 * FULL_SCALE
        return with_crc([round(self.room.ppm(now)), round(t), round(h)])
