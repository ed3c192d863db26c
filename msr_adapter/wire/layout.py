"""Types and shapes of signals and parameters (protocol section 4.4)."""

import msgspec

from msr_adapter.wire.errors import WireError


class Type(msgspec.Struct, frozen=True):
    """An element's C type: its name on the wire, the letter of ``array`` and ``struct``, its size in bytes."""

    name: str
    code: str
    size: int

    @property
    def is_float(self) -> bool:
        return self.code in "fd"

    @property
    def limits(self) -> tuple[int, int] | None:
        """Smallest and largest integer; None for floats. ``TCHAR`` may be a boolean: the wire does not say."""
        if self.is_float:
            return None
        bits = 8 * self.size
        return (0, 2**bits - 1) if self.code.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


TYPES = {
    t.name: t
    for t in (
        Type("TDBL", "d", 8),
        Type("TFLT", "f", 4),
        Type("TLINT", "q", 8),
        Type("TULINT", "Q", 8),
        Type("TINT", "i", 4),
        Type("TUINT", "I", 4),
        Type("TSHORT", "h", 2),
        Type("TUSHORT", "H", 2),
        Type("TCHAR", "b", 1),
        Type("TUCHAR", "B", 1),
    )
}


class Layout(msgspec.Struct, frozen=True):
    """Type and shape: ``()`` a scalar, ``(n,)`` a vector, ``(rows, columns)`` a matrix, row-major.

    The wire knows no third dimension: a 2x3x4 cube is (6, 4).
    """

    type: Type
    shape: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Elements."""
        n = 1
        for size in self.shape:
            n *= size
        return n

    @property
    def size(self) -> int:
        """Bytes of one sample."""
        return self.count * self.type.size

    @property
    def typ(self) -> str:
        """The word of the wire, like ``TDBL_LIST``."""
        return self.type.name + ("", "_LIST", "_MATRIX")[len(self.shape)]


def layout_of(typ: str, *, datasize: int | None = None, rows: int | None = None, columns: int | None = None) -> Layout:
    """The layout that ``typ``, ``datasize``, ``rnum`` and ``cnum`` describe. Raises WireError for any other."""
    name, _, form = typ.partition("_")
    kind = TYPES.get(name)
    if kind is None or form not in ("", "LIST", "MATRIX"):
        raise WireError(f"type {typ!r} is not one this protocol has")
    if datasize not in (None, kind.size):
        raise WireError(f"type {typ!r} has {kind.size} bytes an element, not {datasize}")
    return Layout(kind, _shape(typ, form, rows, columns))


def _shape(typ: str, form: str, rows: int | None, columns: int | None) -> tuple[int, ...]:
    if not form:
        return ()
    if columns is None or columns < 1 or (form == "MATRIX" and (rows is None or rows < 1)):
        raise WireError(f"type {typ!r} comes without its number of elements")
    return (columns,) if form == "LIST" or rows is None else (rows, columns)
