"""Computed numbers as numerals of a document: the core's rounding, never a binary one."""

import math
from decimal import Decimal

from calibration.exact import exact
from calibration.rounding import Printed, plain, printed, round_to, round_u

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def alongside(value: float, beside: Printed) -> str:
    """``value`` with the last place of a printed uncertainty."""
    place = Decimal(beside.U)
    return plain(round_to(value, place)) if place else plain(exact(value))


def rounded(value: float, place: str) -> str:
    """``value`` to the last place of ``place``, such as 0.01."""
    return plain(round_to(value, Decimal(place)))


def uncertain(u: float, digits: int = 2) -> str:
    """A standard uncertainty to ``digits`` significant digits; a long row of zeros as a power of ten."""
    return powered(round_u(u, digits)) if u else "0"


def powered(value: Decimal) -> str:
    """Without an exponent, or as 1.2·10⁻⁷ where that would be long."""
    text = plain(value)
    if not value or (value.adjusted() > -6 and len(text) <= 12):
        return text
    exponent = value.adjusted()
    return f"{plain(value.scaleb(-exponent))}·10{str(exponent).translate(_SUPERSCRIPT)}"


def coefficient(b: float, u: float) -> tuple[str, str]:
    """A coefficient and its standard uncertainty: four digits of u, so that who computes with it loses nothing."""
    if not u:
        return powered(exact(b)), "0"
    found = printed(b, u, digits=4)
    return powered(Decimal(found.y)), powered(round_u(u))


def degrees(nu: float) -> str:
    """Degrees of freedom: whole, rounded down."""
    return "∞" if math.isinf(nu) or nu > 1000 else str(math.floor(nu))


def percent(share: float, place: str = "0.1") -> str:
    """A share in per cent."""
    return rounded(100 * share, place)


def probability(p: float) -> str:
    """A probability in per cent; what rounds to 0 or 100 says on which side it is."""
    if p > 0.9999:
        return "> 99.99"
    return "< 0.01" if p < 0.0001 else percent(p, "0.01")
