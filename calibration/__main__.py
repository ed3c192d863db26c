"""``labwire cal``: the table of its commands. Only the module of the one that is called is imported."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from calibration.commands import EXIT_OK, EXIT_WRONG, Wrong

COMMANDS = {
    "new": ("calibration.commands.new", "write a procedure from a template, or list the templates"),
    "lint": ("calibration.commands.lint", "check a procedure before any work"),
    "compute": ("calibration.commands.compute", "compute a record's results and print them"),
    "selftest": ("calibration.commands.selftest", "print published numbers beside what this installation computes"),
    "init": ("calibration.commands.init", "make a register: one folder for all of a lab's calibrations"),
    "lab": ("calibration.commands.lab", "what the certificates say of the lab; keep a change of it"),
    "item": ("calibration.commands.item", "what is calibrated, and where it sits"),
    "standard": ("calibration.commands.standard", "the references, with their certificates"),
    "external": ("calibration.commands.external", "certificates of service firms for items"),
    "due": ("calibration.commands.due", "what must be calibrated, and when; also as an iCalendar file"),
    "check": ("calibration.commands.check", "the daily check of an item, and its control chart"),
    "history": ("calibration.commands.history", "which item sat where, its calibrations, drift and interval"),
    "enter": ("calibration.commands.enter", "a calibration from typed readings"),
    "verify": ("calibration.commands.verify", "whether a record, a document or the whole register is as it was"),
    "run": ("calibration.commands.run", "a calibration on live data, guided; also over stored samples"),
    "serve": ("calibration.commands.serve", "host runs started from the page; publish what is in force"),
    "list": ("calibration.commands.list", "the records of the register"),
    "show": ("calibration.commands.show", "one record with its life and its results"),
    "review": ("calibration.commands.review", "somebody looked at a performed record, or sends it back"),
    "release": ("calibration.commands.release", "compute, draw the documents, enter all of it into the chain"),
    "signed": ("calibration.commands.signed", "keep the signed form of a released document"),
    "amend": ("calibration.commands.amend", "the next revision of a released record"),
    "worksheet": ("calibration.commands.worksheet", "a procedure as a sheet to write on"),
    "pdf": ("calibration.commands.pdf", "a record as certificate or protocol"),
    "dcc": ("calibration.commands.dcc", "a record as Digital Calibration Certificate, XML"),
    "csv": ("calibration.commands.csv", "results and readings of a record as a table"),
    "label": ("calibration.commands.label", "the sticker of a released calibration"),
    "sign": ("calibration.commands.sign", "a signature on a PDF (PAdES)"),
    "publish": ("calibration.commands.publish", "tell the broker which calibrations are in force"),
    "withdraw": ("calibration.commands.withdraw", "a record holds no longer"),
}
"""Word of the command line → module with ``add(parser)`` and ``run(args) -> int``, and its line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0; 1 when a check failed or a result does not conform; 2 for what cannot be used."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or given[0] not in COMMANDS:
        _overview().parse_args(given)
        return EXIT_OK
    module = import_module(COMMANDS[given[0]][0])
    parser = argparse.ArgumentParser(prog=f"labwire cal {given[0]}", description=COMMANDS[given[0]][1])
    module.add(parser)
    try:
        return int(module.run(parser.parse_args(given[1:])))
    except Wrong as e:
        print(f"labwire cal: {e}", file=sys.stderr)
        return EXIT_WRONG


def _overview() -> argparse.ArgumentParser:
    """Knows the words only; for --help and for a word that is none."""
    parser = argparse.ArgumentParser(prog="labwire cal", description="Calibration: from the work to the document.")
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, (_, text) in COMMANDS.items():
        words.add_parser(word, help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
