"""The exact value of a signal of which the server says 16 digits."""

from msr_adapter.changes import exact
from msr_adapter.wire import layout_of
from msr_adapter.wire.samples import from_image, to_image, to_text
from tests.msr_adapter.test_rows import column

DOUBLE = layout_of("TDBL")
THIRD = from_image(DOUBLE, to_image(DOUBLE, [0.1 + 0.2]))


def test_a_double_needs_the_streams_own_digits() -> None:
    text = to_text(THIRD, 16)

    assert float(text) != THIRD[0]
    assert exact(column(DOUBLE), text, None) is None
    assert exact(column(DOUBLE), text, THIRD) == THIRD
    assert exact(column(DOUBLE), b"0.4", THIRD) is None


def test_zero_and_integers_are_exact() -> None:
    zero = exact(column(DOUBLE), b"-0", None)
    assert zero is not None
    assert to_text(zero) == b"-0"
    large = exact(column(layout_of("TULINT")), b"18446744073709551615", None)
    assert large is not None
    assert large[0] == 2**64 - 1


def test_nan_is_what_the_stream_said() -> None:
    nan = from_image(DOUBLE, bytes.fromhex("010000000000f87f"))

    assert exact(column(DOUBLE), b"nan", nan) is nan


def test_nonsense_is_nothing() -> None:
    assert exact(column(DOUBLE), b"1,2", None) is None
