"""Parameters: which are watched, what command sets one, and whether a wanted value may be written. Pure."""

import math
import re
from collections.abc import Mapping, Sequence

import msgspec

from broker.commands import CommandFailed
from broker.messages import Argument, CommandSpec, Value
from msr_adapter.catalog import Catalog, Setting
from msr_adapter.describe import Column, type_of
from msr_adapter.tables import InstrumentTable, ParameterTable
from msr_adapter.wire import Layout, to_text
from msr_adapter.wire.samples import Number, Samples, from_image

TIMEOUT_MS = 10_000
MOST_ELEMENTS = 4096
"""Of one signal or parameter: each is a channel with its description, and a sample of all is one message."""
_INTEGER = re.compile(r"[+-]?\d{1,20}")
_NON_FINITE = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}


class Watched(msgspec.Struct, frozen=True):
    """A parameter whose value is published; ``table`` where it may be written, with the name of its command."""

    column: Column
    command: str
    table: ParameterTable | None = None

    @property
    def elements(self) -> int:
        """How many values it has: a text is one."""
        return 1 if self.column.type == "str" else self.column.layout.count


class Picked(msgspec.Struct, frozen=True):
    """A parameter of the server that an instrument wants; ``table`` where it may be written."""

    setting: Setting
    table: ParameterTable | None


def picked(table: InstrumentTable, catalog: Catalog, problems: list[str]) -> list[Picked]:
    """The parameters of an instrument; a sentence for each that is not there or cannot be written as configured."""
    found = {s.path: Picked(s, None) for p in table.parameters for s in catalog.settings_like(p)}
    missing = [p for p in table.parameters if not catalog.settings_like(p)]
    for wanted in table.parameter:
        setting = catalog.setting(wanted.path)
        if setting is None:
            missing.append(wanted.path)
            continue
        wrong = unfit(wanted, setting)
        problems += [f"{wanted.path} cannot be set: {wrong}"] if wrong else []
        found[setting.path] = Picked(setting, None if wrong else wanted)
    found = {path: p for path, p in found.items() if not too_large(p.setting.layout, problems, path)}
    if missing:
        problems.append(f"no parameter on the server for {listed(missing)}")
    return list(found.values())


def too_large(layout: Layout, problems: list[str], path: bytes) -> bool:
    """Whether one sample would not fit into a message; then a sentence says so."""
    if layout.count > MOST_ELEMENTS:
        problems.append(f"{to_text(path)} has {layout.count} elements, more than {MOST_ELEMENTS} are not read")
    return layout.count > MOST_ELEMENTS


def watched(one: Picked, col: Column) -> Watched:
    """With the name of its command, which is that of its channels."""
    return Watched(col, f"set_{col.base}", one.table)


