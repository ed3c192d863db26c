"""``labwire cal lab``: what stands on every certificate, and keeping a change of it."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_by, add_dir, by, register, sentences


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|keep")
    add_dir(verbs.add_parser("show", help="lab.toml as it is read"))
    keep = verbs.add_parser("keep", help="enter a changed lab.toml or logo into the chain")
    add_dir(keep)
    add_by(keep)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong for a ``lab.toml`` that cannot be used."""
    kept = register(args)
    if args.verb == "keep":
        with sentences():
            kept.keep_lab(by(args))
    for name in kept.lab.__struct_fields__:
        print(f"{name:<12} {getattr(kept.lab, name)}")
    return EXIT_OK
