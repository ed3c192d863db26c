"""``labwire logger ledger``: what is stored, by numbering or by day, and what is not and why."""

import json
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from broker.runtime import EXIT_OK, boot_ms
from broker.topics import Topics
from logger import when
from logger.completeness import Account, Away, Missing
from logger.daybook import Daybook, as_json, day_us
from logger.export import ask as asking
from logger.ledger import AT_SENDER, Gap
from logger.store import History, LedgerLine
from logger.when import WhenError


def run(args: Namespace, history: History) -> int:
    """Raises HistoryError, WhenError, ExportError."""
    if args.day:
        return _days(args, history)
    lines = sorted(history.ledger(args.instrument), key=lambda x: (x.source, x.boot, x.stream == "events"))
    for line in lines:
        print(json.dumps(_line_json(line)) if args.json else line_text(line))
    if not args.json:
        print(_verdict(lines))
    return EXIT_OK


def _verdict(lines: list[LedgerLine]) -> str:
    if gaps := sum(any(not coming(line, g) for g in line.gaps) for line in lines):
        return f"something is missing in {gaps} of {len(lines)}"
    if waiting := sum(g.b - g.a for line in lines for g in line.gaps):
        return f"nothing is missing in {len(lines)}; {waiting} still to come"
    return f"all {len(lines)} are complete"


def coming(line: LedgerLine, gap: Gap) -> bool:
    """Whether a gap is what its sender holds beyond all that is stored: on its way, or waiting there."""
    return line.live and gap.reason == AT_SENDER and gap.b == line.end


def line_text(line: LedgerLine) -> str:
    """One numbering for a person: complete, or what is missing and why."""
    count = sum(b - a + 1 for a, b in line.stored)
    what = ("sample set" if line.stream == "samples" else "record") + ("" if count == 1 else "s")
    begun = boot_ms(line.boot)
    since = "" if begun is None else f"  since {when.iso(begun * 1000)[:19]}Z"
    gone = sum(b - a + 1 for a, b in line.expired)
    text = f"{line.source}  {line.boot}{since}  {count} {what}{f' ({gone} expired)' if gone else ''}"
    if line.complete:
        return f"{text}  complete"
    return "\n".join([f"{text}  of {line.end}", *(_gap_text(line, g) for g in line.gaps)])


def _gap_text(line: LedgerLine, g: Gap) -> str:
    if coming(line, g):
        return f"  still to come {g.a}…{g.b - 1} ({g.b - g.a}): held by its sender"
    return f"  missing {g.a}…{g.b - 1} ({g.b - g.a}): {g.reason}"


def _line_json(line: LedgerLine) -> dict[str, Any]:
    gaps = [{"from": g.a, "to": g.b - 1, "reason": g.reason} for g in line.gaps]
    return asdict(line) | {"gaps": gaps, "complete": line.complete}


# --- by day -----------------------------------------------------------------------------------------------------------


def _days(args: Namespace, history: History) -> int:
    zone, now_us = asking.zone(args.tz), time.time_ns() // 1000
    book = Daybook(history, Topics(args.root), now_us)
    incomplete = total = 0
    for instrument in [args.instrument] if args.instrument else history.instruments():
        for day in days(book, instrument, args.day, zone):
            account = book.account(instrument, *day_us(day, zone))
            total, incomplete = total + 1, incomplete + bool(account.missing)
            said = json.dumps({"day": day.isoformat()} | as_json(account))
            print(said if args.json else "\n".join(account_text(account, day, zone)))
    if not args.json:
        print(f"something is missing in {incomplete} of {total}" if incomplete else f"nothing is missing in {total}")
    return EXIT_OK


def days(book: Daybook, instrument: str, text: str, zone: ZoneInfo) -> Iterable[date]:
    """The days that ``today``, ``yesterday``, ``all`` or a date mean. Raises WhenError."""
    today = datetime.fromtimestamp(book.now_us / 1e6, zone).date()
    if text == "all":
        return book.days(instrument, zone)
    if text in ("today", "yesterday"):
        return [today - timedelta(days=text == "yesterday")]
    try:
        return [date.fromisoformat(text)]
    except ValueError as e:
        raise WhenError(f"{text!r} is no day: write today, yesterday, all, or a date like 2026-11-20") from e


def account_text(account: Account, day: date, zone: ZoneInfo) -> Iterator[str]:
    """One instrument and day for a person."""
    late = f", {account.late} of them late" if account.late else ""
    verdict = "complete" if account.complete else f"missing {account.lost}" if account.lost else "not all there yet"
    yield f"{account.instrument}  {day}  {account.stored} of {account.expected} sample sets{late}  {verdict}"
    for m in account.missing:
        yield f"  missing {_numbers(m)}  {_between(m, zone)}  {m.reason}"
    for m in account.coming:
        yield f"  still to come {_numbers(m)}  {_between(m, zone)}  held by its sender"
    if account.expired:
        yield f"  {account.expired} were here and have gone as retention says"
    if account.set_aside:
        yield f"  {account.set_aside} values or messages could not be stored as samples"
    for a in account.away:
        yield f"  {a.state} {_clock(a, zone)}" + (f"  {a.reason}" if a.reason else "")


def _numbers(m: Missing) -> str:
    return f"{m.a}…{m.b - 1} ({m.n}) of {m.boot}"


def _between(m: Missing, zone: ZoneInfo) -> str:
    return f"{_time(m.from_us // 1000, zone)}–{_time(m.to_us // 1000, zone)}"


def _clock(a: Away, zone: ZoneInfo) -> str:
    return f"{_time(a.from_ms, zone)}–{_time(a.to_ms, zone)}"


def _time(t_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(t_ms / 1000, zone):%H:%M:%S}"
