"""A simulated bench power supply, 15 V × 7 A, that speaks SCPI; the instrument of ``edge/examples/psu.toml``.

Source: Keysight, "E3632A User's Guide", chapter 3: ``VOLT``, ``CURR``, ``OUTP``, ``MEAS:VOLT?``, ``MEAS:CURR?``,
``SYST:ERR?``, ``SYST:REM``, ``*IDN?`` (third field always 0), error -222 beyond the rating, -113 for what it does not
know. A resistor hangs on it: ``ohms 10``.
"""

import random
import re

from edge.simulators.device import Device

IDENTITY = b"HEWLETT-PACKARD,E3632A,0,1.1-5.0-1.0"
NO_ERROR = b'+0,"No error"'
LIMITS = {"VOLT": 15.45, "CURR": 7.21}
_SET = re.compile(r":?(VOLT|CURR) +([-+]?\d+(?:\.\d+)?)")


class PsuDevice(Device):
    """Constant voltage until the current limit; errors wait in a queue, oldest first."""

    end = b"\n"

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self._set = {"VOLT": 5.0, "CURR": 1.0}
        self._on = False
        self._ohms = 10.0
        self._errors: list[bytes] = []

    def answer(self, line: bytes, now: float) -> list[bytes]:
        parts = line.decode("ascii", "replace").strip().upper().split(";")
        answers = [a for part in parts if (a := self._one(part.strip().removeprefix(":"))) is not None]
        return [b";".join(answers)] if answers else []

    def tell(self, word: str, argument: str) -> bool:
        if word != "ohms" or float(argument) <= 0:
            return False
        self._ohms = float(argument)
        return True

    def _one(self, command: str) -> bytes | None:
        match command:
            case "*IDN?":
                return IDENTITY
            case "MEAS:VOLT?":
                return b"%+.8E" % (self._current() * self._ohms + self._rng.gauss(0, 0.0005))
            case "MEAS:CURR?":
                return b"%+.8E" % (self._current() + self._rng.gauss(0, 0.0002))
            case "VOLT?" | "CURR?":
                return b"%+.8E" % self._set[command[:4]]
            case "OUTP?":
                return b"1" if self._on else b"0"
            case "SYST:ERR?":
                return self._errors.pop(0) if self._errors else NO_ERROR
        self._order(command)
        return None

    def _order(self, command: str) -> None:
        found = _SET.fullmatch(command)
        if found and 0 <= float(found[2]) <= LIMITS[found[1]]:
            self._set[found[1]] = float(found[2])
        elif found:
            self._errors.append(b'-222,"Data out of range"')
        elif command in ("OUTP ON", "OUTP OFF"):
            self._on = command == "OUTP ON"
        elif command == "*CLS":
            self._errors.clear()
        elif command != "SYST:REM":
            self._errors.append(b'-113,"Undefined header"')

    def _current(self) -> float:
        return min(self._set["VOLT"] / self._ohms, self._set["CURR"]) if self._on else 0.0
