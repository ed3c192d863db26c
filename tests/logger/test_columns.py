import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import ChannelType, Value
from logger.columns import column, from_bytes, infer, text_from_bytes, text_to_bytes, to_bytes

floats = st.floats(allow_infinity=False) | st.decimals(-1000, 1000, places=3).map(float)


@given(st.lists(floats, max_size=200))
def test_floats_keep_their_bits(values: list[float]) -> None:
    array = np.array(values, "<f8")

    assert from_bytes(to_bytes(array), "<f8").tobytes() == array.tobytes()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_integers_keep_their_bits(values: list[int]) -> None:
    array = np.array(values, "<i8")

    assert from_bytes(to_bytes(array), "<i8").tolist() == values


@given(st.lists(st.integers(0, 2**64 - 1), max_size=200))
def test_unsigned_integers_keep_their_bits(values: list[int]) -> None:
    assert from_bytes(to_bytes(np.array(values, "<u8")), "<u8").tolist() == values


@given(st.lists(st.none() | st.text(), max_size=200))
def test_texts_come_back(values: list[str | None]) -> None:
    assert text_from_bytes(text_to_bytes(values)) == values


def test_minus_zero_is_not_zero() -> None:
    array = np.array([-0.0, 1.5] * 40)

    assert from_bytes(to_bytes(array), "<f8").tobytes() == array.tobytes()


def test_slow_signals_are_small() -> None:
    rng = np.random.default_rng(1)
    balance = np.round(100 + np.cumsum(rng.normal(size=1000)) * 0.01, 2)

    assert len(to_bytes(balance)) < 1000  # a byte a value, not eight
    assert len(to_bytes(rng.normal(size=1000))) <= 8001  # noise grows by the one byte that says so


@pytest.mark.parametrize(
    ("type_", "values", "kept", "bad"),
    [
        ("float", [1, 2.5, None], [1.0, 2.5, None], []),
        ("float", [1.0, True, "x", 10**400], [1.0, None, None, None], [1, 2, 3]),
        ("int", [1, 2.0, True, 2**53 + 1, "3"], [1, None, None, None, None], [1, 2, 3, 4]),
        ("int", [1, 2**53, 2**53 + 1, -(2**60)], [1, 2**53, None, None], [2, 3]),
        ("int64", ["9223372036854775807", -(2**63), 2**63, "x"], [2**63 - 1, -(2**63), None, None], [2, 3]),
        ("uint64", ["18446744073709551615", -1, 0], [2**64 - 1, None, 0], [1]),
        ("bool", [True, None, 1], [True, None, None], [2]),
        ("str", ["a", 1, None], ["a", None, None], [1]),
    ],
)
def test_what_does_not_fit_is_absent_and_named(
    type_: ChannelType, values: list[Value], kept: list[Value], bad: list[int]
) -> None:
    made, found = column(type_, values)

    assert made.python() == kept
    assert [type(v) for v in made.python()] == [type(v) for v in kept]
    assert found == bad


def test_undeclared_numbers_are_floats() -> None:
    assert infer([None, 21]) == "float"
    assert infer([True, 1]) == "bool"
    assert infer([None, "on"]) == "str"
    assert infer([None]) is None


def test_numbers_for_plots_have_nan_where_absent() -> None:
    for type_, values in [("int", [1, None]), ("bool", [True, None]), ("float", [1.0, None])]:
        numbers = column(type_, values)[0].numbers()  # type: ignore[arg-type]
        assert numbers is not None
        assert numbers[0] == 1.0
        assert np.isnan(numbers[1])
    assert column("str", ["x"])[0].numbers() is None
