"""``labwire cal pdf``: a record as certificate or protocol."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.documents import add_output, add_source, dossier, language, papers, stored, write


def add(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    what = "certificate: the extract for the owner; protocol: everything (default: certificate)"
    parser.add_argument("--kind", choices=("certificate", "protocol"), default="certificate", help=what)
    parser.add_argument("--selftest", action="store_true", help="the protocol also lists every published number")
    add_output(parser, "ID-KIND.pdf")


def run(args: argparse.Namespace) -> int:
    """A released document in the lab's language is the one that was issued, byte for byte. Raises Wrong."""
    import dataclasses

    from calibration import selftest
    from calibration.documents import pdf

    kept = None if args.selftest else stored(args, args.kind)
    if kept is not None:
        write(kept, args, f"{args.record}-{args.kind}.pdf")
        return EXIT_OK
    made = dossier(args)
    if args.selftest:
        made = dataclasses.replace(made, selftest=tuple(selftest.run()))
    with papers(made.record.id):
        data = pdf.render(args.kind, made, language(args, made.lab))
    write(data, args, f"{made.record.id}-{args.kind}.pdf")
    return EXIT_OK
