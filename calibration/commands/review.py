"""``labwire cal review``: somebody looked at a performed record, or sends it back."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_by, add_dir, by, register, sentences
from calibration.record import State
from calibration.register.life import advance


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--back", action="store_true", help="not in order: it is a draft, or performed, again")
    parser.add_argument("--reason", default="")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        before = kept.record(args.id)
        back: State = "performed" if before.state == "reviewed" else "draft"
        done = advance(kept, args.id, back if args.back else "reviewed", by(args), args.reason)
    print(f"{done.id} revision {done.rev} is {done.state}")
    return EXIT_OK
