"""What is due and when: items by their last real calibration, standards by their certificate, checks by the last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from calibration.record import Record
from calibration.register import checks, when
from calibration.register.book import ItemEntry, StandardEntry
from calibration.register.events import External
from calibration.register.history import released
from calibration.register.register import Register

Kind = Literal["item", "standard", "check"]
Status = Literal["ok", "due", "overdue", "never"]


@dataclass(frozen=True, slots=True)
class Due:
    """One line. ``day`` None: it has no due date, or was never calibrated. ``by``: the record or certificate."""

    kind: Kind
    id: str
    day: date | None
    status: Status
    last: date | None
    by: str
    what: str
    instrument: str = ""
    channel: str = ""

    def plain(self) -> dict[str, str | None]:
        """For JSON."""
        days = {"day": self.day and self.day.isoformat(), "last": self.last and self.last.isoformat()}
        names = ("kind", "id", "status", "by", "what", "instrument", "channel")
        return {name: getattr(self, name) for name in names} | days


def dues(register: Register, within: timedelta = timedelta(days=30)) -> list[Due]:
    """Every item and standard in use, the most urgent first; ``due`` is what is so within ``within``."""
    today = register.clock().date()
    newest = _newest(register)
    found = [_item(register, e, newest.get(e.id), today, within) for e in register.items() if e.state == "active"]
    found += [_standard(e, today, within) for e in register.standards() if e.state == "active"]
    done = checks.last(register)
    found += [_check(e, done.get(e.id), today) for e in register.items() if e.state == "active" and e.plan]
    return sorted(found, key=_urgency)


def soon(lines: Iterable[Due]) -> list[Due]:
    """Those that somebody must look at."""
    return [line for line in lines if line.status != "ok"]


def _urgency(line: Due) -> tuple[date, str]:
    first = date.min if line.status == "never" else date.max
    return line.day or first, line.id


def _newest(register: Register) -> dict[str, Record]:
    """The released record of each item whose work is the latest."""
    newest: dict[str, Record] = {}
    for latest in register.records():
        record = released(register, latest)
        if record is not None and _end(record) >= _end(newest.get(record.item.id, record)):
            newest[record.item.id] = record
    return newest


def _end(record: Record) -> str:
    return record.end or record.begin


def _item(register: Register, entry: ItemEntry, record: Record | None, today: date, within: timedelta) -> Due:
    last, day, by = _last(register, entry, record)
    here = next((p for p in entry.placements if not p.end), None)
    what = " ".join(filter(None, (entry.item.maker, entry.item.model, entry.item.serial)))
    status: Status = "never" if last is None else _status(day, today, within)
    where = (here.instrument, here.channel) if here else ("", "")
    return Due("item", entry.id, day, status, last, by, what, *where)


def _last(register: Register, entry: ItemEntry, record: Record | None) -> tuple[date | None, date | None, str]:
    """(day of the last calibration, due, what says so): our own or a firm's, whichever is newer."""
    choices: list[tuple[date, date | None, str]] = []
    if record is not None:
        done = when.day(_end(record))
        choices.append((done, due_of(register, record), record.id))
    for paper in entry.externals:
        done = when.day(paper.date)
        choices.append((done, due_of_external(paper, entry.months), paper.certificate))
    return max(choices, key=lambda c: c[0]) if choices else (None, None, "")


def due_of(register: Register, record: Record) -> date | None:
    """When a released record's item is due again: as its owner agreed for the record or the item, else its procedure.

    Raises RegisterError.
    """
    if record.due is not None:
        return when.day(record.due.date)
    entry = register.book().items.get(record.item.id)
    procedure, _ = register.procedure(record.procedure.sha256)
    usual = procedure.interval.months if procedure.interval else None
    return _after(when.day(_end(record)), (entry.months if entry else None) or usual)


def due_of_external(paper: External, months: int | None) -> date | None:
    """The same for a service firm's certificate; ``months`` as agreed for the item."""
    return when.day(paper.due) if paper.due else _after(when.day(paper.date), months)


def _after(done: date, months: int | None) -> date | None:
    return when.months_later(done, months) if months else None


def _standard(entry: StandardEntry, today: date, within: timedelta) -> Due:
    made = entry.standard
    day = when.day(made.due) if made.due else None
    here = next((p for p in entry.placements if not p.end), None)
    where = (here.instrument, here.channel) if here else ("", "")
    last = when.day(made.date) if made.date else None
    what = " ".join(filter(None, (made.class_, made.serial, made.laboratory)))
    return Due("standard", entry.id, day, _status(day, today, within), last, made.certificate, what, *where)


def _check(entry: ItemEntry, last: checks.Check | None, today: date) -> Due:
    """A check is due on its day, not a month before."""
    here = next((p for p in entry.placements if not p.end), None)
    where = (here.instrument, here.channel) if here else ("", "")
    name = entry.plan.name if entry.plan else ""
    if last is None or entry.plan is None:
        return Due("check", entry.id, None, "never", None, "", name, *where)
    done = when.day(last.t)
    day = done + timedelta(days=entry.plan.every_days)
    return Due("check", entry.id, day, _status(day, today, timedelta()), done, last.by.name, name, *where)


def _status(day: date | None, today: date, within: timedelta) -> Status:
    if day is None:
        return "ok"
    if day < today:
        return "overdue"
    return "due" if day <= today + within else "ok"
