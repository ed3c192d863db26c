"""A simulated Sartorius balance, 220 g × 0.1 mg, that speaks SBI; the instrument of ``edge/examples/sbi.toml``.

Source: Sartorius, "Quintix, Secura, Practum" operating instructions, section 10.3: ``ESC P`` prints 16 characters,
sign, weight right-adjusted to column 10, unit in columns 12 to 14 and blank while the weight moves; ``High`` and
``Low`` when over- or underloaded; ``ESC T`` tares, ``ESC V`` zeroes, neither is answered. ``load 50`` puts 50 g on
the pan; ``drift``: the zero creeps by 0.5 mg/s.
"""

import random

from edge.simulators.device import Device, Ramp

CAPACITY_G = 220.0
SETTLE_S = 0.3
STILL_G = 0.0006
DRIFT_G_S = 0.0005
ESCAPE = b"\x1b"


class SbiDevice(Device):
    """One pan; without commands it is asked by ``ESC P`` only."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self._pan = Ramp(20.0, SETTLE_S)
        self._tare = self._creep = 0.0
        self._at: float | None = None

    def answer(self, line: bytes, now: float) -> list[bytes]:
        self._advance(now)
        match line.strip():
            case b"\x1bP":
                return [self._print()]
            case b"\x1bT" | b"\x1bV":
                self._tare = self._pan.value + self._creep
        return []  # what it does not know it does not answer

    def tell(self, word: str, argument: str) -> bool:
        if word != "load":
            return False
        self._pan.target = float(argument)
        return True

    def _print(self) -> bytes:
        gross = self._pan.value
        if not -2.0 < gross < CAPACITY_G:
            return (b"High" if gross > 0 else b"Low").rjust(10).ljust(14)
        net = gross + self._creep - self._tare + self._rng.gauss(0, 0.00005)
        moving = abs(self._pan.target - gross) > STILL_G
        return b"%s%9.4f %s" % (b"-" if net < 0 else b"+", abs(net), b"   " if moving else b"g  ")

    def _advance(self, now: float) -> None:
        if self._at is not None and self.drifting:
            self._creep += DRIFT_G_S * (now - self._at)
        self._at = now
        self._pan.at(now)
