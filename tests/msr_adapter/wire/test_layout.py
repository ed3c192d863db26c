import pytest

from msr_adapter.wire import Layout, WireError, layout_of
from msr_adapter.wire.layout import TYPES


@pytest.mark.parametrize("name", TYPES)
def test_the_word_of_the_wire_comes_back(name: str) -> None:
    scalar = layout_of(name)
    vector = layout_of(f"{name}_LIST", rows=1, columns=5)
    matrix = layout_of(f"{name}_MATRIX", datasize=TYPES[name].size, rows=6, columns=4)

    assert (scalar.typ, scalar.shape, scalar.count) == (name, (), 1)
    assert (vector.typ, vector.shape, vector.count) == (f"{name}_LIST", (5,), 5)
    assert (matrix.typ, matrix.shape, matrix.size) == (f"{name}_MATRIX", (6, 4), 24 * TYPES[name].size)


@pytest.mark.parametrize(
    ("typ", "more"),
    [
        ("COMPOUND", {}),
        ("TDBL_TENSOR", {}),
        ("", {}),
        ("TDBL", {"datasize": 4}),
        ("TDBL_LIST", {}),
        ("TDBL_MATRIX", {"columns": 4}),
        ("TDBL_LIST", {"columns": 0}),
    ],
)
def test_anything_else_is_refused(typ: str, more: dict[str, int]) -> None:
    with pytest.raises(WireError):
        layout_of(typ, **more)


def test_limits() -> None:
    limits = {name: t.limits for name, t in TYPES.items()}

    assert limits["TCHAR"] == (-128, 127)
    assert limits["TUINT"] == (0, 2**32 - 1)
    assert limits["TULINT"] == (0, 2**64 - 1)
    assert limits["TLINT"] == (-(2**63), 2**63 - 1)
    assert limits["TFLT"] is None
    assert Layout(TYPES["TDBL"]).type.is_float
