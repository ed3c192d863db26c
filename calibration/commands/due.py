"""``labwire cal due``: what must be calibrated, and when."""

import argparse
import json
from pathlib import Path

from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong
from calibration.commands.common import add_dir, register, sentences, table
from calibration.register import when
from calibration.register.due import Due, dues, soon
from calibration.register.ics import calendar


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--within", default="30d", metavar="DAYS", help="what counts as due (default 30d)")
    parser.add_argument("--all", action="store_true", help="also what is in order")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ics", type=Path, metavar="FILE", help="write all due days as an iCalendar file")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where something is overdue or was never calibrated. Raises Wrong."""
    kept = register(args)
    with sentences():
        lines = dues(kept, when.within(args.within))
    if args.ics:
        _write(args.ics, calendar(lines, when.now(), kept.lab.name))
    chosen = lines if args.all else soon(lines)
    if args.json:
        print(json.dumps([line.plain() for line in chosen], indent=1, ensure_ascii=False))
    else:
        print(table([("due", "status", "", "id", "last", "by", "sits at", "what"), *map(_row, chosen)]))
    return EXIT_FAILED if any(line.status in ("overdue", "never") for line in lines) else EXIT_OK


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as e:
        raise Wrong(f"{path} cannot be written: {e.strerror}") from e


def _row(line: Due) -> tuple[str, ...]:
    where = f"{line.instrument}/{line.channel}" if line.instrument else ""
    day, last = (d.isoformat() if d else "-" for d in (line.day, line.last))
    return day, line.status, line.kind, line.id, last, line.by, where, line.what
