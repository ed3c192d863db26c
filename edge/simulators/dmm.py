"""A simulated bench multimeter that speaks SCPI lines; the instrument of ``edge/examples/multimeter.toml``.

It measures a 5 V reference with a little ripple. ``drift``: the reference rises by 1 mV/s.
"""

import random

from edge.simulators.device import Device

IDENTITY = b"labwire,DMM-60,SN0042,1.3"
OVERLOAD = b"+9.90000000E+37"
NO_ERROR = b'+0,"No error"'
RANGES_V = {"1": 1.0, "10": 10.0, "100": 100.0}
DRIFT_V_S = 0.001


class DmmDevice(Device):
    """Voltage, temperature, range, display; errors wait in a queue of one, as ``SYST:ERR?`` reads it."""

    line_end = b"\n"
    end = b"\n"

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self._range = "10"
        self._display = True
        self._error = NO_ERROR
        self._reference = 5.0
        self._at: float | None = None

    def answer(self, line: bytes, now: float) -> list[bytes]:
        self._advance(now)
        answers = [a for part in line.strip().split(b";") if (a := self._one(part.strip())) is not None]
        return [b";".join(answers)] if answers else []

    def tick(self, now: float) -> list[bytes]:
        self._advance(now)
        return []

    def _one(self, command: bytes) -> bytes | None:
        match command.upper():
            case b"*IDN?":
                return IDENTITY
            case b"MEAS:VOLT?":
                volts = self._reference + self._rng.gauss(0, 0.00008)
                return OVERLOAD if volts > RANGES_V[self._range] else b"%+.8E" % volts
            case b"MEAS:TEMP?":
                return b"%+.3f" % (23.4 + self._rng.gauss(0, 0.02))
            case b"VOLT:RANG?":
                return self._range.encode()
            case b"DISP?":
                return b"1" if self._display else b"0"
            case b"SYST:ERR?":
                error, self._error = self._error, NO_ERROR
                return error
        self._set(command)
        return None

    def _set(self, command: bytes) -> None:
        name, _, value = command.decode("ascii", "replace").partition(" ")
        if name.upper() == "VOLT:RANG" and value in RANGES_V:
            self._range = value
        elif name.upper() == "DISP" and value in ("0", "1", "ON", "OFF"):
            self._display = value in ("1", "ON")
        elif name.upper() in ("VOLT:RANG", "DISP"):
            self._error = b'-222,"Data out of range"'
        elif name != "*CLS":
            self._error = b'-113,"Undefined header"'

    def _advance(self, now: float) -> None:
        if self._at is not None and self.drifting:
            self._reference += DRIFT_V_S * (now - self._at)
        self._at = now
