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
            return sum((_interpolated(s, value, "correction") for s in self.standards if s.points), value)

    def u(self, x: float) -> float:
        """The standard uncertainty at ``x``. Raises CalculationError outside a certificate's points."""
        with arithmetic():
            return math.fsum(_expanded(s, exact(x)) / _k(s) for s in self.standards)


def _k(standard: Standard) -> float:
    k = float(exact(standard.k))
    if k <= 0:
        raise CalculationError(f"standard {standard.id}: the coverage factor is not positive")
    return k


def _expanded(standard: Standard, x: Decimal) -> float:
    value = _interpolated(standard, x, "U") if standard.U is None else exact(standard.U)
    if value < 0:
        raise CalculationError(f"standard {standard.id}: an uncertainty is not negative")
    return float(value)


def _interpolated(standard: Standard, x: Decimal, field: str) -> Decimal:
    """Between the two certified points beside ``x``; at a single one only there."""
    points = sorted(standard.points, key=lambda p: exact(p.x))
    places = [exact(p.x) for p in points]
    # A reading scatters about its point: a thousandth of the range beyond the ends is still the end.
    slack = (places[-1] - places[0] or abs(places[0])) / 1000
    if not places[0] - slack <= x <= places[-1] + slack:
        raise CalculationError(f"standard {standard.id} is certified from {places[0]} to {places[-1]}, not at {x}")
    for low, high, a, b in zip(places, places[1:], points, points[1:], strict=False):
        if x <= high:
            share = max(Decimal(), (x - low) / (high - low))
            return (1 - share) * _number(a, field) + share * _number(b, field)
    return _number(points[-1], field)


def _number(point: CertificatePoint, field: str) -> Decimal:
    return exact(point.correction if field == "correction" else point.U)
