"""The commands that look after the store: check and backup. Both work while the logger runs; a repair does not."""

import contextlib
import os
import sqlite3
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from broker.config import ConfigError
from broker.folder import lock
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE
from broker.topics import Topics
from logger.store import backup as copying
from logger.store.checks import PARTS, Part, Progress, wrong
from logger.store.reading import HistoryError, Reader
from logger.store.schema import VERSION, StoreError
from logger.store.sql import pragma
from logger.store.writer import Store


def check(args: Namespace, database: Path) -> int:
    """0 when everything agrees, 1 when something is damaged; what it is stands on standard output."""
    try:
        if args.repair:
            _repair(database)
        return _check(database)
    except (HistoryError, StoreError, sqlite3.Error) as e:
        print(f"labwire: {e}", file=sys.stderr)
        return EXIT_SURPRISE
    except ConfigError as e:
        print(f"labwire: {e}", file=sys.stderr)
        return EXIT_CONFIG


def _check(database: Path) -> int:
    reader = Reader(database)
    try:
        with reader.snapshot() as db:
            if pragma(db, "user_version") < VERSION:
                raise StoreError(f"{database} is of an earlier version: start the logger once, it brings it up to date")
        damaged = [_report(part, reader) for part in PARTS]
    finally:
        reader.close()
    if not any(damaged):
        print("everything agrees")
        return EXIT_OK
    if all(part.repairs for part, count in zip(PARTS, damaged, strict=True) if count):
        print("the samples are whole: --repair makes the roll-ups again, while the logger is stopped")
    else:
        print("what is damaged can only come from a backup, and from the spools of the senders")
    return EXIT_SURPRISE


def _report(part: Part, reader: Reader) -> int:
    """How much of this part is wrong."""
    with _bar(part.name) as progress:
        found = wrong(part, reader, progress)
    print(f"{part.name}: {'good' if not found else f'{len(found)} damaged'}")
    for text in found:
        print(f"  {text}")
    return len(found)


def _repair(database: Path) -> None:
    owned = lock(database.parent)
    try:
        if not database.exists():
            raise HistoryError(f"{database} is not there")
        now_ms = time.time_ns() // 1_000_000
        store = Store(database, Topics(), now_ms)
        try:
            store.rebuild()
            with _bar("roll-ups again"):
                while store.tend(now_ms, 2**62).more:
                    pass
        finally:
            store.close()
    finally:
        owned.close()
    print("the roll-ups were made again")


def backup(args: Namespace, database: Path) -> int:
    """A copy of one moment, also while the logger writes."""
    try:
        with _bar("copying") as progress:
            size = copying.copy(database, args.file, progress)
    except (HistoryError, sqlite3.Error) as e:
        print(f"labwire: {e}", file=sys.stderr)
        return EXIT_SURPRISE
    except OSError as e:
        print(f"labwire: {args.file} cannot be written: {e.strerror or e}", file=sys.stderr)
        return EXIT_SURPRISE
    print(f"{args.file}: {size / 1e6:.1f} MB")
    return EXIT_OK


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


COMMANDS = {"check": check, "backup": backup}
