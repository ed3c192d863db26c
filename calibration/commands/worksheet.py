"""``labwire cal worksheet``: a procedure as a sheet to write on; no record is needed."""

import argparse
from pathlib import Path

from calibration import procedure
from calibration.commands import EXIT_OK, Wrong, read_text
from calibration.commands.common import add_dir, register, sentences
from calibration.commands.documents import add_output, lab_of, language, papers, write


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("procedure", type=Path, help="TOML")
    parser.add_argument("--item", metavar="ID", help="an item of the register, whose particulars are filled in")
    parser.add_argument("--lab", type=Path, help="the folder of lab.toml (default: the register)")
    add_dir(parser)
    add_output(parser, "PROCEDURE-worksheet.pdf")


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    from calibration.documents import pdf

    text = read_text(args.procedure)
    try:
        rules = procedure.read(text)
    except procedure.ProcedureError as e:
        raise Wrong(f"{args.procedure}: {e}") from e
    lab, logo = lab_of(args)
    with sentences(), papers(str(args.procedure)):
        item = register(args).item(args.item).item if args.item else None
        data = pdf.blank(rules, text, lab, language(args, lab), logo, item)
    write(data, args, f"{rules.id}-worksheet.pdf")
    return EXIT_OK
