"""``labwire gen WHAT``: files for other programs, made from what labwire knows of the instruments."""

import sys
from collections.abc import Sequence
from importlib import import_module

KINDS = {"grafana": ("logger.grafana.cli", "dashboards for Grafana")}
"""What can be made: the module whose ``main(argv)`` makes it, and what it is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the arguments over. Returns the process's exit code; 2 for a word nobody knows."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args and args[0] in KINDS:
        return int(import_module(KINDS[args[0]][0]).main(args[1:]))
    asked = bool(args) and args[0] in ("-h", "--help")
    out = sys.stdout if asked else sys.stderr
    print(
        "usage: labwire gen WHAT …", *(f"  {word:<10} {text}" for word, (_, text) in KINDS.items()), sep="\n", file=out
    )
    return 0 if asked else 2
