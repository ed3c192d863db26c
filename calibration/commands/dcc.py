"""``labwire cal dcc``: a record as Digital Calibration Certificate."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.documents import add_output, add_source, dossier, stored, write


def add(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_output(parser, "ID.xml")


def run(args: argparse.Namespace) -> int:
    """Both languages are in it; ``--language`` names the one that counts. Raises Wrong."""
    import dataclasses

    import msgspec

    from calibration.documents import dcc

    kept = stored(args, "dcc")
    if kept is not None:
        write(kept, args, f"{args.record}.xml")
        return EXIT_OK
    made = dossier(args)
    if args.language:
        made = dataclasses.replace(made, lab=msgspec.structs.replace(made.lab, language=args.language))
    write(dcc.render(made), args, f"{made.record.id}.xml")
    return EXIT_OK
