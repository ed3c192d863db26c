"""``labwire cal``: procedures, results of a record, and the self-test."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

EXIT_OK, EXIT_FAILED, EXIT_WRONG = 0, 1, 2


class _Wrong(Exception):
    """One sentence for the person at the terminal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0; 1 when a check failed or a result does not conform; 2 for a file that cannot be used."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "selftest":
            return _selftest()
        if args.command == "lint":
            return _lint(args.file, args.standard_u, args.resolution)
        if args.command == "new":
            return _new(args.template, args.output)
        return _compute(args.record, args.procedure)
    except _Wrong as e:
        print(f"labwire cal: {e}", file=sys.stderr)
        return EXIT_WRONG


def _selftest() -> int:
    from calibration.selftest import run, table

    checks = run()
    print(table(checks))
    return EXIT_OK if all(check.passed for check in checks) else EXIT_FAILED


def _lint(file: Path, standard_u: float | None, resolution: float) -> int:
    from calibration import procedure
    from calibration.lint import lint

    text = _read(file)
    try:
        read = procedure.read(text)
    except procedure.ProcedureError as e:
        raise _Wrong(f"{file}: {e}") from e
    findings = lint(read, standard_U=standard_u, d=resolution)
    for finding in findings:
        print(f"{finding.severity}: {finding.text}")
    print(f"{read.id} revision {read.rev}, sha256 {procedure.sha256(text)}")
    return EXIT_FAILED if any(finding.severity == "error" for finding in findings) else EXIT_OK


def _new(template: str | None, output: Path | None) -> int:
    from calibration import templates

    if template is None:
        for name in templates.names():
            print(f"{name:<20} {_title(templates.text(name))}")
        return EXIT_OK
    if template not in templates.names():
        raise _Wrong(f"there is no template {template!r}; there are {', '.join(templates.names())}")
    path = output or Path(f"{template}.toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(templates.text(template))
    except FileExistsError as e:
        raise _Wrong(f"{path} exists already, and stays as it is") from e
    except OSError as e:
        raise _Wrong(f"{path} cannot be written: {e.strerror}") from e
    print(f"{path} is written; change it, then: labwire cal lint {path}")
    return EXIT_OK


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _compute(record_file: Path, procedure_file: Path) -> int:
    from calibration import procedure, record
    from calibration.compute import compute
    from calibration.exact import CalculationError
    from calibration.table import text

    try:
        rules = procedure.read(_read(procedure_file))
    except procedure.ProcedureError as e:
        raise _Wrong(f"{procedure_file}: {e}") from e
    try:
        made = record.read(_read(record_file))
    except record.RecordError as e:
        raise _Wrong(f"{record_file}: {e}") from e
    if made.procedure.sha256 and made.procedure.sha256 != procedure.sha256(_read(procedure_file)):
        raise _Wrong(f"{procedure_file} is not the procedure the record was made with: its hash differs")
    try:
        results = compute(made, rules)
    except CalculationError as e:
        raise _Wrong(f"{record_file}: {e}") from e
    print(text(results, rules))
    return EXIT_FAILED if list(results.values())[-1].passed is False else EXIT_OK


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as e:
        raise _Wrong(f"{path} cannot be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise _Wrong(f"{path} is not text in UTF-8") from e


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire cal", description="Calibration: procedures, results, self-test.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("selftest", help="print published numbers beside what this installation computes")
    new = commands.add_parser("new", help="write a procedure from a template, or list the templates")
    new.add_argument("template", nargs="?", help="leave it out for the list")
    new.add_argument("-o", "--output", type=Path, help="the file to write (default: TEMPLATE.toml)")
    lint = commands.add_parser("lint", help="check a procedure before any work")
    lint.add_argument("file", type=Path)
    lint.add_argument("--standard-u", type=float, metavar="U", help="expanded uncertainty (k = 2) of the standard")
    lint.add_argument("--resolution", type=float, default=0.0, metavar="D", help="scale interval of the item")
    compute = commands.add_parser("compute", help="compute a record's results and print them")
    compute.add_argument("record", type=Path, help="the record, JSON")
    compute.add_argument("-p", "--procedure", type=Path, required=True, help="the procedure it was made with, TOML")
    return parser


if __name__ == "__main__":
    sys.exit(main())
