"""What sensors ought to read: platinum resistances [IEC 60751] and pH electrodes [IUPAC]."""

import math
from typing import Literal

from calibration.exact import CalculationError

A, B, C = 3.9083e-3, -5.775e-7, -4.183e-12
GAS, FARADAY, ZERO_C = 8.314462618, 96485.33212, 273.15
PtClass = Literal["AA", "A", "B"]
_TOLERANCE: dict[PtClass, tuple[float, float]] = {"AA": (0.1, 0.0017), "A": (0.15, 0.002), "B": (0.30, 0.005)}
LOW, HIGH = -200.0, 850.0


def pt_resistance(t: float, r0: float = 100.0) -> float:
    """Ω at ``t`` °C, −200 to 850. Raises CalculationError outside."""
    if not LOW <= t <= HIGH:
        raise CalculationError(f"{t:g} °C is outside {LOW:g} to {HIGH:g} °C, where IEC 60751 holds")
    below = C * (t - 100) * t**3 if t < 0 else 0.0
    return r0 * (1 + A * t + B * t * t + below)


def pt_temperature(r: float, r0: float = 100.0) -> float:
    """°C at ``r`` Ω: the inverse, by Newton's method to the last digits. Raises CalculationError outside."""
    # The table's ends are rounded; a millikelvin beyond them still counts as the end.
    if not pt_resistance(LOW, r0) * 0.9999 <= r <= pt_resistance(HIGH, r0) * 1.0001:
        raise CalculationError(f"{r:g} Ω belongs to no temperature of IEC 60751")
    t = (r / r0 - 1) / A
    for _ in range(50):
        below = C * (t - 100) * t**3 if t < 0 else 0.0
        step = (r0 * (1 + A * t + B * t * t + below) - r) / pt_slope(t, r0)
        t -= step
        if abs(step) < 1e-12:
            break
    return t


def pt_slope(t: float, r0: float = 100.0) -> float:
    """dR/dt in Ω/K."""
    below = C * (4 * t**3 - 300 * t * t) if t < 0 else 0.0
    return r0 * (A + 2 * B * t + below)


def pt_tolerance(t: float, of: PtClass) -> float:
    """± K of a class."""
    fixed, share = _TOLERANCE[of]
    return fixed + share * abs(t)


def nernst(t: float) -> float:
    """The ideal slope of a pH electrode at ``t`` °C, in V per pH (positive)."""
    return GAS * (t + ZERO_C) * math.log(10) / FARADAY


def ph_slope_percent(slope_v: float, t: float) -> float:
    """A measured slope (V per pH, negative) in per cent of the ideal one."""
    return 100 * slope_v / -nernst(t)


def ph_offset(first: tuple[float, float], second: tuple[float, float], neutral: float = 7.0) -> tuple[float, float]:
    """(slope in V per pH, voltage at pH 7) from two buffers as (pH, V)."""
    if first[0] == second[0]:
        raise CalculationError("two different buffers are needed")
    slope = (second[1] - first[1]) / (second[0] - first[0])
    return slope, first[1] + slope * (neutral - first[0])
