"""``labwire cal check``: the daily check of an item, and its control chart."""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec

from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong
from calibration.commands.common import add_by, add_dir, by, register, sentences, table
from calibration.register import CheckPlan, Register, checks, shown


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", help="leave it out for how all stand")
    parser.add_argument("value", nargs="?", help="what it shows (default: it is asked for)")
    parser.add_argument("--show", action="store_true", help="only the control chart")
    parser.add_argument("--json", action="store_true", help="the control chart for programs")
    parser.add_argument("--live", action="store_true", help="read it from the channel where the item sits")
    parser.add_argument("-c", "--config", type=Path, help="calibration.toml: where the broker is")
    parser.add_argument("--note", default="")
    parser.add_argument("--define", metavar="NAME", help="say how the item is checked: with --nominal and limits")
    parser.add_argument("--nominal", metavar="X", help="what it should show")
    parser.add_argument("--warning", metavar="W", help="half-width about nominal")
    parser.add_argument("--action", metavar="A", help="half-width beyond which the item is not used")
    parser.add_argument("--unit", default="")
    parser.add_argument("--every", type=int, default=1, metavar="DAYS")
    parser.add_argument("--means", default="", help="what it is checked with: the weight's number, …")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 beyond a limit, or where a check is overdue. Raises Wrong."""
    kept = register(args)
    with sentences():
        if not args.item:
            return _all(kept, args)
        if args.define:
            kept.plan_check(args.item, checks.sound(_plan(args)), by(args))
            often = "every day" if args.every == 1 else f"every {args.every} days"
            print(f"{args.item} is checked {often}: {args.define}")
            return EXIT_OK
        if not (args.show or (args.json and args.value is None)):
            _one(kept, args)
        chart = checks.chart(kept, args.item)
    print(json.dumps(chart.plain(), ensure_ascii=False, indent=1) if args.json else picture(chart))
    return EXIT_OK if chart.status == "ok" else EXIT_FAILED


def _plan(args: argparse.Namespace) -> CheckPlan:
    given = {"name": args.define, "every_days": args.every, "unit": args.unit, "means": args.means}
    given |= {name: getattr(args, name) or "" for name in ("nominal", "warning", "action")}
    try:
        return msgspec.convert(given, CheckPlan)
    except msgspec.ValidationError as e:
        raise Wrong("--nominal, --warning and --action are numbers, --every is a number of days from 1") from e


def _one(kept: Register, args: argparse.Namespace) -> None:
    plan = kept.item(args.item).plan
    value, source = args.value, "typed"
    if args.live:
        value, source = _live(kept, args)
        print(f"{source} shows {value}")
    if value is None and plan is not None:
        value = _asked(f"{args.item}, {plan.name} {plan.nominal} {plan.unit}: ")
    checks.add(kept, args.item, value or "", by(args), source=source, note=args.note)


def _live(kept: Register, args: argparse.Namespace) -> tuple[str, str]:
    """(value, where it was read). Raises Wrong."""
    from broker.config import ConfigError, parse
    from calibration.live import config
    from calibration.live.reading import NothingRead, read

    here = next((p for p in kept.item(args.item).placements if not p.end), None)
    if here is None:
        raise Wrong(f"{args.item} sits nowhere: its value is typed")
    try:
        found = config.read(args.config) if args.config else parse("register_dir = ''", config.CalibrationConfig, "")
        return asyncio.run(read(found.broker, here.instrument, here.channel, time.time)), str(here)
    except (ConfigError, NothingRead) as e:
        raise Wrong(str(e)) from e


def _asked(question: str) -> str:
    print(question, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Wrong("nobody typed a value")
    return line.strip()


def _all(kept: Register, args: argparse.Namespace) -> int:
    charts = checks.charts(kept)
    if args.json:
        print(json.dumps([chart.plain() for chart in charts], ensure_ascii=False, indent=1))
    else:
        rows = [(c.item, c.plan.name, c.status, c.checks[-1].value if c.checks else "-", c.next) for c in charts]
        print(table([("item", "check", "status", "last", "next"), *rows]))
    return EXIT_OK if all(chart.status == "ok" for chart in charts) else EXIT_FAILED


def picture(chart: checks.Chart) -> str:
    """One line a check: its place between the action limits, W at the warning and A at the action limits."""
    plan = chart.plan
    head = f"{chart.item}: {plan.name} {plan.nominal} {plan.unit}, warning ±{plan.warning}, action ±{plan.action}"
    rows = [f"{c.t[:10]}  {c.value:>12}  {_bar(c)}  {c.zone:<7} {shown(c.by)}  {c.note}".rstrip() for c in chart.checks]
    last = f"mean {chart.mean:.6g}" if chart.mean is not None else "no check yet"
    scatter = "" if chart.s is None else f", s {chart.s:.2g}"
    return "\n".join([head, *rows, f"{last}{scatter}; {chart.status}{', next ' + chart.next if chart.next else ''}"])


def _bar(check: checks.Check, half: int = 20) -> str:
    """41 places: the middle is nominal, the ends are the action limits."""
    action = float(check.plan.action)
    cells = [" "] * (2 * half + 1)
    warning = round(half * float(check.plan.warning) / action)
    for place in (half - warning, half + warning):
        cells[place] = ":"
    cells[half] = "|"
    cells[half + max(-half, min(half, round(half * float(check.deviation) / action)))] = "o"
    return f"[{''.join(cells)}]"
