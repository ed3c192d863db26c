"""Whether a command may run: its age, its name, its arguments. Pure; that it runs once is the Book's matter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from broker.book import Book, BookError
from broker.messages import MAX_TTL_MS, Argument, Command, CommandSpec, Meta, Problem, Value, fits

__all__ = ["Book", "BookError", "CommandFailed", "Verdict", "check_args", "complete", "judge"]

MAX_AHEAD_MS = 2000
"""A command stamped further ahead of our clock than this is refused: its age cannot be judged."""


class CommandFailed(Exception):
    """A command that was accepted and did not work; becomes the reply ``failed`` with this code and message."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a command is not executed, and as which terminal state the reply says so."""

    state: Literal["rejected", "expired"]
    problem: Problem


def judge(
    command: Command,
    meta: Meta,
    *,
    now_ms: int,
    retained: bool,
    expiry_s: int | None,
    clock_ok: bool,
    waited_ms: int = 0,
) -> Verdict | None:
    """Whether ``command`` may run now: None, or why not. An id seen before is the Book's matter, ask it first.

    ``expiry_s`` is the message expiry as received (what the broker left of it), ``clock_ok`` whether our own clock is
    synchronised, ``waited_ms`` how long the message has waited here since it arrived. Codes: retained, clock, undated,
    expired, unknown_command and those of ``check_args``.
    """
    if retained:
        return _rejected("retained", "a retained message is never executed")
    verdict = _judge_age(command, now_ms, expiry_s, clock_ok, waited_ms)
    if verdict is not None:
        return verdict
    spec = meta.commands.get(command.name)
    if spec is None:
        known = ", ".join(sorted(meta.commands)) or "none"
        return _rejected("unknown_command", f"{command.name!r} is not a command of this instrument; known: {known}")
    problem = check_args(spec, command.args)
    return Verdict("rejected", problem) if problem else None


def _judge_age(command: Command, now_ms: int, expiry_s: int | None, clock_ok: bool, waited_ms: int) -> Verdict | None:
    if command.ts is None or not clock_ok:
        return _judge_by_arrival(command, expiry_s, clock_ok, waited_ms)
    age_ms = now_ms - command.ts
    if age_ms < -MAX_AHEAD_MS:
        return _rejected("clock", f"the command's ts is {-age_ms / 1000:g} s ahead of this clock")
    return _expired(age_ms, command.ttl_ms) if age_ms > command.ttl_ms else None


def _judge_by_arrival(command: Command, expiry_s: int | None, clock_ok: bool, waited_ms: int) -> Verdict | None:
    """Without a usable stamp only the broker's expiry bounds the age. 0 means "never" to Mosquitto, so it counts as
    none; more than the longest ttl bounds nothing."""
    if not expiry_s or expiry_s * 1000 > MAX_TTL_MS:
        if clock_ok:
            return _rejected("undated", "the command has neither ts nor a message expiry, its age cannot be judged")
        return _rejected("clock", "this clock is not synchronised and the command has no message expiry")
    left_ms = min(command.ttl_ms, expiry_s * 1000)
    return _expired(waited_ms, left_ms) if waited_ms > left_ms else None


def _rejected(code: str, message: str) -> Verdict:
    return Verdict("rejected", Problem(code=code, message=message))


def _expired(age_ms: int, ttl_ms: int) -> Verdict:
    message = f"the command is {age_ms / 1000:g} s old, it was good for {ttl_ms / 1000:g} s"
    return Verdict("expired", Problem(code="expired", message=message))


# --- arguments --------------------------------------------------------------------------------------------------------


def check_args(spec: CommandSpec, args: Mapping[str, Value]) -> Problem | None:
    """The first thing wrong with ``args``, or None.

    null is the same as left out; an argument with a default may be. Codes: unknown_argument, missing_argument,
    wrong_type, not_finite, out_of_range, not_a_choice.
    """
    for name in args:
        if name not in spec.args:
            known = ", ".join(spec.args) or "none"
            return Problem(code="unknown_argument", message=f"there is no argument {name!r}; known: {known}")
    for name, argument in spec.args.items():
        value = args.get(name)
        if value is None and argument.default is None:
            return Problem(code="missing_argument", message=f"argument {name!r} is missing")
        problem = None if value is None else _check_value(name, argument, value)
        if problem:
            return problem
    return None


def complete(spec: CommandSpec, args: Mapping[str, Value]) -> dict[str, Value]:
    """The arguments with the defaults of those left out, in the description's order. ``args`` has been checked."""
    given = {name: args.get(name) for name in spec.args}
    return {name: spec.args[name].default if value is None else value for name, value in given.items()}


def _check_value(name: str, argument: Argument, value: Value) -> Problem | None:
    if not fits(value, argument.type):
        return Problem(
            code="wrong_type", message=f"argument {name!r} is {_shown(value)}, {_EXPECTED[argument.type]} was expected"
        )
    number = _number(argument, value)
    if number is not None and not math.isfinite(number):
        return Problem(code="not_finite", message=f"argument {name!r} is not a finite number")
    if number is not None and not _within(number, argument):
        return Problem(
            code="out_of_range", message=f"argument {name!r} is {_shown(value)}, allowed is {_limits(argument)}"
        )
    if argument.choices and _plain(value) not in argument.choices:
        return Problem(
            code="not_a_choice",
            message=f"argument {name!r} is {_shown(value)}, allowed are {', '.join(argument.choices)}",
        )
    return None


_EXPECTED = {
    "float": "a number",
    "int": "a whole number up to ±2^53",
    "int64": "a whole number of 64 bits, as decimal text beyond ±2^53",
    "uint64": "a whole number of 64 bits without sign, as decimal text beyond 2^53",
    "bool": "true or false",
    "str": "text",
}


def _number(argument: Argument, value: Value) -> float | int | None:
    """The value to compare with the limits; None for text and truth values. A float beyond double is infinite."""
    match argument.type:
        case "float":
            try:
                return float(value)  # type: ignore[arg-type]
            except OverflowError:
                return math.inf
        case "int" | "int64" | "uint64":
            return int(value)  # type: ignore[arg-type]
        case _:
            return None


def _within(number: float | int, argument: Argument) -> bool:
    return (argument.min is None or number >= argument.min) and (argument.max is None or number <= argument.max)


def _limits(argument: Argument) -> str:
    low = "" if argument.min is None else f"{argument.min:g}"
    high = "" if argument.max is None else f"{argument.max:g}"
    unit = f" {argument.unit}" if argument.unit else ""
    if low and high:
        return f"{low} to {high}{unit}"
    return f"at least {low}{unit}" if low else f"at most {high}{unit}"


def _plain(value: Value) -> str:
    """The value as it stands in ``choices``: 1.0 as "1", true as "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _shown(value: Value) -> str:
    text = repr(value) if isinstance(value, str) else _plain(value)
    return text if len(text) <= 60 else text[:57] + "…"
