"""Which instruments can be simulated, and how a word on the command line names one."""

import random
import re
from dataclasses import dataclass

from edge.simulators.balance import BalanceDevice
from edge.simulators.bath import BathDevice
from edge.simulators.counter import CounterDevice
from edge.simulators.device import Device
from edge.simulators.dmm import DmmDevice
from edge.simulators.psu import PsuDevice
from edge.simulators.sbi import SbiDevice
from edge.simulators.stirrer import StirrerDevice
from edge.simulators.vibration import VibrationDevice

I2C = "i2c"
"""A whole bus (``edge.simulators.i2c_bus``), not a device on a line of its own."""
KINDS = ("mt-sics", "namur", "vibration", "dmm", "bath", "counter", "sbi", "psu", I2C)
_DEFAULT_NAMES = {
    "mt-sics": "balance1",
    "namur": "stirrer1",
    "vibration": "vib1",
    "dmm": "dmm1",
    "bath": "bath1",
    "counter": "counter1",
    "sbi": "sartorius1",
    "psu": "psu1",
    I2C: "i2c1",
}
_WORD = re.compile(r"(?P<kind>[a-z0-9-]+)(?::(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*))?(?:@(?P<rate>\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One instrument to simulate; ``rate_hz`` 0: the kind's own."""

    kind: str
    name: str
    rate_hz: float = 0.0


def parse_word(word: str) -> Wanted:
    """``kind``, ``kind:name`` or ``kind:name@rate``. Raises ValueError with what was expected."""
    found = _WORD.fullmatch(word)
    if found is None or found["kind"] not in KINDS:
        raise ValueError(f"{word!r} was expected as kind, kind:name or counter:name@rate; kinds: {', '.join(KINDS)}")
    if found["rate"] and found["kind"] not in ("counter", "vibration"):
        raise ValueError(f"{word!r}: only counter and vibration have a rate")
    return Wanted(found["kind"], found["name"] or _DEFAULT_NAMES[found["kind"]], float(found["rate"] or 0))


def make_device(wanted: Wanted, rng: random.Random) -> Device:
    """The instrument itself, for any kind but ``i2c``."""
    match wanted.kind:
        case "mt-sics":
            return BalanceDevice(rng)
        case "namur":
            return StirrerDevice(rng)
        case "vibration":
            return VibrationDevice(rng, int(wanted.rate_hz) or 200)
        case "dmm":
            return DmmDevice(rng)
        case "bath":
            return BathDevice(rng)
        case "sbi":
            return SbiDevice(rng)
        case "psu":
            return PsuDevice(rng)
        case _:
            return CounterDevice(wanted.rate_hz)
