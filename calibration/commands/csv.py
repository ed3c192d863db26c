"""``labwire cal csv``: results and readings of a record as a table."""

import argparse
from pathlib import Path

from calibration.commands import EXIT_OK
from calibration.commands.documents import add_source, dossier, stored, write


def add(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: ID.csv); - is standard output")


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    from calibration.documents import csv

    kept = stored(args, "csv")
    if kept is not None:
        write(kept, args, f"{args.record}.csv")
        return EXIT_OK
    made = dossier(args)
    write(csv.render(made), args, f"{made.record.id}.csv")
    return EXIT_OK
