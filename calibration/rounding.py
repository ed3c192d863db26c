"""Numbers as they are printed: U to two digits, y to the same last place, always in decimal.

Decisions never use these [GUM 7.2.6, EA-4/02 6.3].
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal

from calibration.exact import CalculationError, Number, arithmetic, exact

Mode = Literal["half", "ceil"]
_WIDE = Context(prec=800)
"""Any double to any double's last place."""
_LOSS = Decimal("0.05")
_COMMON_SENSE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Printed:
    """Decimal strings with the same last place."""

    y: str
    U: str


def round_u(u: Number, digits: int = 2, mode: Mode = "half") -> Decimal:
    """An uncertainty to ``digits`` significant digits, half away from zero.

    Rounded up instead where rounding down would lose more than 5 %; in mode ``ceil`` more than 1 % (10.47 → 11, 28.05
    → 28). Raises CalculationError for a negative one or less than a digit.
    """
    value = exact(u)
    if value < 0 or digits < 1:
        raise CalculationError(f"{u} cannot be rounded to {digits} digits as an uncertainty")
    if not value:
        return Decimal(0)
    with arithmetic():
        return _whole_digits(value, digits, _COMMON_SENSE if mode == "ceil" else _LOSS)


def _whole_digits(value: Decimal, digits: int, loss: Decimal) -> Decimal:
    place = Decimal(1).scaleb(value.adjusted() - digits + 1)
    rounded = value.quantize(place, ROUND_HALF_UP)
    if value - rounded > loss * value:
        rounded = value.quantize(place, ROUND_CEILING)
    # 0.0996 becomes 0.10, not 0.100.
    return rounded.quantize(place.scaleb(1)) if rounded.adjusted() > value.adjusted() else rounded


def round_to(y: Number, place: Decimal) -> Decimal:
    """``y`` to the last place of ``place``, half away from zero; never a negative zero."""
    with localcontext(_WIDE):
        rounded = exact(y).quantize(Decimal(1).scaleb(int(place.as_tuple().exponent)), ROUND_HALF_UP)
        return rounded if rounded else abs(rounded)


def printed(y: Number, u: Number, digits: int = 2, mode: Mode = "half") -> Printed:
    """Result and uncertainty as they stand in a certificate."""
    uncertainty = round_u(u, digits, mode)
    return Printed(plain(round_to(y, uncertainty)) if uncertainty else plain(exact(y)), plain(uncertainty))


def concise(y: Number, u: Number, digits: int = 2, mode: Mode = "half") -> str:
    """10.058(27): the uncertainty in units of the last place. Above the decimal point it is written out: 1230(40)."""
    uncertainty = round_u(u, digits, mode)
    if not uncertainty:
        return plain(exact(y))
    exponent = int(uncertainty.as_tuple().exponent)
    inside = str(int(uncertainty.scaleb(-exponent))) if exponent < 0 else plain(uncertainty)
    return f"{plain(round_to(y, uncertainty))}({inside})"


def plain(value: Decimal) -> str:
    """Without an exponent."""
    return f"{value:f}"
