"""The standards of one point: their corrections interpolated, their uncertainties taken together."""

import math
from dataclasses import dataclass
from decimal import Decimal

from calibration.exact import CalculationError, arithmetic, exact
from calibration.record import CertificatePoint, Standard


@dataclass(frozen=True, slots=True)
class Reference:
    """One or more standards used together, as weights stacked on a balance.

    Standards of one set share their history, so their uncertainties are added, not squared [GUM 5.2.2, r = 1].
    """

    standards: tuple[Standard, ...]

    def corrected(self, x: str) -> Decimal:
        """The reference value: what was read or certified, and the certificate's correction at it."""
        value = exact(x)
        with arithmetic():
            return sum((exact(_interpolated(s, float(value), "correction")) for s in self.standards if s.points), value)

    def u(self, x: float) -> float:
        """The standard uncertainty at ``x``. Raises CalculationError outside a certificate's points."""
        return math.fsum(_expanded(s, x) / _k(s) for s in self.standards)


def _k(standard: Standard) -> float:
    k = float(exact(standard.k))
    if k <= 0:
        raise CalculationError(f"standard {standard.id}: the coverage factor is not positive")
    return k


def _expanded(standard: Standard, x: float) -> float:
    value = _interpolated(standard, x, "U") if standard.U is None else float(exact(standard.U))
    if value < 0:
        raise CalculationError(f"standard {standard.id}: an uncertainty is not negative")
    return value


def _interpolated(standard: Standard, x: float, field: str) -> float:
    """Between the two certified points beside ``x``; at a single one only there."""
    points = sorted(standard.points, key=lambda p: exact(p.x))
    places = [float(exact(p.x)) for p in points]
    # A reading scatters about its point: a thousandth of the range beyond the ends is still the end.
    slack = (places[-1] - places[0]) / 1000 if len(places) > 1 else abs(places[0]) / 1000
    if not places[0] - slack <= x <= places[-1] + slack:
        raise CalculationError(
            f"standard {standard.id} is certified from {places[0]:g} to {places[-1]:g}, not at {x:g}"
        )
    for low, high, a, b in zip(places, places[1:], points, points[1:], strict=False):
        if x <= high:
            share = min(1.0, max(0.0, (x - low) / (high - low)))
            return (1 - share) * _number(a, field) + share * _number(b, field)
    return _number(points[-1], field)


def _number(point: CertificatePoint, field: str) -> float:
    return float(exact(point.correction if field == "correction" else point.U))
