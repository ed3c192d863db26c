"""Numbers from and to the texts of the wire: Base64, hex and decimal. Flat arrays, row-major, sample after sample.

Memory images are those of the server's host: little-endian on every machine PdServ runs on (protocol section 3).
"""

import math
import sys
from array import array
from binascii import Error, a2b_base64, b2a_base64, unhexlify
from collections.abc import Sequence
from typing import TypeAlias, cast

from msr_adapter.wire.errors import WireError
from msr_adapter.wire.layout import Layout

# To mypy one type; the letter of the layout says whether the numbers are integers.
Samples: TypeAlias = "array[float]"
Number = int | float

_SWAP = sys.byteorder == "big"


def from_base64(layout: Layout, text: bytes, samples: int) -> Samples:
    """A channel's samples of a frame: ``samples × layout.count`` numbers. Raises WireError for any other length."""
    try:
        image = a2b_base64(text)
    except Error as e:
        raise WireError(f"Base64 that is none: {text[:40]!r}") from e
    if len(image) != samples * layout.size:
        raise WireError(f"{samples} samples of {layout.typ} are {samples * layout.size} bytes, {len(image)} came")
    return from_image(layout, image)


def from_image(layout: Layout, image: bytes) -> Samples:
    """The numbers of a memory image whose length is right."""
    values = _empty(layout.type.code)
    values.frombytes(image)
    if _SWAP:
        values.byteswap()
    return values


def from_text(layout: Layout, text: bytes, samples: int = 1) -> Samples:
    """Decimal numbers with commas (attribute ``value``, or ASCII coding). Raises WireError for a wrong word or count.

    Integers are read as integers. 16 digits, the server's default, do not restore every double.
    """
    words = text.split(b",")
    if len(words) != samples * layout.count:
        raise WireError(f"{samples * layout.count} numbers were expected, {len(words)} came: {text[:40]!r}")
    read: type[float] | type[int] = float if layout.type.is_float else int
    values = _empty(layout.type.code)
    try:
        values.extend(map(read, words))
    except (ValueError, OverflowError) as e:
        raise WireError(f"{text[:40]!r} is no {layout.typ}: {e}") from e
    return values


def from_hex(layout: Layout, text: bytes) -> Samples:
    """One sample from attribute ``hexvalue``. Raises WireError for a bad digit or a wrong length."""
    try:
        image = unhexlify(text)
    except Error as e:
        raise WireError(f"hexadecimal digits that are none: {text[:40]!r}") from e
    if len(image) != layout.size:
        raise WireError(f"{layout.typ} has {layout.size} bytes, {len(image)} came")
    return from_image(layout, image)


def to_image(layout: Layout, values: Sequence[Number]) -> bytes:
    """The memory image of up to ``layout.count`` elements, exact. Raises WireError for what the type cannot hold.

    NaN and infinities are values; an integer type takes integers only (and True and False), within its range.
    """
    if not 0 < len(values) <= layout.count:
        raise WireError(f"{layout.typ} takes 1 to {layout.count} elements, not {len(values)}")
    image = _empty(layout.type.code)
    for value in values:
        image.append(_checked(layout, value))
    if _SWAP:
        image.byteswap()
    return image.tobytes()


def to_base64(image: bytes) -> bytes:
    """A memory image as the server writes it: standard alphabet, padded, no line end."""
    return b2a_base64(image, newline=False)


def to_text(values: Samples, precision: int = 16) -> bytes:
    """Numbers as the server writes them: significant digits like C's ``%.*g``, 8-bit types as numbers."""
    if values.typecode in "fd":
        return b",".join(_significant(v, precision) for v in values)
    return b",".join(b"%d" % cast(int, v) for v in values)


def stamps(text: bytes) -> "array[int]":
    """The time stamps of ``<time d>``: unsigned ns since 1970. Raises WireError."""
    try:
        image = a2b_base64(text)
    except Error as e:
        raise WireError(f"Base64 that is none: {text[:40]!r}") from e
    if not image or len(image) % 8:
        raise WireError(f"time stamps have 8 bytes each, {len(image)} bytes came")
    values: array[int] = array("Q")
    values.frombytes(image)
    if _SWAP:
        values.byteswap()
    return values


def _empty(code: str) -> Samples:
    return cast("Samples", array(code))


def _checked(layout: Layout, value: Number) -> Number:
    limits = layout.type.limits
    if limits is None:
        return _as_float(layout, value)
    if not isinstance(value, int):
        raise WireError(f"{value!r} is no integer, {layout.type.name} takes no other")
    if not limits[0] <= value <= limits[1]:
        raise WireError(f"{value} is outside {limits[0]} to {limits[1]}, the range of {layout.type.name}")
    return int(value)


def _as_float(layout: Layout, value: Number) -> float:
    try:
        number = float(value)
    except OverflowError as e:
        raise WireError(f"{value} is too large for {layout.type.name}") from e
    if layout.type.code == "f" and math.isfinite(number) and math.isinf(array("f", [number])[0]):
        raise WireError(f"{value} is too large for {layout.type.name}")
    return number


def _significant(value: float, precision: int) -> bytes:
    if math.isnan(value):
        return b"-nan" if math.copysign(1.0, value) < 0 else b"nan"
    return b"%.*g" % (precision, value)
