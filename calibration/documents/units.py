"""Units as D-SI macros: °C is \\degreecelsius, g/min is \\gram\\minute\\tothe{-1}.

A unit is a product of symbols with prefixes and exponents, divided by ``/``. What is neither of the SI nor used with it
has no macro: it is given as \\one, and the certificate names it beside the numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from calibration.exact import arithmetic
from calibration.rounding import plain

_NAMES: Mapping[str, str] = {
    "1": "one",
    "g": "gram",
    "m": "metre",
    "s": "second",
    "A": "ampere",
    "K": "kelvin",
    "mol": "mole",
    "cd": "candela",
    "Hz": "hertz",
    "N": "newton",
    "Pa": "pascal",
    "J": "joule",
    "W": "watt",
    "C": "coulomb",
    "V": "volt",
    "F": "farad",
    "Ω": "ohm",
    "Ohm": "ohm",
    "ohm": "ohm",
    "S": "siemens",
    "T": "tesla",
    "H": "henry",
    "lm": "lumen",
    "lx": "lux",
    "rad": "radian",
    "l": "litre",
    "L": "litre",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "t": "tonne",
    "°C": "degreecelsius",
    "°": "degree",
    "bar": "bar",
    "%": "percent",
    "ppm": "ppm",
}
_PREFIXES: Mapping[str, str] = {
    "p": "pico",
    "n": "nano",
    "µ": "micro",
    "u": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
}
_BARE = frozenset({"1", "%", "ppm", "°", "°C", "min", "h", "d"})
"""Symbols that take no prefix."""
_ONE = frozenset({"", "1", "pH", "-", "–"})
_FACTOR = re.compile(r"(?P<symbol>[^\d⁻⁰¹²³⁴⁵⁶⁷⁸⁹^*·/ -]+|1)\^?(?P<power>-?\d+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹µ", "-0123456789µ")
_TO_SI: Mapping[str, tuple[str, int]] = {"bar": (r"\pascal", 5), "mbar": (r"\pascal", 2)}


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers in one unit: value·10^exponent + shift in ``macro``; ``shift`` is for values, never for differences."""

    macro: str
    exponent: int = 0
    shift: Decimal = Decimal(0)

    def of(self, numerals: list[str]) -> list[str]:
        with arithmetic():
            return [plain(Decimal(numeral).scaleb(self.exponent) + self.shift) for numeral in numerals]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a procedure. ``known`` is False where \\one stands for something else."""

    symbol: str
    macro: str
    known: bool

    def scales(self, *, difference: bool) -> list[Scale]:
        """The unit itself last, the SI's own before it where they differ: then the list is a hybrid."""
        own = Scale(self.macro)
        if self.symbol == "°C":
            return [Scale(r"\kelvin", shift=Decimal(0) if difference else Decimal("273.15")), own]
        if self.symbol in _TO_SI:
            macro, exponent = _TO_SI[self.symbol]
            return [Scale(macro, exponent), own]
        return [own]

    @property
    def of_difference(self) -> str:
        """The macro of a difference: a kelvin for °C."""
        return r"\kelvin" if self.symbol == "°C" else self.macro

    def power(self, exponent: int) -> str:
        """The macro of a difference in this unit to a power."""
        if not exponent or self.of_difference == r"\one":
            return r"\one"
        return self.of_difference if exponent == 1 else rf"{self.of_difference}\tothe{{{exponent}}}"


def unit(symbol: str) -> Unit:
    """The unit that a person wrote."""
    if symbol in _ONE:
        return Unit(symbol, r"\one", known=True)
    try:
        return Unit(symbol, _product(symbol.replace("μ", "µ")), known=True)
    except KeyError:
        return Unit(symbol, r"\one", known=False)


def _product(symbol: str) -> str:
    above, _, below = symbol.partition("/")
    found = _factors(above, 1) + (_factors(below, -1) if below else [])
    return "".join(factor for factor in found if factor != r"\one") or r"\one"


def _factors(text: str, sign: int) -> list[str]:
    """Raises KeyError for a symbol that is none."""
    rest = text.strip(" ()").replace("*", "·").replace(" ", "·")
    return [_factor(part, sign) for part in rest.split("·")]


def _factor(text: str, sign: int) -> str:
    match = _FACTOR.fullmatch(text)
    if match is None:
        raise KeyError(text)
    power = sign * int((match["power"] or "1").translate(_PLAIN))
    macro = _named(match["symbol"])
    return macro if power == 1 else rf"{macro}\tothe{{{power}}}"


def _named(symbol: str) -> str:
    if symbol in _NAMES:
        return f"\\{_NAMES[symbol]}"
    if symbol == "kg":
        return r"\kilogram"
    prefix, base = symbol[:1], symbol[1:]
    if base in _BARE:
        raise KeyError(symbol)
    return f"\\{_PREFIXES[prefix]}\\{_NAMES[base]}"
