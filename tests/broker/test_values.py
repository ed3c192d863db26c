import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import ChannelType, Data, Value, decode_as, encode, finite, fits
from broker.values import check_channels, check_identity

anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, (1.5, None)),
        (math.nan, (None, "nan")),
        (math.inf, (None, "+inf")),
        (-math.inf, (None, "-inf")),
        (2**63 - 1, (2**63 - 1, None)),
        (2**63, (2.0**63, None)),
        (10**400, (None, "+inf")),
        (-(10**400), (None, "-inf")),
        ("°C", ("°C", None)),
        ("a\ud800", ("a?", None)),
        (True, (True, None)),
        (None, (None, None)),
    ],
)
def test_what_may_travel(value: float | int | bool | str | None, expected: tuple[Value, str | None]) -> None:
    assert finite(value) == expected


@given(anything)
def test_whatever_a_driver_reads_travels_and_comes_back(value: float | int | bool | str | None) -> None:
    safe, _ = finite(value)

    assert decode_as(Data, encode(Data(ts=1, values={"a": safe}))).values == {"a": safe}


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("float", [1, 1.5, -0.0], [True, "1", False]),
        ("int", [0, -(2**53), 2**53], [1.0, True, "1", 2**53 + 1]),
        ("int64", [5, "5", "-9223372036854775808", "9223372036854775807"], ["9223372036854775808", "", "-", 5.0, True]),
        ("uint64", ["18446744073709551615", 0, "-0"], ["-1", -1, "18446744073709551616", "1e3", " 1", "１"]),
        ("bool", [True, False], [0, 1, "true"]),
        ("str", ["", "x"], [0, 1.5, True]),
    ],
)
def test_a_value_fits_what_meta_declares(type_: ChannelType, good: list[Value], bad: list[Value]) -> None:
    assert fits(None, type_)
    assert [v for v in good if not fits(v, type_)] == []
    assert [v for v in bad if fits(v, type_)] == []


@given(st.text(alphabet="0123456789-+ e.", max_size=25), st.sampled_from(["int64", "uint64"]))
def test_text_that_fits_an_integer_is_one(text: str, type_: ChannelType) -> None:
    if fits(text, type_):
        assert -(2**63) <= int(text) < 2**64


@pytest.mark.parametrize(("boot", "seq"), [("b", None), (None, 0), ("", 0), ("b" * 65, 0), ("b", -1), ("b", 2**53)])
def test_a_bad_identity_is_refused(boot: str | None, seq: int | None) -> None:
    with pytest.raises(ValueError, match=r"^(boot|seq) "):
        check_identity(boot, seq)


@pytest.mark.parametrize("name", ["ts", "time", "topic", "host", "instrument", "", "a b", "1a", "a-b", "µ", "a\n"])
def test_a_bad_channel_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a channel name"):
        check_channels({name: 1})
