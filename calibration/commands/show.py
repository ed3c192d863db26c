"""``labwire cal show``: one record with its life and its results."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_dir, register, sentences
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.record import Record, write
from calibration.register import KINDS, Register, shown
from calibration.table import text


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--rev", type=int, help="a revision (default: the latest)")
    parser.add_argument("--json", action="store_true", help="the record as it is kept")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        record = kept.record(args.id, args.rev)
        if args.json:
            print(write(record).decode())
        else:
            print("\n".join(_lines(kept, record)))
    return EXIT_OK


def _lines(kept: Register, record: Record) -> list[str]:
    lines = [
        f"{record.id} revision {record.rev}, {record.state}: item {record.item.id}, {record.begin} to {record.end}"
    ]
    for change in record.history:
        lines.append(f"  {change.by.at}  {change.state:<10}  {shown(change.by)}  {change.reason}".rstrip())
    for kind in KINDS:
        path = kept.document(record.id, record.rev, kind)
        lines += [f"  {kind:<12} {path}"] if path else []
    procedure, _ = kept.procedure(record.procedure.sha256)
    try:
        return [*lines, "", text(compute(record, procedure), procedure)]
    except CalculationError as e:
        return [*lines, "", f"nothing can be computed: {e}"]
