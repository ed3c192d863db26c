"""Numbers as people wrote them, and arithmetic in which rounding does not matter.

A reading of 0.1 g is a decimal; the nearest binary double is another number. Everything that sums squares or solves
equations works on decimals of 50 digits (the C library behind ``decimal``, about 0.2 µs an operation), so a mean of
ten-million-and-0.2 keeps its standard deviation and a badly conditioned fit its coefficients. Results are floats.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from operator import index
from typing import SupportsIndex

Number = Decimal | float | str | SupportsIndex
"""A Decimal, a float (or NumPy's), a decimal numeral, or anything that counts as an int."""

_DIGITS = 50
_LARGEST = 400
"""Powers of ten; doubles end at 308, and nothing that is measured comes near."""
_CONTEXT = Context(prec=_DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow])


class CalculationError(ValueError):
    """Something cannot be computed from what was given; the text says what is missing or wrong."""


def arithmetic() -> AbstractContextManager[Context]:
    """The block in which Decimals are computed with 50 digits."""
    return localcontext(_CONTEXT)


def exact(value: Number) -> Decimal:
    """The decimal a person means by ``value``: for a float its shortest numeral. Raises CalculationError."""
    try:
        number = _decimal(value)
    except (InvalidOperation, TypeError) as e:
        raise CalculationError(f"{value!r} is not a number") from e
    if not number.is_finite():
        raise CalculationError(f"{value!r} is not a finite number")
    if number and abs(number.adjusted()) > _LARGEST:
        raise CalculationError(f"{value!r} is beyond anything that is measured")
    return number


def _decimal(value: Number) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        return Decimal(float.__repr__(value))  # NumPy's repr is not a numeral
    if isinstance(value, str):
        return numeral(value)
    return Decimal(index(value))


def numeral(text: str) -> Decimal:
    """As people write numbers, which is less than Python reads: no 1_000, no ٣. Raises InvalidOperation."""
    if "_" in text or not text.isascii():
        raise InvalidOperation
    return Decimal(text)


def exacts(values: Iterable[Number]) -> list[Decimal]:
    """``exact`` of each."""
    return [exact(value) for value in values]


def same_length(**columns: Sequence[object]) -> int:
    """The common length. Raises CalculationError naming the columns that differ."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise CalculationError("as many of each are needed: " + ", ".join(f"{k} has {v}" for k, v in lengths.items()))
    return next(iter(lengths.values()))
