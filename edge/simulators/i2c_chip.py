"""What a simulated chip on an I²C bus is: it takes bytes and gives bytes. Pure: time and randomness are given."""

import math


class NotAcknowledged(Exception):
    """The chip does not acknowledge: it is busy, or does not know what it was told."""


class Room:
    """The air all chips on the bus measure; ``drift`` warms it."""

    def __init__(self) -> None:
        self.warmer = 0.0

    def celsius(self, now: float) -> float:
        return 21.4 + 0.6 * math.sin(now / 180) + self.warmer

    def percent(self, now: float) -> float:
        return 46.0 + 2.5 * math.sin(now / 240 + 1)

    def ppm(self, now: float) -> float:
        return 640.0 + 160 * math.sin(now / 420)

    def hectopascal(self, now: float) -> float:
        return 1008.2 + 0.3 * math.sin(now / 600)


class Chip:
    """One device. A transaction is ``write`` then ``read``, either may be missing."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.power_on()

    def power_on(self) -> None:
        """Forget everything that does not survive without power."""

    def write(self, data: bytes, now: float) -> None:
        """Take bytes. Raises NotAcknowledged."""
        raise NotAcknowledged

    def read(self, count: int, now: float) -> bytes:
        """Give bytes; 0xFF where the chip has nothing to say. Raises NotAcknowledged."""
        raise NotAcknowledged

    def tell(self, word: str, argument: str) -> bool:
        """A knob of its own. Whether it has such a knob."""
        return False


def filled(data: bytes, count: int) -> bytes:
    """What a master reads that clocks ``count`` bytes: beyond the chip's own the line stays high."""
    return data[:count].ljust(count, b"\xff")
