"""``labwire cal external``: the certificate of a service firm for an item of ours."""

import argparse
from pathlib import Path

import msgspec

from calibration.commands import EXIT_OK, Wrong
from calibration.commands.common import add_by, add_dir, by, content, register, sentences, table
from calibration.register import External, Register


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list")
    new = verbs.add_parser("add", help="a certificate; the item is due again when it says")
    new.add_argument("item")
    new.add_argument("--certificate", type=Path, required=True, metavar="FILE.pdf", help="kept as it is, for ever")
    new.add_argument("--number", default="", help="of the certificate (default: the name of the file)")
    new.add_argument("--laboratory", default="")
    new.add_argument("--date", required=True, metavar="DAY", help="of the work")
    new.add_argument("--due", default="", metavar="DAY")
    new.add_argument("--failed", action="store_true", help="it says the item does not conform")
    new.add_argument("--passed", action="store_true", help="it says the item conforms")
    new.add_argument("--note", default="")
    add_by(new)
    shown = verbs.add_parser("list", help="all certificates of an item")
    shown.add_argument("item")
    for parser_ in (new, shown):
        add_dir(parser_)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        if args.verb == "add":
            _add(kept, args)
        else:
            rows = [(e.certificate, e.laboratory, e.date[:10], e.due[:10]) for e in kept.item(args.item).externals]
            print(table([("certificate", "laboratory", "date", "due"), *rows]))
    return EXIT_OK


def _add(kept: Register, args: argparse.Namespace) -> None:
    if args.passed and args.failed:
        raise Wrong("--passed and --failed cannot both be true")
    try:
        made = msgspec.convert(
            {
                "certificate": args.number or args.certificate.stem,
                "laboratory": args.laboratory,
                "date": args.date,
                "due": args.due,
                "passed": args.passed if args.passed or args.failed else None,
                "note": args.note,
            },
            External,
        )
    except msgspec.ValidationError as e:
        raise Wrong(f"--date and --due are days, such as 2026-11-21: {str(e).partition(' - at ')[0]}") from e
    kept.add_external(args.item, made, by(args), certificate=content(args.certificate))
    print(f"certificate {made.certificate} of {args.item} is kept" + (f", due {made.due}" if made.due else ""))
