"""``labwire cal verify``: whether anything was changed, and whether the documents say what the readings give."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from calibration.commands import EXIT_FAILED, EXIT_OK
from calibration.commands.common import add_dir, folder, register, sentences
from calibration.record import Record
from calibration.register import Register, RegisterError
from calibration.register.register import check_id
from calibration.register.verify import Finding


def add(parser: argparse.ArgumentParser) -> None:
    what = "a record's id, or a file: certificate, protocol, record (default: the whole register)"
    parser.add_argument("what", nargs="?", metavar="ID|FILE", help=what)
    parser.add_argument("--quick", action="store_true", help="of a register: chain and files, not what documents say")
    parser.add_argument("--head", default="", metavar="HASH", help="as a document or the broker has it: is it there?")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where something is not as it was. Raises Wrong."""
    with sentences():
        found = list(_findings(args))
    for finding in found:
        print(f"{'ok    ' if finding.ok else 'WRONG '} {finding.text}")
    return EXIT_OK if all(finding.ok for finding in found) else EXIT_FAILED


def _findings(args: argparse.Namespace) -> Iterable[Finding]:
    from calibration.register import lone, verify

    if args.head:
        return [verify.anchored(folder(args), args.head), *([] if args.quick else verify.folder(folder(args)))]
    if args.what and Path(args.what).is_file():
        there = args.dir or (folder(args) / "lab.toml").is_file()
        return lone.check(Path(args.what), register(args) if there else None)
    chained = verify.folder(folder(args))
    kept = register(args)
    if not all(finding.ok for finding in chained):
        mine = verify.of_record(chained, args.what, _readable(kept, args.what)) if args.what else chained
        if mine:
            return mine
    if args.quick and not args.what:
        return chained
    ids = [args.what] if args.what else [made.id for made in kept.records()]
    of_chain = [] if args.what else chained
    return [*of_chain, *(finding for id_ in ids for finding in _of_record(kept, id_))]


def _readable(kept: Register, id_: str) -> Record | None:
    """None for a record that cannot be read any more; that is a finding of its own."""
    if not (kept.folder / "records" / check_id(id_, "record")).is_dir():
        raise RegisterError(f"there is no record {id_}")
    try:
        return kept.record(id_)
    except RegisterError:
        return None


def _of_record(kept: Register, id_: str) -> list[Finding]:
    from calibration.register import redrawn

    made = kept.record(id_)
    state = Finding(True, f"{id_} revision {made.rev} is {made.state}")
    return [state, *redrawn.of_record(kept, id_)]
