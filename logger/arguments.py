"""The arguments of the commands that read the store. Nothing heavy is imported for ``--help``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import get_args

from logger.export import ask as asking

WHEN = "2h, 30m, 7d ago, or an ISO date and time"


def ledger(to: ArgumentParser) -> None:
    to.add_argument("--instrument", metavar="NAME", help="only this one")
    to.add_argument(
        "--day", metavar="DAY", help="today, yesterday, 2026-11-20 or all: what was expected and stored that day"
    )
    to.add_argument("--tz", metavar="ZONE", default="UTC", help="whose days, e.g. Europe/Berlin; default: %(default)s")
    to.add_argument("--json", action="store_true", help="one JSON object a line")


def check(to: ArgumentParser) -> None:
    to.add_argument(
        "--repair", action="store_true", help="make the roll-ups again from the rows; the logger must be stopped"
    )


def backup(to: ArgumentParser) -> None:
    to.add_argument("file", type=Path, metavar="FILE", help="the copy, which must not exist yet")


def backfill_influx(to: ArgumentParser) -> None:
    to.add_argument("--from", dest="start", metavar="WHEN", required=True, help=WHEN)
    to.add_argument("--to", dest="end", metavar="WHEN", help="as --from; default: now")


def log(to: ArgumentParser) -> None:
    to.add_argument("--topic", metavar="FILTER", help="an MQTT filter with + and #")
    to.add_argument("--since", metavar="WHEN", help=WHEN)
    to.add_argument("--until", metavar="WHEN", help="as --since; default: now")
    to.add_argument("--full", action="store_true", help="sample sets with their values, written again from the store")
    to.add_argument("--limit", type=int, metavar="N", default=1000, help="the last so many; default: %(default)s")
    to.add_argument("--json", action="store_true", help="one JSON object a line")


def export(to: ArgumentParser) -> None:
    to.add_argument(
        "--instrument", action="append", default=[], metavar="NAME", help="or a pattern; may be repeated; default: all"
    )
    to.add_argument(
        "--channel", action="append", default=[], metavar="NAME", help="temp, or oven1.temp, or a pattern; default: all"
    )
    to.add_argument("--from", dest="start", metavar="WHEN", help=f"{WHEN}; default: the first sample")
    to.add_argument("--to", dest="end", metavar="WHEN", help="as --from; default: the last sample")
    to.add_argument("--run", default="", metavar="RUN", help="the time and the instruments of a run")
    to.add_argument("--format", choices=get_args(asking.Format), help="default: as the file is named, else csv")
    to.add_argument("--inner", choices=get_args(asking.Inner), default="csv", help="what is in a zip; default: csv")
    to.add_argument("--every", metavar="STEP", help="1min, 10s, 1h: one aligned table instead of the samples")
    to.add_argument(
        "--agg", default="mean", metavar="WHAT", help="with --every: mean, min, max, last, or several with commas"
    )
    to.add_argument(
        "--values",
        choices=get_args(asking.Values),
        default="recorded",
        help="of corrected channels: both, what the instrument said, or what is right",
    )
    to.add_argument(
        "--excel",
        nargs="?",
        const="en",
        default="",
        choices=("de", "en"),
        help="CSV as Excel in this language reads it",
    )
    to.add_argument("--tz", metavar="ZONE", help="times in this zone, e.g. Europe/Berlin; default: UTC")
    to.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")


def replay(to: ArgumentParser) -> None:
    to.add_argument("--from", dest="start", metavar="WHEN", help=f"{WHEN}; default: the first message")
    to.add_argument("--to", dest="end", metavar="WHEN", help="as --from; default: the last message")
    to.add_argument("--run", default="", metavar="RUN", help="the time of a run")
    to.add_argument("--instrument", action="append", default=[], metavar="NAME", help="or a pattern; may be repeated")
    to.add_argument("--speed", default="1", metavar="TIMES", help="1, 10, 0.5, or max: as fast as it goes")
    to.add_argument(
        "--prefix", default="replay", metavar="ROOT", help="the root to show it below; default: %(default)s"
    )
    to.add_argument("--shift-now", action="store_true", help="move its times to now, so that a page shows it live")
    to.add_argument("--clear", action="store_true", help="only clear what an earlier replay has left")
    to.add_argument("--tz", metavar="ZONE", help="times that name no zone are in this one; default: the local one")
