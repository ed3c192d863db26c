"""``labwire cal label``: the sticker of a released calibration."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.documents import add_output, add_source, dossier, language, papers, write


def add(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_output(parser, "ID-label.pdf")


def run(args: argparse.Namespace) -> int:
    """Raises Wrong, also for a record that is not released."""
    from calibration.documents import pdf

    made = dossier(args)
    with papers(made.record.id):
        data = pdf.render("label", made, language(args, made.lab))
    write(data, args, f"{made.record.id}-label.pdf")
    return EXIT_OK
