"""``labwire cal withdraw``: a record holds no longer; what it corrected is void at once."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_by, add_dir, by, register, sentences
from calibration.register.life import withdraw


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--reason", required=True)
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        done = withdraw(kept, args.id, by(args), args.reason)
    print(f"{done.id} revision {done.rev} is withdrawn")
    return EXIT_OK
