"""A simulated calibration bath with a Pt100 under test and a reference thermometer in it; lines end with \\n.

``READ?`` answers Pt100, reference, room temperature, room humidity and set point; ``SET 40`` sets it. Knobs: ``set``,
``tau`` (seconds), ``noise`` (K), ``offset`` (K) and ``gain`` of the Pt100, ``room`` (°C). ``drift``: the Pt100 drifts.
"""

import random
import re

from edge.simulators.device import Device, Ramp

ROOM_C = 21.4
HUMIDITY = 46.0
TAU_S = 30.0
NOISE_K = 0.0015
OFFSET_K = 0.062
GAIN = 0.0006
DRIFT_K_S = 0.002
COLDEST_C, HOTTEST_C = -40.0, 160.0
_SET = re.compile(rb"SET +([+-]?\d+(?:\.\d+)?)")


class BathDevice(Device):
    """First-order; both thermometers sit in the same water, each adds its own noise."""

    end = b"\n"
    line_end = b"\n"

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self._bath = Ramp(20.0, TAU_S)
        self._drift = 0.0
        self._at: float | None = None
        self.knobs = {"noise": NOISE_K, "offset": OFFSET_K, "gain": GAIN, "room": ROOM_C}

    def answer(self, line: bytes, now: float) -> list[bytes]:
        self._advance(now)
        text = line.strip()
        if found := _SET.fullmatch(text):
            return [b"OK" if self._set(float(found[1])) else b"ERR out of range"]
        return [self._readings()] if text == b"READ?" else [b"ERR unknown"]

    def tick(self, now: float) -> list[bytes]:
        self._advance(now)
        return []

    def tell(self, word: str, argument: str) -> bool:
        value = float(argument)
        if word == "set":
            return self._set(value)
        if word == "tau" and value > 0:
            self._bath = self._with_tau(value)
        elif word in self.knobs:
            self.knobs[word] = value
        else:
            return False
        return True

    def _set(self, value: float) -> bool:
        if not COLDEST_C <= value <= HOTTEST_C:
            return False
        self._bath.target = value
        return True

    def _readings(self) -> bytes:
        true, k = self._bath.value, self.knobs
        pt100 = true * (1 + k["gain"]) + k["offset"] + self._drift + self._rng.gauss(0, k["noise"])
        reference = true + self._rng.gauss(0, k["noise"] / 3)
        room = k["room"] + self._rng.gauss(0, 0.02)
        humidity = HUMIDITY + self._rng.gauss(0, 0.1)
        return b"%.3f;%.4f;%.1f;%.0f;%.2f" % (pt100, reference, room, humidity, self._bath.target)

    def _advance(self, now: float) -> None:
        if self._at is not None and self.drifting:
            self._drift += DRIFT_K_S * (now - self._at)
        self._at = now
        self._bath.at(now)

    def _with_tau(self, tau_s: float) -> Ramp:
        fresh = Ramp(self._bath.value, tau_s)
        fresh.target = self._bath.target
        if self._at is not None:
            fresh.at(self._at)
        return fresh
