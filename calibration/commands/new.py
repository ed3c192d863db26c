"""``labwire cal new``: a procedure from a template, to be changed."""

import argparse
from pathlib import Path

from calibration import templates
from calibration.commands import EXIT_OK, Wrong


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("template", nargs="?", help="leave it out for the list")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: TEMPLATE.toml)")


def run(args: argparse.Namespace) -> int:
    """Lists, or writes; never over a file that is there. Raises Wrong."""
    if args.template is None:
        for name in templates.names():
            print(f"{name:<20} {_title(templates.text(name))}")
        return EXIT_OK
    if args.template not in templates.names():
        raise Wrong(f"there is no template {args.template!r}; there are {', '.join(templates.names())}")
    path = args.output or Path(f"{args.template}.toml")
    _write(path, templates.text(args.template))
    print(f"{path} is written; change it, then: labwire cal lint {path}")
    return EXIT_OK


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
