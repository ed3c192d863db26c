"""``labwire export``: the file or standard output, and a bar on a terminal."""

import contextlib
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, get_args

from broker.runtime import EXIT_OK
from broker.topics import Topics
from logger import when
from logger.export import ask as asking
from logger.export.ask import Ask, ExportError
from logger.export.core import Export, Part, begin
from logger.store import History


def run(args: Namespace, history: History) -> int:
    """Raises ExportError, WhenError, HistoryError, OSError."""
    now_us = time.time_ns() // 1000
    ask = question(args, now_us)
    if args.output is None and ask.format != "csv" and sys.stdout.isatty():
        raise ExportError(f"{ask.format} is nothing for a terminal: name a file with -o")
    export = begin(history, ask, Topics(args.root), now_us)
    with contextlib.closing(export.parts):
        if args.output is None:
            _write(export, sys.stdout.buffer)
            return EXIT_OK
        with _partial(args.output) as target, target.open("wb") as out:
            _write(export, out)
    return EXIT_OK


def question(args: Namespace, now_us: int) -> Ask:
    """What the arguments ask for. Raises ExportError, WhenError."""
    zone = asking.zone(args.tz) if args.tz else None
    return Ask(
        format=args.format or _format(args.output),
        instruments=tuple(args.instrument),
        channels=tuple(args.channel),
        from_us=when.parse(args.start, now_us, zone) if args.start else None,
        to_us=when.parse(args.end, now_us, zone) if args.end else None,
        run=args.run,
        every_us=asking.step(args.every) if args.every else 0,
        aggregates=asking.aggregates(args.agg),
        values=args.values,
        excel=args.excel,
        zone=args.tz or "UTC",
        inner=args.inner,
    )


def _format(output: Path | None) -> asking.Format:
    suffix = output.suffix.removeprefix(".") if output is not None else ""
    return next((f for f in get_args(asking.Format) if f == suffix), "csv")


@contextlib.contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A name beside ``path``, which becomes it when everything is written: half an export never has its name."""
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    except OSError as e:
        if isinstance(e, BrokenPipeError):
            raise
        raise ExportError(f"{path} cannot be written: {e.strerror or e}") from e
    finally:
        partial.unlink(missing_ok=True)


def _write(export: Export, out: BinaryIO) -> None:
    """Drive the export, with a bar on a terminal."""
    if not sys.stderr.isatty() or (out is sys.stdout.buffer and os.isatty(1)):
        for part in export.parts:
            out.write(part.data)
        out.flush()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(export.name, total=1.0)
        size = 0
        for part in export.parts:
            out.write(part.data)
            size += len(part.data)
            bar.update(task, completed=part.done, description=_line(part, size))
        bar.update(task, completed=1.0)
    out.flush()


def _line(part: Part, size: int) -> str:
    return f"{part.what or 'written'}: {part.rows:,} rows, {size / 1e6:,.1f} MB".replace(",", " ")
