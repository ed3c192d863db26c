"""``labwire cal new``: a procedure from a template, to be changed."""

import argparse
import re
from pathlib import Path

from calibration import templates
from calibration.commands import EXIT_OK, Wrong
from calibration.commands.common import add_dir, folder, sentences
from calibration.register import lab


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("template", nargs="?", help="leave it out for the list")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: TEMPLATE.toml)")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Lists, or writes; never over a file that is there. Raises Wrong."""
    if args.template is None:
        for name in templates.names():
            print(f"{name:<20} {_title(templates.text(name))}")
        return EXIT_OK
    if args.template not in templates.names():
        raise Wrong(f"there is no template {args.template!r}; there are {', '.join(templates.names())}")
    path = args.output or Path(f"{args.template}.toml")
    _write(path, _with_p(templates.text(args.template), _usual_p(args)))
    print(f"{path} is written; change it, then: labwire cal lint {path}")
    return EXIT_OK


def _usual_p(args: argparse.Namespace) -> float | None:
    """The coverage probability of the lab's ``lab.toml``, where there is a register."""
    place = folder(args)
    if not (place / lab.FILE).is_file():
        return None
    with sentences():
        return lab.read(place).p


def _with_p(text: str, p: float | None) -> str:
    if p is None:
        return text
    without = re.sub(r"(?m)^p = .*\n", "", text)
    return without.replace("[decision]\n", f"[decision]\np = {p}\n")


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as e:
        raise Wrong(f"{path} exists already, and stays as it is") from e
    except OSError as e:
        raise Wrong(f"{path} cannot be written: {e.strerror}") from e


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")
