import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.commands import CommandFailed
from broker.messages import Argument, Channel, CommandSpec, fits
from edge.line.parse import NotUnderstoodError, command_text, convert, read
from edge.line.spec import ArgumentSpec, ByPattern, BySeparator, ChannelSpec, LineCommand

FLOAT = ChannelSpec("x", Channel())
INT = ChannelSpec("n", Channel(type="int"))


def channel(type_: str = "float", **more: object) -> ChannelSpec:
    return ChannelSpec("x", Channel(type=type_), **more)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_as_it_was_written(number: float) -> None:
    assert convert(FLOAT, f" {number!r} ") == (number, None)


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_stays_whole(number: int) -> None:
    value, quality = convert(INT, f"{number:+d}")

    assert (value, type(value), quality) == (number, int, None)


@given(st.text(max_size=30), st.sampled_from(["float", "int", "int64", "uint64", "bool", "str"]))
def test_any_text_is_a_fitting_value_or_not_understood(text: str, type_: str) -> None:
    spec = channel(type_)
    try:
        value, _ = convert(spec, text)
    except NotUnderstoodError:
        return
    assert fits(value, spec.shown.type)


@pytest.mark.parametrize(("spec", "text", "value"), [
    (channel(scale=0.1, offset=-40.0), "650", 25.0),
    (channel("int", scale=10.0), "4.2", 42),
    (channel("bool"), "ON", True),
    (channel("bool"), "0", False),
    (channel("bool", words={"CLOSED": True, "OPEN": False}), "OPEN", False),
    (channel("str", words={"1": "heating"}), "1", "heating"),
    (channel("str"), " ready ", "ready"),
    (channel("int64"), "+9223372036854775807", "9223372036854775807"),
    (channel("uint64"), "18446744073709551615", "18446744073709551615"),
])  # fmt: skip
def test_meanings(spec: ChannelSpec, text: str, value: object) -> None:
    found, quality = convert(spec, text)

    assert found == pytest.approx(value) if isinstance(value, float) else found == value
    assert quality is None


@pytest.mark.parametrize(("spec", "text", "said"), [
    (FLOAT, "OVLD", "'OVLD' is not a number .channel 'x'."),
    (FLOAT, "1_000", "not a number"),
    (FLOAT, "", "'' is not a number"),
    (INT, "21.5", "not a whole number"),
    (INT, "9007199254740994", "not a whole number within 2"),
    (channel("bool"), "perhaps", "neither true nor false"),
    (channel("uint64"), "-1", "is not uint64"),
    (channel("str", words={"1": "on"}), "2", "'2' is not in the map of channel 'x'"),
])  # fmt: skip
def test_what_is_not_promised_is_not_understood(spec: ChannelSpec, text: str, said: str) -> None:
    with pytest.raises(NotUnderstoodError, match=said):
        convert(spec, text)


@pytest.mark.parametrize(
    ("text", "quality"), [("nan", "nan"), ("inf", "+inf"), ("-Infinity", "-inf"), ("1e999", "+inf")]
)
def test_numbers_that_are_none_have_no_value_and_say_why(text: str, quality: str) -> None:
    assert convert(FLOAT, text) == (None, quality)


def test_a_text_that_stands_for_a_state() -> None:
    spec = channel(quality={"9.9E+37": "+inf", "----": "bad"})

    assert convert(spec, "----") == (None, "bad")
    assert convert(spec, "9.9E+37") == (None, "+inf")
    assert convert(spec, "9.8") == (9.8, None)


def test_outside_the_range_is_uncertain() -> None:
    spec = ChannelSpec("x", Channel(range=(0, 10)))

    assert convert(spec, "10") == (10.0, None)
    assert convert(spec, "10.01") == (10.01, "uncertain")


PATTERN = ByPattern(re.compile(r"T=(?P<temp>\S+)(?: N=(?P<n>\d+))?"), (ChannelSpec("temp", Channel()), INT))
COLUMNS = BySeparator(",", (ChannelSpec("temp", Channel()), None, INT))


def test_by_pattern() -> None:
    assert read(PATTERN, "T=21.5 N=3") == ({"temp": 21.5, "n": 3}, {})
    assert read(PATTERN, "T=nan") == ({"temp": None}, {"temp": "nan"})
    with pytest.raises(NotUnderstoodError, match="does not match"):
        read(PATTERN, "T=21.5 N=3 and more")


def test_by_separator() -> None:
    assert read(COLUMNS, "21.5, whatever, 3") == ({"temp": 21.5, "n": 3}, {})
    assert read(BySeparator(None, COLUMNS.columns), "21.5   x\t3") == ({"temp": 21.5, "n": 3}, {})
    with pytest.raises(NotUnderstoodError, match="has 2 columns, 3 were expected"):
        read(COLUMNS, "21.5,3")


@given(st.text(max_size=60))
def test_garbage_never_surprises(text: str) -> None:
    for reading in (PATTERN, COLUMNS):
        with contextlib.suppress(NotUnderstoodError):
            values, _ = read(reading, text)
            assert values.keys() <= {"temp", "n"}


def a_command(send: str, **args: ArgumentSpec) -> LineCommand:
    return LineCommand("set", CommandSpec(), send, args, None, None)


def test_command_text() -> None:
    volts = ArgumentSpec(Argument(), {})
    switch = ArgumentSpec(Argument(type="bool", default=True), {"true": "ON", "false": "OFF"})
    spec = a_command("VOLT {v:.2f};OUTP {on}", v=volts, on=switch)

    assert command_text(spec, {"v": 5, "on": False}) == "VOLT 5.00;OUTP OFF"
    assert command_text(spec, {"v": 1.239}) == "VOLT 1.24;OUTP ON"
    with pytest.raises(CommandFailed, match="'v' is missing"):
        command_text(spec, {})


@given(st.text(alphabet=st.characters(categories=["Cc", "Zl", "Zp"]), min_size=1))
def test_a_text_argument_cannot_smuggle_in_a_second_line(text: str) -> None:
    with pytest.raises(CommandFailed, match="control character"):
        command_text(a_command("NAME {t}", t=ArgumentSpec(Argument(type="str"), {})), {"t": "a" + text})


def test_long_integers_are_sent_as_numbers() -> None:
    assert command_text(a_command("N {n:d}", n=ArgumentSpec(Argument(type="uint64"), {})), {"n": "7"}) == "N 7"
