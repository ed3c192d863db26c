"""``labwire cal signed``: a signed certificate or protocol takes the place of the plain one in the register."""

import argparse
from pathlib import Path

from calibration.commands import EXIT_OK
from calibration.commands.common import add_by, add_dir, by, content, register, sentences
from calibration.register.signed import keep


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("file", type=Path, help="as labwire cal sign wrote it")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        done = keep(kept, args.id, content(args.file), by(args))
    print(f"the signed document of {done.id} revision {done.rev} is in the register")
    return EXIT_OK
