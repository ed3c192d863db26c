"""``labwire status``: a table of everything alive, from what the broker retains. Exit code 0 when all is well."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

import msgspec

from broker.client import Client
from broker.config import BrokerConfig, ConfigError
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, set_up_logging
from broker.topics import Topics
from labwire import credentials, shown
from labwire.standing import Standing, stand
from labwire.survey import Survey, feed, gather, listen

CLEAR = "\x1b[H\x1b[2J"
REFRESH_S = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when all is well, 1 when something is not, 2 for a configuration that cannot be read."""
    args = _parser().parse_args(argv)
    set_up_logging("error")
    try:
        broker = credentials.chosen(args)
        if args.watch:
            return asyncio.run(watch(broker, as_json=args.json))
        standing = stand(asyncio.run(gather(broker, timeout_s=args.timeout)), time.time())
    except ConfigError as e:
        print(f"labwire status: {e}", file=sys.stderr)
        return EXIT_CONFIG
    except KeyboardInterrupt:
        return EXIT_OK
    print(json_line(standing) if args.json else "\n".join(lines(standing, colour=_colour())))
    return EXIT_SURPRISE if standing.problems else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire status", description="Everything alive, and what is not well.")
    parser.add_argument("--json", action="store_true", help="for programs; with --watch one line a second")
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C")
    parser.add_argument("--timeout", type=float, default=2.0, metavar="S", help="decide after so many seconds")
    credentials.add_arguments(parser)
    return parser


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def json_line(standing: Standing) -> str:
    return json.dumps({"ok": not standing.problems, **msgspec.to_builtins(standing)}, ensure_ascii=False)


def lines(standing: Standing, *, colour: bool = False) -> list[str]:
    """The tables, and below them what is not well."""
    parts = [_instruments(standing, colour), _edges(standing, colour), _services(standing, colour)]
    end = [f"not well: {shown.printable(problem)}" for problem in standing.problems] or ["all well"]
    return [line for part in parts if part for line in [*part, ""]] + end


def _instruments(standing: Standing, colour: bool) -> list[str]:
    rows = [(r.name, r.state, shown.span(r.age_s), r.edge or "–", r.problem) for r in standing.instruments]
    return shown.table(("instrument", "state", "age", "edge", "problem"), rows, colour=colour) if rows else []


def _edges(standing: Standing, colour: bool) -> list[str]:
    rows = [
        (
            r.name,
            r.state,
            shown.size(r.spool_bytes),
            shown.span(None if r.hours_left is None else r.hours_left * 3600),
            shown.number(r.lost),
            "ok" if r.clock_s is None else f"{-r.clock_s:+.0f} s",
            r.version or "–",
            r.problem,
        )
        for r in standing.edges
    ]
    titles = ("edge", "state", "spool", "room for", "lost", "clock", "version", "problem")
    return shown.table(titles, rows, colour=colour) if rows else []


def _services(standing: Standing, colour: bool) -> list[str]:
    rows = [
        (
            f"{r.service} {r.name}",
            r.state,
            shown.span(None if r.lag_ms is None else r.lag_ms / 1000),
            shown.number(r.stored_per_s),
            shown.size(r.disk_free_bytes),
            r.version or "–",
            r.problem,
        )
        for r in standing.services
    ]
    titles = ("service", "state", "lag", "stored/s", "disk free", "version", "problem")
    return shown.table(titles, rows, colour=colour) if rows else []


async def watch(broker: BrokerConfig, *, as_json: bool) -> int:
    """Print the standing once a second, for ever."""
    survey, topics = Survey(), Topics(broker.root)
    async with Client(broker, f"status-{os.getpid()}") as client:
        connecting = asyncio.create_task(listen(client, topics), name="listen")
        try:
            while True:
                await _feed_for(client, topics, survey, REFRESH_S)
                survey.problem = "" if client.connected else client.problem
                standing = stand(survey, time.time())
                survey.broken.clear()
                text = json_line(standing) if as_json else "\n".join(lines(standing, colour=_colour()))
                print(CLEAR * (sys.stdout.isatty() and not as_json) + text, flush=True)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)


async def _feed_for(client: Client, topics: Topics, survey: Survey, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while True:
                feed(survey, topics, await client.batch(), time.time())
    except TimeoutError:
        return


if __name__ == "__main__":
    sys.exit(main())
