"""``labwire logger init-influx`` and ``backfill-influx``: what a person must mend is said, not waited for."""

import argparse
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator

from broker.config import ConfigError
from broker.runtime import EXIT_OK, EXIT_SURPRISE
from broker.topics import Topics
from logger import when
from logger.config import LoggerConfig, read
from logger.influx import setup
from logger.influx.aside import FILE_NAME as ASIDE_NAME
from logger.influx.aside import Aside
from logger.influx.backfill import Backfill, Progress
from logger.influx.config import InfluxConfig
from logger.influx.cursor import FILE_NAME, Cursor
from logger.influx.server import Server, Unreachable
from logger.influx.writer import SLOWLY_S, Stopped, Writer
from logger.store.reading import HistoryError


def init(args: argparse.Namespace) -> int:
    """Make what the database needs. Raises ConfigError."""
    _, influx = _configured(args)
    with Server(influx) as server:
        return _said(setup.prepare(influx, server))


def backfill(args: argparse.Namespace) -> int:
    """Bring an earlier history over. Raises ConfigError."""
    config, influx = _configured(args)
    now_us = time.time_ns() // 1000
    try:
        start, end = when.parse(args.start, now_us), when.parse(args.end, now_us) if args.end else now_us
    except when.WhenError as e:
        raise ConfigError(str(e)) from e
    cursor = Cursor(config.database.with_name(FILE_NAME))
    server = Server(influx)
    writer = Writer(influx, server, Aside(config.database.with_name(ASIDE_NAME)), _impatient, time.time)
    target = f"{influx.url} {influx.bucket}"
    work = Backfill(config.database, Topics(config.broker.root), cursor, writer, target, start, end)
    try:
        _show(work.run(), start, end)
        print(f"{writer.figures.written} points written, {writer.figures.set_aside} set aside")
        return _said(setup.refresh(influx, server, start // 1_000_000, end // 1_000_000))
    except Stopped:
        print(f"labwire: {writer.figures.problem}; the same command goes on from here", file=sys.stderr)
    except (HistoryError, sqlite3.Error) as e:
        print(f"labwire: {e}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nlabwire: interrupted; the same command goes on from here", file=sys.stderr)
    finally:
        server.close()
        cursor.close()
    return EXIT_SURPRISE


def _configured(args: argparse.Namespace) -> tuple[LoggerConfig, InfluxConfig]:
    config = read(args.config)
    if config.influx is None:
        raise ConfigError(f"{args.config} has no table [influx]: docs/influxdb.md says what stands in it")
    return config, config.influx


def _said(things: Iterator[str]) -> int:
    try:
        for thing in things:
            print(thing)
    except Unreachable as e:
        print(f"labwire: {e}", file=sys.stderr)
        return EXIT_SURPRISE
    return EXIT_OK


def _impatient(seconds: float) -> bool:
    """Waits for a database that is busy or away; not for a person to mend a configuration."""
    if seconds >= SLOWLY_S:
        return True
    threading.Event().wait(seconds)
    return False


def _show(progress: Iterator[Progress], start: int, end: int) -> None:
    """Drive the work: a bar on a terminal, else a line for each instrument."""
    if not sys.stderr.isatty():
        last: dict[str, Progress] = {}
        for p in progress:
            last[p.what] = p
        for p in last.values():
            print(f"{p.what}: {p.rows} rows")
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}
        for p in progress:
            if p.what not in tasks:
                tasks[p.what] = bars.add_task(p.what, total=max(1, end - start))
            bars.update(tasks[p.what], completed=p.at_us - start, description=f"{p.what}: {p.rows} rows")  # type: ignore[arg-type]
