"""``labwire cal standard``: the references, with their certificates."""

import argparse
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from calibration.commands import EXIT_OK, Wrong, read_text
from calibration.commands.common import add_by, add_dir, by, content, register, sentences, table
from calibration.record import Standard
from calibration.register import Register, StandardEntry, when


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|retire")
    new = verbs.add_parser("add", help="a standard, or the next certificate of one")
    new.add_argument("id")
    new.add_argument("--certificate", type=Path, required=True, metavar="FILE.pdf", help="kept as it is, for ever")
    new.add_argument("--number", default="", help="of the certificate")
    new.add_argument("--laboratory", default="")
    new.add_argument("--date", required=True, metavar="DAY")
    new.add_argument("--due", required=True, metavar="DAY", help="from then on it cannot be used")
    new.add_argument("--class", dest="class_", default="", help="what procedures ask for: pt25, F1, …")
    new.add_argument("--serial", default="")
    new.add_argument("-k", default="2", help="coverage factor of U (default 2)")
    new.add_argument("-U", metavar="U", help="expanded uncertainty, where it is the same everywhere")
    points = "x:correction:U, where it is not; may be repeated"
    new.add_argument("--point", action="append", default=[], metavar="X:C:U", help=points)
    new.add_argument("--points", type=Path, metavar="FILE", help="the same from a file: TOML, or CSV x,correction,U")
    _common(new)
    add_dir(verbs.add_parser("list", help="all standards, when they are due"))
    retire = verbs.add_parser("retire", help="not to be used any more")
    retire.add_argument("id")
    retire.add_argument("--at", default="", metavar="TIME")
    retire.add_argument("--reason", default="")
    _common(retire)


def _common(parser: argparse.ArgumentParser) -> None:
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        if args.verb == "add":
            _add(kept, args)
        elif args.verb == "retire":
            kept.retire(args.id, args.at, by(args), args.reason)
            print(f"{args.id} is retired")
        else:
            print(table([("standard", "class", "certificate", "of", "due", "sits at", "state"), *_rows(kept)]))
    return EXIT_OK


def _add(kept: Register, args: argparse.Namespace) -> None:
    kept.add_standard(_standard(args), by(args), certificate=content(args.certificate))
    print(f"standard {args.id}, certificate {args.number or 'without a number'}, due {args.due}")


def _standard(args: argparse.Namespace) -> Standard:
    points = [*map(_point, args.point), *(_file(args.points) if args.points else [])]
    names = ("id", "serial", "laboratory", "date", "due", "k", "U")
    given = {name: getattr(args, name) for name in names if getattr(args, name)}
    given |= {"class": args.class_, "certificate": args.number, "points": points}
    try:
        return msgspec.convert(given, Standard)
    except msgspec.ValidationError as e:
        raise Wrong(f"standard {args.id}: {str(e).partition(' - at ')[0]}") from e


def _point(text: str) -> dict[str, Any]:
    parts = text.replace(";", ":").replace(",", ":").split(":")
    if len(parts) != 3:
        raise Wrong(f"{text!r} is not X:CORRECTION:U")
    return dict(zip(("x", "correction", "U"), (part.strip() for part in parts), strict=True))


def _file(path: Path) -> list[dict[str, Any]]:
    """CSV with or without a head line, or TOML ``[[points]]`` with numbers as text."""
    text = read_text(path)
    if path.suffix == ".toml":
        try:
            found = tomllib.loads(text, parse_float=str).get("points", [])
        except tomllib.TOMLDecodeError as e:
            raise Wrong(f"{path}: {e}") from e
        return [{key: str(value) for key, value in point.items()} for point in found]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [_point(line) for line in lines if not line.casefold().startswith("x")]


def _rows(kept: Register) -> list[tuple[str, ...]]:
    today = when.text(kept.clock())[:10]
    return [_row(entry, today) for entry in kept.standards()]


def _row(entry: StandardEntry, today: str) -> tuple[str, ...]:
    made = entry.standard
    here = next((str(p) for p in entry.placements if not p.end), "")
    state = "overdue" if entry.state == "active" and made.due and made.due[:10] < today else entry.state
    return made.id, made.class_, made.certificate, made.date[:10], made.due[:10], here, state
