import math
import struct
from binascii import b2a_base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msr_adapter.wire import Layout, WireError, samples
from msr_adapter.wire.layout import TYPES

SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 4)]
LAYOUTS = [Layout(kind, shape) for kind in TYPES.values() for shape in SHAPES]
some_layout = st.sampled_from(LAYOUTS)


@st.composite
def images(draw: st.DrawFn) -> tuple[Layout, int, bytes]:
    """Any memory image of a whole number of samples: every bit pattern, NaN with payload too."""
    layout, count = draw(some_layout), draw(st.integers(1, 5))
    return layout, count, draw(st.binary(min_size=layout.size * count, max_size=layout.size * count))


@given(images())
def test_base64_is_bit_exact(case: tuple[Layout, int, bytes]) -> None:
    layout, count, image = case

    values = samples.from_base64(layout, b2a_base64(image, newline=False), count)

    assert len(values) == count * layout.count
    assert values.tobytes() == image
    assert samples.to_base64(image) == b2a_base64(image).strip()
    if not layout.type.is_float:
        assert list(values) == list(struct.unpack(f"<{len(values)}{layout.type.code}", image))
        assert all(isinstance(v, int) for v in values)


@given(images())
def test_hex_is_bit_exact(case: tuple[Layout, int, bytes]) -> None:
    layout, _, image = case
    one = image[: layout.size]

    assert samples.from_hex(layout, one.hex().encode()).tobytes() == one
    assert samples.from_hex(layout, one.hex().upper().encode()).tobytes() == one


@given(images())
def test_text_with_17_digits_restores_every_number(case: tuple[Layout, int, bytes]) -> None:
    layout, count, image = case
    values = samples.from_image(layout, image)

    again = samples.from_text(layout, samples.to_text(values, 17), count)

    for a, b in zip(values, again, strict=True):
        assert a == b or (math.isnan(a) and math.isnan(b))


def test_non_finite_and_denormal_text() -> None:
    double = Layout(TYPES["TDBL"], (5,))

    values = samples.from_text(double, b"nan,-nan,inf,-inf,9.99988867182683e-321")

    assert [math.isnan(v) for v in values] == [True, True, False, False, False]
    assert list(values[2:]) == [math.inf, -math.inf, 1e-320]
    assert samples.to_text(values[2:]) == b"inf,-inf,9.99988867182683e-321"


def test_64_bit_integers_keep_every_digit() -> None:
    signed, unsigned = Layout(TYPES["TLINT"], (2,)), Layout(TYPES["TULINT"])

    assert list(samples.from_text(signed, b"9007199254740993,-9223372036854775808")) == [2**53 + 1, -(2**63)]
    assert list(samples.from_text(unsigned, b"18446744073709551615")) == [2**64 - 1]
    assert samples.to_image(signed, [2**53 + 1]).hex() == "0100000000002000"


@pytest.mark.parametrize("text", [b"AAA", b"AAAA", b"AAAAAAAAAAAAAAAA", b"", b"A"])
def test_base64_of_another_length_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        samples.from_base64(Layout(TYPES["TDBL"]), text, 1)


@pytest.mark.parametrize("text", [b"", b"1,2", b"abc", b"1.5", b"300", b"0x10", b"1e3"])
def test_text_that_is_no_such_number_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        samples.from_text(Layout(TYPES["TUCHAR"]), text)


@pytest.mark.parametrize("text", [b"0", b"zz", b"0000", b""])
def test_hex_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        samples.from_hex(Layout(TYPES["TUCHAR"]), text)


@given(images())
def test_images_of_values_are_exact(case: tuple[Layout, int, bytes]) -> None:
    layout, _, image = case
    values = list(samples.from_image(layout, image[: layout.size]))

    again = samples.from_image(layout, samples.to_image(layout, values))

    for a, b in zip(values, again, strict=True):
        assert a == b or (math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUCHAR", 256),
        ("TUCHAR", -1),
        ("TCHAR", 128),
        ("TINT", 2**31),
        ("TULINT", 2**64),
        ("TLINT", -(2**63) - 1),
        ("TINT", 1.0),
        ("TINT", math.nan),
        ("TFLT", 1e39),
        ("TDBL", 10**400),
    ],
)
def test_what_a_type_cannot_hold_is_refused(name: str, value: float) -> None:
    with pytest.raises(WireError):
        samples.to_image(Layout(TYPES[name]), [value])


def test_booleans_and_part_of_a_vector() -> None:
    assert samples.to_image(Layout(TYPES["TCHAR"]), [True]) == b"\x01"
    assert samples.to_image(Layout(TYPES["TUCHAR"], (4,)), [1, 2]) == b"\x01\x02"
    for values in ([], [1] * 5):
        with pytest.raises(WireError):
            samples.to_image(Layout(TYPES["TUCHAR"], (4,)), values)


@pytest.mark.parametrize("text", [b"", b"AAAA", b"A"])
def test_stamps_have_8_bytes_each(text: bytes) -> None:
    with pytest.raises(WireError):
        samples.stamps(text)
