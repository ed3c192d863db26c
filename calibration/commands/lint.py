"""``labwire cal lint``: what is wrong with a procedure before any work."""

import argparse
from pathlib import Path

from calibration import procedure
from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong, read_text
from calibration.lint import lint


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--standard-u", type=float, metavar="U", help="expanded uncertainty (k = 2) of the standard")
    parser.add_argument("--resolution", type=float, default=0.0, metavar="D", help="scale interval of the item")


def run(args: argparse.Namespace) -> int:
    """Returns 1 for a procedure with an error. Raises Wrong for one that cannot be read."""
    text = read_text(args.file)
    try:
        read = procedure.read(text)
    except procedure.ProcedureError as e:
        raise Wrong(f"{args.file}: {e}") from e
    findings = lint(read, standard_U=args.standard_u, d=args.resolution)
    for finding in findings:
        print(f"{finding.severity}: {finding.text}")
    print(f"{read.id} revision {read.rev}, sha256 {procedure.sha256(text)}")
    return EXIT_FAILED if any(finding.severity == "error" for finding in findings) else EXIT_OK
