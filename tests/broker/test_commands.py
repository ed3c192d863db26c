import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.commands import CommandFailed, Verdict, check_args, complete, judge
from broker.messages import Argument, ChannelType, Command, CommandSpec, Meta, Problem, Value

NOW = 1_795_219_199_123
META = Meta(
    commands={
        "tare": CommandSpec(),
        "set_temp": CommandSpec(args={"value": Argument(type="float", unit="°C", min=20, max=1100)}),
    }
)


def verdict(
    command: Command,
    *,
    retained: bool = False,
    expiry_s: int | None = None,
    clock_ok: bool = True,
    waited_ms: int = 0,
) -> Verdict | None:
    return judge(
        command, META, now_ms=NOW, retained=retained, expiry_s=expiry_s, clock_ok=clock_ok, waited_ms=waited_ms
    )


def code(found: Verdict | None) -> str:
    return f"{found.state} {found.problem.code}" if found else "runs"


def tare(ts: int | None = NOW, ttl_ms: int = 5000) -> Command:
    return Command(id="c1", name="tare", ts=ts, ttl_ms=ttl_ms)


# --- age --------------------------------------------------------------------------------------------------------------


def test_a_fresh_command_runs() -> None:
    assert verdict(tare()) is None


def test_a_retained_command_is_rejected_whatever_its_age() -> None:
    assert code(verdict(tare(), retained=True)) == "rejected retained"
    assert code(verdict(tare(NOW - 3_600_000), retained=True)) == "rejected retained"


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        (NOW - 5000, "runs"),
        (NOW - 5001, "expired expired"),
        (0, "expired expired"),
        (NOW + 2000, "runs"),
        (NOW + 2001, "rejected clock"),
        (NOW * 1000, "rejected clock"),  # microseconds sent as milliseconds
    ],
)
def test_the_stamp_decides_while_the_clock_is_right(ts: int, expected: str) -> None:
    assert code(verdict(tare(ts))) == expected
    assert code(verdict(tare(ts), expiry_s=5)) == expected


def test_an_expired_command_says_its_age() -> None:
    found = verdict(tare(NOW - 62_500))

    assert found is not None
    assert found.problem.message == "the command is 62.5 s old, it was good for 5 s"


@pytest.mark.parametrize(
    ("expiry_s", "clock_ok", "ts", "expected"),
    [
        (5, True, None, "runs"),
        (None, True, None, "rejected undated"),
        (0, True, None, "rejected undated"),  # 0 is "never expires" to Mosquitto
        (61, True, None, "rejected undated"),  # longer than any ttl: it bounds nothing
        (5, False, None, "runs"),
        (None, False, NOW, "rejected clock"),
        (5, False, NOW + 86_400_000, "runs"),  # our own clock is the wrong one
        (5, False, 0, "runs"),
    ],
)
def test_without_a_usable_stamp_the_brokers_expiry_decides(
    expiry_s: int | None, clock_ok: bool, ts: int | None, expected: str
) -> None:
    assert code(verdict(tare(ts), expiry_s=expiry_s, clock_ok=clock_ok)) == expected


@pytest.mark.parametrize(
    ("ttl_ms", "expiry_s", "waited_ms", "expected"),
    [
        (5000, 5, 5000, "runs"),
        (5000, 5, 5001, "expired expired"),
        (5000, 1, 1001, "expired expired"),
        (500, 1, 501, "expired expired"),
    ],
)
def test_time_waited_here_counts_from_arrival(ttl_ms: int, expiry_s: int, waited_ms: int, expected: str) -> None:
    assert code(verdict(tare(None, ttl_ms), expiry_s=expiry_s, waited_ms=waited_ms)) == expected


@given(
    ts=st.none() | st.integers(-(2**70), 2**70),
    ttl_ms=st.integers(1, 60_000),
    expiry_s=st.none() | st.integers(0, 2**32 - 1),
    clock_ok=st.booleans(),
    waited_ms=st.integers(0, 120_000),
)
def test_nothing_older_than_its_ttl_ever_runs(
    ts: int | None, ttl_ms: int, expiry_s: int | None, clock_ok: bool, waited_ms: int
) -> None:
    found = verdict(tare(ts, ttl_ms), expiry_s=expiry_s, clock_ok=clock_ok, waited_ms=waited_ms)

    if found is None:
        if ts is not None and clock_ok:
            assert -2000 <= NOW - ts <= ttl_ms
        else:
            assert expiry_s
            assert waited_ms <= min(ttl_ms, expiry_s * 1000)


# --- names and arguments ----------------------------------------------------------------------------------------------


def test_an_unknown_command_is_rejected_with_the_known_ones() -> None:
    found = verdict(Command(id="c1", name="explode", ts=NOW))

    assert code(found) == "rejected unknown_command"
    assert found is not None
    assert "set_temp, tare" in found.problem.message


