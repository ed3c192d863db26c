"""``labwire cal item``: what is calibrated, and where it sits."""

import argparse
from typing import TypeAlias

import msgspec

from calibration.commands import EXIT_OK, Wrong
from calibration.commands.common import add_by, add_dir, by, place, register, sentences, table
from calibration.record import Item
from calibration.register import ItemEntry, Register

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name
_TEXTS = ("maker", "model", "serial", "asset", "condition", "channel")


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|change|list|show|install|remove|retire")
    for verb, text in (("add", "a new item"), ("change", "describe a known item anew")):
        _described(_verb(verbs, verb, text))
    add_dir(verbs.add_parser("list", help="all items, where they sit"))
    show = verbs.add_parser("show", help="one item")
    show.add_argument("id")
    add_dir(show)
    install = _verb(verbs, "install", "it sits at a channel from now on")
    install.add_argument("place", metavar="INSTRUMENT/CHANNEL")
    install.add_argument("--move", action="store_true", help="take it away from where it sits first")
    remove = _ended(verbs, "remove", "it sits there no longer")
    for parser_ in (install, remove, _ended(verbs, "retire", "it is done with")):
        parser_.add_argument(
            "--at", default="", metavar="TIME", help="2026-11-21 or 2026-11-21T08:00:00Z (default: now)"
        )


def _verb(verbs: _Verbs, name: str, text: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text)
    parser.add_argument("id")
    add_dir(parser)
    add_by(parser)
    return parser


def _ended(verbs: _Verbs, name: str, text: str) -> argparse.ArgumentParser:
    parser = _verb(verbs, name, text)
    parser.add_argument("--reason", default="")
    return parser


def _described(parser: argparse.ArgumentParser) -> None:
    for name in (*_TEXTS, "customer"):
        parser.add_argument(f"--{name}", default=None)
    parser.add_argument("--resolution", dest="d", metavar="D", help="scale interval, in the unit it is calibrated in")
    parser.add_argument("--months", type=int, help="interval its owner agreed to (default: what the procedure says)")


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        _DO[args.verb](kept, args)
    return EXIT_OK


def _add(kept: Register, args: argparse.Namespace) -> None:
    kept.add_item(_item(Item(id=args.id), args), by(args), months=_months(args), customer=args.customer or "")
    print(f"item {args.id} is in the register")


def _change(kept: Register, args: argparse.Namespace) -> None:
    old = kept.item(args.id)
    months = _months(args) or old.months
    customer = old.customer if args.customer is None else args.customer
    kept.change_item(_item(old.item, args), by(args), months=months, customer=customer)
    print(f"item {args.id} is described anew")


def _months(args: argparse.Namespace) -> int | None:
    if args.months is not None and not 1 <= args.months <= 1200:
        raise Wrong("--months is a number from 1 to 1200")
    months: int | None = args.months
    return months


def _item(old: Item, args: argparse.Namespace) -> Item:
    given = {name: getattr(args, name) for name in (*_TEXTS, "d") if getattr(args, name) is not None}
    try:
        return msgspec.convert({**msgspec.to_builtins(old), **given}, Item)
    except msgspec.ValidationError as e:
        raise Wrong(f"item {args.id}: --resolution is a number, such as 0.01") from e


def _list(kept: Register, args: argparse.Namespace) -> None:
    print(table([("item", "what", "serial", "sits at", "since", "state"), *map(_row, kept.items())]))


def _row(entry: ItemEntry) -> tuple[str, ...]:
    item, here = entry.item, next((p for p in entry.placements if not p.end), None)
    what = " ".join(filter(None, (item.maker, item.model)))
    return item.id, what, item.serial, str(here or ""), here.start if here else "", entry.state


def _show(kept: Register, args: argparse.Namespace) -> None:
    entry = kept.item(args.id)
    for name in Item.__struct_fields__:
        print(f"{name:<10} {getattr(entry.item, name)}".rstrip())
    print(f"{'state':<10} {entry.state}")
    if entry.months:
        print(f"{'interval':<10} {entry.months} months, agreed")
    for placement in entry.placements:
        print(f"{'sat at':<10} {placement} from {placement.start} to {placement.end or 'now'}")
    for paper in entry.externals:
        print(f"{'external':<10} {paper.certificate} of {paper.date[:10]}, {paper.laboratory}")


def _install(kept: Register, args: argparse.Namespace) -> None:
    instrument, channel = place(args.place)
    who = by(args)
    with kept.files.writing():
        if args.move and any(not p.end for p in kept.book().placements(args.id)):
            kept.remove(args.id, args.at, who, f"moved to {args.place}")
        kept.install(args.id, instrument, channel, args.at, who)
    print(f"{args.id} sits at {args.place}")


def _remove(kept: Register, args: argparse.Namespace) -> None:
    kept.remove(args.id, args.at, by(args), args.reason)
    print(f"{args.id} sits nowhere now; what was published for its channel is void")


def _retire(kept: Register, args: argparse.Namespace) -> None:
    kept.retire(args.id, args.at, by(args), args.reason)
    print(f"{args.id} is retired")


_DO = {
    "add": _add,
    "change": _change,
    "list": _list,
    "show": _show,
    "install": _install,
    "remove": _remove,
    "retire": _retire,
}
