"""Whether this machine's clock can be trusted: a board without a battery starts somewhere in the past."""

import ctypes
import ctypes.util
from dataclasses import dataclass
from pathlib import Path

_STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


@dataclass(frozen=True, slots=True)
class ClockQuality:
    """``synchronised`` is None where the system does not say; ``error_ms`` is the kernel's own upper bound."""

    synchronised: bool | None
    error_ms: float | None
    has_battery: bool

    @property
    def trusted(self) -> bool:
        """False only where the kernel says it is not synchronised and nothing kept the time over a power cut."""
        return self.synchronised is not False or self.has_battery


def quality(root: Path = Path("/")) -> ClockQuality:
    """Ask the kernel. A machine without a device tree (no single-board computer) counts as having a battery."""
    has_battery = not (root / "proc/device-tree").exists() or any((root / "sys/class/rtc").glob("rtc*"))
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return ClockQuality(None, None, has_battery)
    timex = _Timex()
    if adjtimex(ctypes.byref(timex)) < 0:
        return ClockQuality(None, None, has_battery)
    return ClockQuality(not timex.status & _STA_UNSYNC, timex.maxerror / 1000, has_battery)
