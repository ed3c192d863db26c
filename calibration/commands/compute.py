"""``labwire cal compute``: the results of a record, printed."""

import argparse
from pathlib import Path

from calibration import procedure, record
from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong, read_text
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.table import text


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, help="the record, JSON")
    parser.add_argument("-p", "--procedure", type=Path, required=True, help="the procedure it was made with, TOML")


def run(args: argparse.Namespace) -> int:
    """Returns 1 where the last run does not conform. Raises Wrong."""
    rules, made = _procedure(args.procedure), _record(args.record)
    if made.procedure.sha256 and made.procedure.sha256 != procedure.sha256(read_text(args.procedure)):
        raise Wrong(f"{args.procedure} is not the procedure the record was made with: its hash differs")
    try:
        results = compute(made, rules)
    except CalculationError as e:
        raise Wrong(f"{args.record}: {e}") from e
    print(text(results, rules))
    return EXIT_FAILED if list(results.values())[-1].passed is False else EXIT_OK


def _procedure(file: Path) -> procedure.Procedure:
    try:
        return procedure.read(read_text(file))
    except procedure.ProcedureError as e:
        raise Wrong(f"{file}: {e}") from e


def _record(file: Path) -> record.Record:
    try:
        return record.read(read_text(file))
    except record.RecordError as e:
        raise Wrong(f"{file}: {e}") from e
