"""From a command's table to what is sent and which answers mean what. Pure."""

import re
import string
from collections.abc import Mapping
from typing import Any

from broker.messages import Argument, CommandSpec, Value, fits
from broker.mistakes import Mistakes
from edge.line.checks import NUMBERS, check_sent, compiled, converted, known
from edge.line.spec import ArgumentSpec, ChannelSpec, LineCommand
from edge.line.tables import ArgumentTable, CommandTable, LineTable

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_command(name: str, raw: Mapping[str, Any], channels: Mapping[str, ChannelSpec], line: LineTable,
             mistakes: Mistakes) -> LineCommand | None:  # fmt: skip
    here = mistakes.within(f"command {name!r}")
    if not _NAME.fullmatch(name):
        here.add("the name was expected as a-z, 0-9 and '_', beginning with a letter")
    table = here.attempt(converted, raw, CommandTable)
    if table is None:
        return None
    if table.sets:
        known(table.sets, channels, here, "key 'sets'")
    if table.timeout_ms <= 0:
        here.add(f"key 'timeout_ms': {table.timeout_ms} is not greater than 0")
    args = {arg: spec for arg, t in table.args.items() if (spec := _argument(arg, t, here)) is not None}
    if len(args) == len(table.args):
        _check_format(table.send, args, here)
    check_sent(table.send, "send", line, here)
    shown = CommandSpec(
        label=table.label,
        args={arg: spec.shown for arg, spec in args.items()},
        confirm=table.confirm,
        timeout_ms=table.timeout_ms,
        sets=table.sets,
    )
    done = compiled(table.done, "done", here) if table.done else None
    failed = compiled(table.failed, "failed", here) if table.failed else None
    return LineCommand(name, shown, table.send, args, done, failed)


def _argument(name: str, raw: Mapping[str, Any], mistakes: Mistakes) -> ArgumentSpec | None:
    here = mistakes.within(f"argument {name!r}")
    if not _NAME.fullmatch(name):
        here.add("the name was expected as a-z, 0-9 and '_', beginning with a letter")
    table = here.attempt(converted, raw, ArgumentTable)
    if table is None:
        return None
    if table.min is not None and table.max is not None and table.min > table.max:
        here.add(f"key 'min': {table.min:g} is above 'max', {table.max:g}")
    if (table.min is not None or table.max is not None) and table.type not in NUMBERS:
        here.add(f"keys 'min' and 'max' are for float and int, this argument is {table.type}")
    if table.choices and table.type != "str":
        here.add(f"key 'choices' is for type str, this argument is {table.type}")
    if not fits(table.default, table.type):
        here.add(f"key 'default': {table.default!r} is not {table.type}")
    shown = Argument(
        type=table.type,
        unit=table.unit,
        label=table.label,
        min=table.min,
        max=table.max,
        choices=table.choices,
        default=table.default,
    )
    return ArgumentSpec(shown, table.words)


_EXAMPLES: Mapping[str, Value] = {"float": 1.0, "int": 1, "int64": 1, "uint64": 1, "bool": True, "str": "x"}


def _check_format(send: str, args: Mapping[str, ArgumentSpec], here: Mistakes) -> None:
    """Only plain fields with a format that fits the argument's type; no attributes, so nothing can be reached."""
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(send) if name is not None}
    except ValueError as e:
        here.add(f"key 'send': {send!r} is not a format string: {e}; write braces that are to be sent twice")
        return
    for name in sorted(fields - args.keys()):
        here.add(f"key 'send': {{{name}}} in {send!r} is not one of the command's arguments")
    for name in sorted(args.keys() - fields):
        here.add(f"argument {name!r} does not occur in 'send', {send!r}")
    if fields == args.keys():
        example = {name: "x" if a.words else _EXAMPLES[a.shown.type] for name, a in args.items()}
        try:
            send.format_map(example)
        except (ValueError, KeyError, IndexError) as e:
            here.add(f"key 'send': {send!r} does not fit its arguments' types: {e}")
