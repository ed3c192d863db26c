"""``labwire cal release``: compute, draw the documents, enter all of it into the chain. Needs an authenticated name."""

import argparse

from calibration.commands import EXIT_FAILED, EXIT_OK
from calibration.commands.common import add_by, add_dir, by, register, sentences
from calibration.compute import compute
from calibration.live.count import counting
from calibration.live.fetch import FetchError
from calibration.record import Record
from calibration.register import Register
from calibration.register.impact import Affected, affected
from calibration.register.release import release


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where the item was out of tolerance as found: what it measured before is listed. Raises Wrong."""
    kept = register(args)
    with sentences():
        done = release(kept, args.id, by(args))
        print(f"{done.id} revision {done.rev} is released; the chain ends with {kept.head}")
        for kind, sha256 in done.files.items():
            print(f"  {kind:<12} {kept.document(done.id, done.rev, kind)}  sha256 {sha256}")  # type: ignore[arg-type]
        return _impact(kept, done)


def _affected(kept: Register, done: Record) -> list[Affected]:
    """With how many values are stored, where the bridge can be asked."""
    try:
        return affected(kept, done, counting())
    except FetchError as e:
        print(f"  (not counted: {e})")
        return affected(kept, done)


def _impact(kept: Register, done: Record) -> int:
    procedure, _ = kept.procedure(done.procedure.sha256)
    found = compute(done, procedure).get("as_found")
    if found is None or found.passed is not False:
        return EXIT_OK
    print("out of tolerance as found; to be looked at, since the last calibration that was in order:")
    for part in _affected(kept, done):
        print(f"  {part}")
    return EXIT_FAILED
