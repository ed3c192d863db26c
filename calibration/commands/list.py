"""``labwire cal list``: the records of a register."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_dir, register, sentences, table
from calibration.record import NEXT, Record
from calibration.register import shown


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--item", default="", help="only of this item")
    parser.add_argument("--state", default="", choices=list(NEXT), help="only these")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Latest revisions only. Raises Wrong."""
    with sentences():
        found = register(args).records()
    chosen = [r for r in found if args.item in ("", r.item.id) and args.state in ("", r.state)]
    print(table([("record", "rev", "item", "work", "state", "by"), *map(_row, chosen)]))
    return EXIT_OK


def _row(record: Record) -> tuple[str, ...]:
    last = shown(record.history[-1].by) if record.history else ""
    return record.id, str(record.rev), record.item.id, record.begin[:10], record.state, last
