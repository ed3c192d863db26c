"""``labwire cal amend``: the next revision of a released record; the one before stays as it is."""

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from calibration.commands import EXIT_OK, Wrong, read_text
from calibration.commands.common import add_by, add_dir, by, register, sentences
from calibration.record import Record
from calibration.register.life import amend

_TEXTS = ("customer", "laboratory", "place", "begin", "end", "received", "adjustment")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--reason", required=True, help="it stands in the record and on the new documents")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=TEXT", help=f"item.KEY, {', '.join(_TEXTS)}")
    parser.add_argument("--changes", type=Path, metavar="FILE", help="other keys of the record: JSON or TOML")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        changes = _changes(kept.record(args.id), args)
        done = amend(kept, args.id, by(args), args.reason, **changes)
    print(
        f"{done.id} revision {done.rev} is performed; review and release it, and it takes the place of the one before"
    )
    return EXIT_OK


def _changes(old: Record, args: argparse.Namespace) -> dict[str, Any]:
    plain: dict[str, Any] = {**_file(args.changes)} if args.changes else {}
    for text in args.set:
        key, equals, value = text.partition("=")
        if key.startswith("item."):
            plain["item"] = {**plain.get("item", msgspec.to_builtins(old.item)), key[5:]: value}
        elif equals and key in _TEXTS:
            plain[key] = value
        else:
            raise Wrong(f"{text!r} is not KEY=TEXT with item.KEY or one of {', '.join(_TEXTS)}")
    return _typed(old, plain)


def _typed(old: Record, plain: dict[str, Any]) -> dict[str, Any]:
    unknown = set(plain) - set(Record.__struct_fields__)
    if unknown:
        raise Wrong(f"a record has no {', '.join(sorted(unknown))}")
    try:
        read = msgspec.convert({**msgspec.to_builtins(old), **plain}, Record)
    except msgspec.ValidationError as e:
        raise Wrong(f"the changed record cannot be used: {e}") from e
    return {key: getattr(read, key) for key in plain}


def _file(path: Path) -> dict[str, Any]:
    try:
        text = read_text(path)
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as e:
        raise Wrong(f"{path}: {e}") from e
    if not isinstance(found, dict):
        raise Wrong(f"{path} has no keys of a record")
    return found
