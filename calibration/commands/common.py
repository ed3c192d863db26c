"""What the commands of the register share: where it is, who asks, and errors as one sentence."""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from calibration.commands import Wrong
from calibration.record import Person
from calibration.register import Register, RegisterError, when
from calibration.register.identity import person

DEFAULT_DIR = "labwire-cal"


def add_dir(parser: argparse.ArgumentParser) -> None:
    """``--dir``."""
    parser.add_argument("--dir", type=Path, help=f"the register (default: LABWIRE_CAL, else ./{DEFAULT_DIR})")


def add_by(parser: argparse.ArgumentParser) -> None:
    """``--by``."""
    parser.add_argument(
        "--by", default="", metavar="NAME", help="who you are, where LABWIRE_TOKEN_FILE does not say it"
    )


def folder(args: argparse.Namespace) -> Path:
    return args.dir or Path(os.environ.get("LABWIRE_CAL") or DEFAULT_DIR)


def register(args: argparse.Namespace) -> Register:
    """The register that is asked for. Raises Wrong."""
    with sentences():
        return Register.open(folder(args))


def by(args: argparse.Namespace) -> Person:
    """Who asks, and now. Raises Wrong."""
    with sentences():
        return person(os.environ, args.by, when.text(when.now()))


@contextmanager
def sentences() -> Iterator[None]:
    """A RegisterError becomes Wrong."""
    try:
        yield
    except RegisterError as e:
        raise Wrong(str(e)) from e


def content(path: Path) -> bytes:
    """The bytes of a file. Raises Wrong."""
    try:
        return path.read_bytes()
    except OSError as e:
        raise Wrong(f"{path} cannot be read: {e.strerror}") from e


def place(text: str) -> tuple[str, str]:
    """``oven1/temp`` as instrument and channel. Raises Wrong."""
    instrument, slash, channel = text.partition("/")
    if not (slash and instrument and channel) or "/" in channel:
        raise Wrong(f"{text!r} is not INSTRUMENT/CHANNEL, such as oven1/temp")
    return instrument, channel


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, blanks at line ends left out; the first is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