def test_a_wrong_argument_is_rejected() -> None:
    found = verdict(Command(id="c1", name="set_temp", ts=NOW, args={"value": 1100.5}))

    assert code(found) == "rejected out_of_range"
    assert found is not None
    assert found.problem.message == "argument 'value' is 1100.5, allowed is 20 to 1100 °C"


def problem(argument: Argument, value: Value) -> str:
    found = check_args(CommandSpec(args={"a": argument}), {"a": value})
    return found.code if found else ""


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("float", 21.5, ""),
        ("float", 21, ""),
        ("float", True, "wrong_type"),
        ("float", "21", "wrong_type"),
        ("float", math.nan, "not_finite"),
        ("float", math.inf, "not_finite"),
        ("float", 10**400, "not_finite"),
        ("int", 21, ""),
        ("int", -(2**53), ""),
        ("int", 2**53 + 1, "wrong_type"),
        ("int", 21.0, "wrong_type"),
        ("int", False, "wrong_type"),
        ("int", "21", "wrong_type"),
        ("int64", "-9223372036854775808", ""),
        ("int64", "9223372036854775808", "wrong_type"),
        ("int64", 7, ""),
        ("int64", "0x7", "wrong_type"),
        ("int64", "--7", "wrong_type"),
        ("int64", "", "wrong_type"),
        ("int64", "٣", "wrong_type"),
        ("uint64", "18446744073709551615", ""),
        ("uint64", "18446744073709551616", "wrong_type"),
        ("uint64", "-1", "wrong_type"),
        ("uint64", "9" * 10_000, "wrong_type"),
        ("bool", True, ""),
        ("bool", 1, "wrong_type"),
        ("str", "ramp", ""),
        ("str", 5, "wrong_type"),
    ],
)
def test_types(type_: ChannelType, value: Value, expected: str) -> None:
    assert problem(Argument(type=type_), value) == expected


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        (Argument(min=20, max=1100), 20, ""),
        (Argument(min=20, max=1100), 19.999, "out_of_range"),
        (Argument(max=1100), 1100.001, "out_of_range"),
        (Argument(min=0), -1e-300, "out_of_range"),
        (Argument(type="int", min=1, max=3), 4, "out_of_range"),
        (Argument(type="int64", max=10), "11", "out_of_range"),
        (Argument(type="uint64", min=10), "9", "out_of_range"),
        (Argument(type="str", choices=["ramp", "step"]), "step", ""),
        (Argument(type="str", choices=["ramp", "step"]), "Step", "not_a_choice"),
        (Argument(type="int", choices=["1", "2"]), 2, ""),
        (Argument(type="int", choices=["1", "2"]), 3, "not_a_choice"),
        (Argument(type="float", choices=["1", "2.5"]), 1.0, ""),
        (Argument(type="bool", choices=["true"]), False, "not_a_choice"),
    ],
)
def test_limits_and_choices(argument: Argument, value: Value, expected: str) -> None:
    assert problem(argument, value) == expected


def test_missing_and_unknown_arguments() -> None:
    spec = CommandSpec(args={"a": Argument(), "b": Argument(default=5)})

    assert check_args(spec, {"a": 1}) is None
    assert check_args(spec, {}) == Problem(code="missing_argument", message="argument 'a' is missing")
    assert check_args(spec, {"a": None}) == check_args(spec, {})
    assert check_args(spec, {"a": 1, "c": 2}) == Problem(
        code="unknown_argument", message="there is no argument 'c'; known: a, b"
    )


def test_complete_fills_in_the_defaults() -> None:
    spec = CommandSpec(args={"a": Argument(), "b": Argument(default=5)})

    assert complete(spec, {"a": 1}) == {"a": 1, "b": 5}
    assert complete(spec, {"a": 1, "b": None}) == {"a": 1, "b": 5}
    assert complete(spec, {"b": 7, "a": 1}) == {"a": 1, "b": 7}


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
arguments = st.builds(
    Argument,
    type=st.sampled_from(["float", "int", "int64", "uint64", "bool", "str"]),
    min=st.none() | st.floats(allow_nan=False),
    max=st.none() | st.floats(allow_nan=False),
    choices=st.lists(st.text()),
    default=values,
)


@given(st.dictionaries(st.sampled_from("abc"), arguments), st.dictionaries(st.sampled_from("abcd"), values))
def test_any_arguments_get_a_verdict_and_accepted_numbers_are_finite_and_within(
    specs: dict[str, Argument], args: dict[str, Value]
) -> None:
    if check_args(CommandSpec(args=specs), args):
        return

    for name, value in args.items():
        if isinstance(value, float):
            assert math.isfinite(value)
            assert specs[name].type == "float"
            low, high = specs[name].min, specs[name].max
            assert low is None or value >= low
            assert high is None or value <= high


def test_a_failure_carries_a_code_for_programs_and_a_message_for_people() -> None:
    failure = CommandFailed("interlock", "door open")

    assert (failure.code, failure.message, str(failure)) == ("interlock", "door open", "door open")
    assert str(CommandFailed("interlock")) == "interlock"