def listed(words: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def unfit(wanted: ParameterTable, setting: Setting) -> str:
    """Why the limits do not suit the parameter's type; "" when they do."""
    kind = setting.layout.type
    if wanted.type:
        return (
            ""
            if type_of(setting.layout, wanted.type) == wanted.type
            else f"it is a {setting.layout.typ}, no {wanted.type}"
        )
    if kind.limits is None:
        return ""
    low, high = kind.limits
    for key, limit in (("min", wanted.min), ("max", wanted.max)):
        if not isinstance(limit, int) or not low <= limit <= high:
            return f"{key} = {limit} is no integer from {low} to {high}, the range of its type {kind.name}"
    return "it is an integer, non_finite is for floats" if wanted.non_finite else ""


# --- commands ---------------------------------------------------------------------------------------------------------


def command(w: Watched) -> tuple[str, CommandSpec]:
    """Name and description of the command that sets a writable parameter.

    A scalar or text has one argument ``value`` of its own type. A vector or matrix has ``values``, numbers with commas,
    and ``start``, the element (row-major) where they begin.
    """
    table = w.table or ParameterTable(path="")
    col = w.column
    what = col.table.label or to_text(col.path).rpartition("/")[2]
    step = f", by {table.max_step} at most" if table.max_step is not None else ""
    if w.elements == 1 and not table.non_finite:
        limits = {} if col.type in ("bool", "str") else {"min": table.min, "max": table.max}
        args = {"value": Argument(type=col.type, unit=col.table.unit, label=what + _hint(table, col) + step, **limits)}  # type: ignore[arg-type]
    elif w.elements == 1:
        args = {"value": Argument(type="str", unit=col.table.unit, label=what + _hint(table, col) + step)}
    else:
        last = w.elements - 1
        args = {
            "values": Argument(type="str", unit=col.table.unit, label=f"{what}, {_limits(table, col)}{step}"),
            "start": Argument(type="int", label="First element", min=0, max=last, default=0),
        }
    sets = col.channels[0] if w.elements == 1 else ""
    return w.command, CommandSpec(
        label=f"Set {what}", args=args, confirm=table.confirm, timeout_ms=TIMEOUT_MS, sets=sets
    )


def _hint(table: ParameterTable, col: Column) -> str:
    """What the argument's own type and limits do not say."""
    if col.type == "str":
        return f", up to {col.layout.count} bytes"
    return f", {_limits(table, col)}" if table.non_finite else ""


def _limits(table: ParameterTable, col: Column) -> str:
    if col.type == "bool":
        return "true or false"
    return f"{table.min} to {table.max}" + (", nan, inf or -inf" if table.non_finite else "")


def wanted_values(w: Watched, args: Mapping[str, Value]) -> tuple[int, list[Number]]:
    """First element and values of a command. Raises CommandFailed for a wrong type, range, shape or overrun."""
    table = w.table
    if table is None:
        raise CommandFailed("read_only", f"{to_text(w.column.path)} is not to be written")
    given = args.get("values", args.get("value"))
    start = args.get("start", 0)
    if w.column.type == "str":
        return 0, list(text_image(w.column.layout, given))
    words = given.split(",") if isinstance(given, str) and w.elements > 1 else [given]
    if not isinstance(start, int) or start + len(words) > w.elements:
        raise CommandFailed(
            "out_of_range", f"{len(words)} values from element {start} do not fit into {w.elements} elements"
        )
    return start, [_checked(w, table, word) for word in words]


def text_image(layout: Layout, text: Value) -> Samples:
    """A text as the byte vector it fills, with zeros behind it. Raises CommandFailed."""
    if not isinstance(text, str) or "\0" in text:
        raise CommandFailed("wrong_type", f"{text!r} is not a text, or holds a zero byte")
    image = text.encode()
    if len(image) > layout.size:
        raise CommandFailed("out_of_range", f"{len(image)} bytes do not fit into {layout.size}")
    return from_image(layout, image.ljust(layout.size, b"\0"))


def _checked(w: Watched, table: ParameterTable, word: Value) -> Number:
    number = _number(w, word)
    if isinstance(number, float) and not math.isfinite(number):
        if not table.non_finite:
            raise CommandFailed("not_finite", f"{word} is not a finite number")
        return number
    if table.min is not None and table.max is not None and not table.min <= number <= table.max:
        raise CommandFailed("out_of_range", f"{word} is outside {table.min} to {table.max}")
    return number


def _number(w: Watched, word: Value) -> Number:
    if isinstance(word, str):
        word = word.strip()
    if w.column.type == "bool":
        return _bool(word)
    if isinstance(word, bool) or word is None:
        raise CommandFailed("wrong_type", f"{word} is not a number")
    if w.column.layout.type.is_float:
        return _float(word)
    if isinstance(word, int):
        return word
    if isinstance(word, str) and _INTEGER.fullmatch(word):
        return int(word)
    raise CommandFailed("wrong_type", f"{word!r} is not a whole number")


def _bool(word: Value) -> int:
    if isinstance(word, bool):
        return int(word)
    if isinstance(word, str) and word.lower() in ("true", "1", "false", "0"):
        return int(word.lower() in ("true", "1"))
    raise CommandFailed("wrong_type", f"{word!r} is not true or false")


def _float(word: float | int | str) -> float:
    if isinstance(word, str) and word.lower() in _NON_FINITE:
        return _NON_FINITE[word.lower()]
    try:
        number = float(word)
    except (ValueError, OverflowError):
        raise CommandFailed("wrong_type", f"{word!r} is not a number") from None
    if not math.isfinite(number):
        raise CommandFailed("out_of_range", f"{word} is too large")
    return number


def check_step(w: Watched, now: Samples, start: int, wanted: Sequence[Number]) -> None:
    """Raise CommandFailed when an element would change by more than ``max_step``; from or to NaN is no step."""
    step = w.table.max_step if w.table else None
    if step is None:
        return
    for k, value in enumerate(wanted, start):
        if math.isfinite(value) and math.isfinite(now[k]) and abs(value - now[k]) > step:
            raise CommandFailed("step", f"from {now[k]} to {value} is more than max_step {step}")
