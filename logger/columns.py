"""Columns of one type: from the values of messages to arrays to bytes and back, bit for bit.

Floats are 64-bit, an absent value is NaN (the wire has no NaN). Integers never pass through a float. Pure: arrays and
bytes in, arrays and bytes out.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from broker.messages import MAX_SAFE_INTEGER, ChannelType, Value, fits

Array = npt.NDArray[Any]

DTYPES: dict[ChannelType, str] = {"float": "<f8", "int": "<i8", "int64": "<i8", "uint64": "<u8", "bool": "u1"}
NO_BOOL = 2
"""A bool that is absent."""


@dataclass(frozen=True, slots=True)
class Column:
    """One channel's values. ``values``: an array of DTYPES[type], for ``str`` a list of str or None.

    ``nulls`` (bool array or None) is only for integers: floats have NaN, bools NO_BOOL."""

    type: ChannelType
    values: Array | list[str | None]
    nulls: Array | None = None

    def __len__(self) -> int:
        return len(self.values)

    def python(self) -> list[Value]:
        """The values as Python has them; None where absent."""
        if isinstance(self.values, list):
            return list(self.values)
        listed: list[Value] = self.values.tolist()
        if self.type == "float":
            return [None if v != v else v for v in listed]
        if self.type == "bool":
            return [None if v == NO_BOOL else bool(v) for v in listed]
        if self.nulls is not None:
            return [None if gone else v for v, gone in zip(listed, self.nulls.tolist(), strict=True)]
        return listed

    def numbers(self) -> Array | None:
        """The values as float64 with NaN for absent, for plots; None for text."""
        if isinstance(self.values, list):
            return None
        if self.type == "float":
            return self.values
        numbers = self.values.astype("<f8")
        if self.type == "bool":
            numbers[self.values == NO_BOOL] = np.nan
        elif self.nulls is not None:
            numbers[self.nulls] = np.nan
        return numbers

    def slice(self, a: int, b: int) -> "Column":
        return Column(self.type, self.values[a:b], None if self.nulls is None else self.nulls[a:b])


def infer(values: Sequence[Value]) -> ChannelType | None:
    """The type of a channel nobody declared, from its first value; None when there is no value at all.

    A number is a float: an integer-looking 21 must not make an integer of a temperature.
    """
    for value in values:
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, str):
            return "str"
        if value is not None:
            return "float"
    return None


_PLAIN: dict[ChannelType, frozenset[type]] = {
    "float": frozenset({float, int, type(None)}),
    "int": frozenset({int, type(None)}),
    "int64": frozenset({int, type(None)}),
    "uint64": frozenset({int, type(None)}),
    "bool": frozenset({bool, type(None)}),
    "str": frozenset({str, type(None)}),
}


def column(type_: ChannelType, values: Sequence[Value]) -> tuple[Column, list[int]]:
    """The column of ``type_`` and the rows whose value does not fit it; those are absent in the column."""
    seen = set(map(type, values))
    if seen <= _PLAIN[type_]:
        try:
            made = _make(type_, values, type(None) in seen)
        except OverflowError:
            made = None
        if made is not None and not (type_ == "int" and _beyond_safe(made)):
            return made, []
    return _careful(type_, values)


def _make(type_: ChannelType, values: Sequence[Any], has_none: bool) -> Column:
    if type_ == "str":
        return Column(type_, list(values))
    if type_ == "float":
        return Column(type_, np.array(values, dtype="<f8"))
    if type_ == "bool":
        return Column(type_, np.array([NO_BOOL if v is None else v for v in values] if has_none else values, "u1"))
    if not has_none:
        return Column(type_, np.array(values, dtype=DTYPES[type_]))
    filled = np.array([0 if v is None else v for v in values], dtype=DTYPES[type_])
    return Column(type_, filled, np.array([v is None for v in values]))


def _beyond_safe(made: Column) -> bool:
    values = made.values
    return bool(np.any(values > MAX_SAFE_INTEGER)) or bool(np.any(values < -MAX_SAFE_INTEGER))  # type: ignore[operator]


def _careful(type_: ChannelType, values: Sequence[Value]) -> tuple[Column, list[int]]:
    """Value by value: text that is an integer becomes one, what does not fit becomes absent."""
    kept: list[Value] = []
    bad: list[int] = []
    for row, value in enumerate(values):
        good = _stored(type_, value)
        kept.append(good)
        if good is None and value is not None:
            bad.append(row)
    return _make(type_, kept, None in kept), bad


def _stored(type_: ChannelType, value: Value) -> Value:
    if value is None or not fits(value, type_):
        return None
    if type_ in ("int64", "uint64"):
        return int(value)
    if type_ == "float":
        try:
            return float(value)
        except OverflowError:
            return None
    return value


# --- bytes ------------------------------------------------------------------------------------------------------------

_RAW, _ZLIB, _INTEGERS, _DECIMAL, _TEXT = range(5)
SMALL = 32
"""Arrays shorter than this are not worth compressing."""
_TRIAL = 256
"""Neighbours that are packed both ways to see which is shorter."""
_SCALES = 10.0 ** np.arange(7)


def to_bytes(array: Array) -> bytes:
    """One array of 8-byte or 1-byte elements as bytes; the first byte says how. ``from_bytes`` gives back its bits."""
    raw = array.tobytes()
    if len(array) < SMALL:
        return bytes([_RAW]) + raw
    if array.dtype.kind == "f" and (scaled := _decimal(array)) is not None:
        digits, whole = scaled
        packed = bytes([_DECIMAL, digits]) + _squeeze(_delta(whole))
    elif array.dtype.itemsize == 8 and (array.dtype.kind in "iu" or _smooth(array)):
        packed = bytes([_INTEGERS]) + _squeeze(_delta(array))
    else:
        packed = bytes([_ZLIB]) + _squeeze(array)
    return packed if len(packed) <= len(raw) else bytes([_RAW]) + raw


def from_bytes(data: bytes | memoryview, dtype: str) -> Array:
    """The array ``to_bytes`` was given. The array may not be written to."""
    method = data[0]
    if method == _RAW:
        return np.frombuffer(data, dtype, offset=1)
    if method == _ZLIB:
        return _spread(data[1:], dtype)
    if method == _INTEGERS:
        return _sum(_spread(data[1:], "<u8")).view(dtype)
    return _sum(_spread(data[2:], "<u8")).view("<i8") / _SCALES[data[1]]  # type: ignore[no-any-return]


def text_to_bytes(values: Sequence[str | None]) -> bytes:
    raw = msgspec.msgpack.encode(values)
    packed = zlib.compress(raw, 1) if len(values) >= SMALL else raw
    return bytes([_ZLIB]) + packed if len(packed) < len(raw) else bytes([_TEXT]) + raw


def text_from_bytes(data: bytes | memoryview) -> list[str | None]:
    raw = zlib.decompress(data[1:]) if data[0] == _ZLIB else data[1:]
    return msgspec.msgpack.decode(raw, type=list[str | None])


def _squeeze(array: Array) -> bytes:
    """Bytes of equal weight beside each other, then deflate: slow signals share their upper bytes."""
    if array.dtype.itemsize == 1:
        return zlib.compress(array.tobytes(), 1)
    return zlib.compress(array.view("u1").reshape(-1, 8).T.tobytes(), 1)


def _spread(data: bytes | memoryview, dtype: str) -> Array:
    flat = np.frombuffer(zlib.decompress(data), "u1")
    if np.dtype(dtype).itemsize == 1:
        return flat.view(dtype)
    return np.ascontiguousarray(flat.reshape(8, -1).T).reshape(-1).view(dtype)


def _delta(array: Array) -> Array:
    """Differences, zigzag: small steps up and down have small codes. Wraps around, so nothing overflows."""
    whole = array.view("<u8")
    steps = whole.copy()
    steps[1:] -= whole[:-1]
    signed = steps.view("<i8")
    return ((signed << 1) ^ (signed >> 63)).view("<u8")


def _sum(codes: Array) -> Array:
    steps = (codes >> np.uint64(1)) ^ (np.uint64(0) - (codes & np.uint64(1)))
    return np.cumsum(steps, dtype="<u8")


def _smooth(array: Array) -> bool:
    """Whether the differences of a signal's bits are shorter than the bits: a slow one fills its mantissa."""
    if len(array) < 2 * _TRIAL:
        return False
    part = array[len(array) // 2 : len(array) // 2 + _TRIAL]
    return len(_squeeze(_delta(part))) < len(_squeeze(part))


def _decimal(array: Array) -> tuple[int, Array] | None:
    """The fewest decimals (0 to 6) that give every value back exactly, with the values as integers; None if none do.

    A balance says 100.0001: as a count of 0.0001 it costs one byte, as a double's bits seven.
    """
    few: list[float] = array[:4].tolist()
    for digits, scale in enumerate(_SCALES.tolist()):
        if all(abs(v) * scale < MAX_SAFE_INTEGER and round(v * scale) / scale == v for v in few):
            whole = _scaled(array, digits)
            if whole is not None:
                return digits, whole
    return None


def _scaled(array: Array, digits: int) -> Array | None:
    scale = _SCALES[digits]
    if not bool(np.all(np.abs(array) < MAX_SAFE_INTEGER / scale)):  # NaN too
        return None
    whole = np.rint(array * scale).astype("<i8")
    same = np.array_equal((whole / scale).view("<i8"), array.view("<i8"))  # bits: −0.0 is not 0.0
    return whole if same else None
