"""``labwire cal init`` and ``labwire cal lab``: a register, and what it says of the lab."""

import argparse

from calibration.commands import EXIT_OK
from calibration.commands.common import add_dir, folder, sentences
from calibration.register import Register


def add(parser: argparse.ArgumentParser) -> None:
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Makes the folder with a ``lab.toml`` to fill in. Raises Wrong for one that is there."""
    with sentences():
        made = Register.create(folder(args))
    print(
        f"{made.folder} is a register of calibrations; fill in {made.folder / 'lab.toml'}, then: labwire cal lab keep"
    )
    return EXIT_OK
