"""Which calibration is in force at which channel, as the register has it now: what is told to the broker."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from broker.calibration import Calibration
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.published import Effect, effect, of_standard
from calibration.record import Record
from calibration.record import sha256 as hash_of
from calibration.register import when
from calibration.register.book import ItemEntry, Placement, StandardEntry
from calibration.register.due import due_of, due_of_external
from calibration.register.errors import RegisterError
from calibration.register.papers import folder_of, revisions
from calibration.register.register import EVENTS, Register

DAY_MS = 86_400_000
SOON_DAYS = 30
"""How long before its date something is due soon."""
NOT_CONFORMING = "it does not conform"

Messages = dict[str, dict[str, Calibration]]


@dataclass(frozen=True, slots=True)
class Survey:
    """Instrument → channel → what is in force there, also what has ended; ``held`` by item.

    ``problems``: what could not be published, one sentence each.
    """

    messages: Messages
    held: Mapping[str, "Held"]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class Held:
    """The newest calibration of an item: a record of ours (``rev`` from 1), or a service firm's certificate.

    Times in ms; ``work_ms`` is when the item was last looked at: that, not the release, says which is the newest.
    """

    id: str
    item: str
    work_ms: int
    since_ms: int
    due_ms: int | None
    rev: int = 0
    sha256: str = ""
    end: str = ""
    passed: bool | None = None
    withdrawn: str | None = None

    @property
    def order(self) -> tuple[int, int]:
        return self.work_ms, self.since_ms


_Stamp = tuple[object, ...]


class Surveyor:
    """Remembers what it has read and computed, as long as the files are as they were."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._effects: dict[str, Effect | str] = {}
        self._read: dict[str, tuple[_Stamp, Held | None]] = {}

    def survey(self, now_ms: int) -> Survey:
        """Everything at once. Raises RegisterError."""
        problems: list[str] = []
        all_ = list(self._all())
        held: dict[str, Held] = {}
        for one in all_:
            if one.item not in held or held[one.item].order <= one.order:  # of one second, the higher number
                held[one.item] = one
        found: Messages = {}
        for place, entries in _places(self.register).items():
            calibration = self._at(place, entries, held, now_ms, problems)
            if calibration is not None:
                found.setdefault(place[0], {})[place[1]] = calibration
        return Survey(found, held, problems)

    # --- which calibrations there are ---

    def _all(self) -> Iterator[Held]:
        """Also those that newer ones have replaced."""
        for path in folder_of(self.register.folder):
            if (one := self._of_folder(path)) is not None:
                yield one
        for entry in self.register.items():
            for external in entry.externals:
                day, made = due_of_external(external, entry.months), _ms(external.date)
                due = due_ms_of(day.isoformat()) if day else None
                yield Held(external.certificate[:64], entry.id, made, made, due, passed=external.passed)

    def _of_folder(self, path: Path) -> Held | None:
        """A record, read when its files or the register's events have changed."""
        stamp = (_stamp(self.register.folder / EVENTS), *(_stamp(f) for f in sorted(path.glob("r*.json"))))
        known = self._read.get(path.name)
        if known is None or known[0] != stamp:
            record = self._last_released(path.name)
            known = self._read[path.name] = stamp, None if record is None else self._of_record(record)
        return known[1]

    def _last_released(self, id_: str) -> Record | None:
        """The highest revision that is in force, or was withdrawn from it."""
        for rev in reversed(revisions(self.register.folder, id_)):
            record = self.register.record(id_, rev)
            was = any(change.state == "released" for change in record.history)
            if record.state == "released" or (record.state == "withdrawn" and was):
                return record
        return None

    def _of_record(self, record: Record) -> Held:
        released = next(c for c in reversed(record.history) if c.state == "released")
        since = _ms(released.by.at)
        return Held(
            record.id,
            record.item.id,
            _ms(record.end or record.begin) if record.end or record.begin else since,
            since,
            self._due(record),
            record.rev,
            hash_of(record),
            record.end,
            withdrawn=record.history[-1].reason if record.state == "withdrawn" else None,
        )

    def _due(self, record: Record) -> int | None:
        """None also where it cannot be found out: then the record has no effect either, and that is told."""
        try:
            day = due_of(self.register, record) if record.due or record.end or record.begin else None
        except RegisterError:
            return None
        return due_ms_of(day.isoformat()) if day else None

    # --- what stands at a channel ---

    def _at(
        self, place: "Place", entries: list["Sitting"], held: Mapping[str, Held], now_ms: int, problems: list[str]
    ) -> Calibration | None:
        now = when.text(datetime.fromtimestamp(now_ms / 1000, UTC))
        sits = next((s for s in entries if s.placement.holds(now)), None)
        if sits is not None and isinstance(sits.entry, StandardEntry) and sits.entry.id not in held:
            return _reference(sits, place, now_ms)
        if sits is not None and sits.entry.id in held:
            one = held[sits.entry.id]
            elsewhere = self._made_elsewhere(one, place)
            if elsewhere:
                return _ended(one, sits, place, "void", f"{sits.entry.id} was calibrated at {elsewhere}")
            return self._in_force(one, sits, place, now_ms, problems)
        return _void(entries, sits, place, held)

    def _made_elsewhere(self, one: Held, place: "Place") -> str:
        """Sensor and channel were calibrated together: at another channel the record says nothing."""
        placement = self.register.item(one.item).where(when.normal(one.end)) if one.rev and one.end else None
        if placement is None or (placement.instrument, placement.channel) == place:
            return ""
        return str(placement)

    def _in_force(
        self, one: Held, sits: "Sitting", place: "Place", now_ms: int, problems: list[str]
    ) -> Calibration | None:
        if one.withdrawn is not None:
            return _ended(one, sits, place, "withdrawn", one.withdrawn)
        basic = _named(one, sits, place, status_of(one.due_ms, now_ms))
        if not one.rev:
            said = NOT_CONFORMING if one.passed is False else ""
            return msgspec.structs.replace(basic, certificate=one.id, reason=said)
        found = self._effect(one)
        if isinstance(found, str):
            problems.append(found)
            return None
        return self._with_effect(basic, one, found)

    def _with_effect(self, basic: Calibration, one: Held, found: Effect) -> Calibration:
        kept = self._before(one) if found.signal == "corrected" and found.correction.type == "none" else None
        return msgspec.structs.replace(
            basic,
            rev=one.rev,
            sha256=one.sha256,
            unit=found.unit,
            reason=NOT_CONFORMING if found.passed is False else "",
            range=kept.range if kept else found.range,
            correction=kept.correction if kept else found.correction,
            U=list(found.U),
            k=found.k,
            signal="raw" if kept else found.signal,
        )

    def _before(self, later: Held) -> Effect | None:
        """What corrected the values that ``later`` calibrated: the newest earlier record of raw readings."""
        earlier = [one for one in self._all() if one.item == later.item and one.rev and one.withdrawn is None]
        for one in sorted(earlier, key=lambda h: h.order, reverse=True):
            found = self._effect(one) if one.order < later.order else ""
            if isinstance(found, Effect) and found.signal == "raw":
                return found
        return None

    def _effect(self, one: Held) -> Effect | str:
        """What a record does, or why that is not known."""
        if one.sha256 not in self._effects:
            try:
                record = self.register.record(one.id, one.rev)
                rules, _ = self.register.procedure(record.procedure.sha256)
                self._effects[one.sha256] = effect(record, rules, compute(record, rules))
            except (CalculationError, RegisterError) as e:
                self._effects[one.sha256] = f"{one.id} cannot be published: {e}"
        return self._effects[one.sha256]


def _stamp(path: Path) -> _Stamp:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return (path.name,)
    return path.name, found.st_size, found.st_mtime_ns, found.st_ino


# --- places -----------------------------------------------------------------------------------------------------------

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sitting:
    """Something that sits or sat at a place."""

    entry: ItemEntry | StandardEntry
    placement: Placement

    @property
    def serial(self) -> str:
        return self.entry.item.serial if isinstance(self.entry, ItemEntry) else self.entry.standard.serial


def _places(register: Register) -> dict[Place, list[Sitting]]:
    """Each (instrument, channel) there ever was, with all that sat there; a thing that is both comes as item."""
    found: dict[Place, list[Sitting]] = {}
    items = {entry.id for entry in register.items()}
    standards = [entry for entry in register.standards() if entry.id not in items]
    entries: list[ItemEntry | StandardEntry] = [*register.items(), *standards]
    for entry in entries:
        for p in entry.placements:
            found.setdefault((p.instrument, p.channel), []).append(Sitting(entry, p))
    return found


def _named(one: Held, sits: Sitting, place: Place, status: "Status") -> Calibration:
    return Calibration(
        id=one.id,
        channel=place[1],
        item=sits.entry.id,
        serial=sits.serial,
        status=status,
        from_=one.since_ms,
        due=one.due_ms,
    )


def _ended(one: Held, sits: Sitting, place: Place, status: "Status", reason: str) -> Calibration:
    return msgspec.structs.replace(_named(one, sits, place, status), reason=reason, due=None)


def _void(entries: list[Sitting], sits: Sitting | None, place: Place, held: Mapping[str, Held]) -> Calibration | None:
    """What sat there last and was calibrated is told to be void; nothing where nothing ever was."""
    before = [s for s in entries if s is not sits and s.entry.id in held and s.placement.end]
    if not before:
        return None
    last = max(before, key=lambda s: s.placement.end)
    now = f"; {sits.entry.id} sits there now and is not calibrated" if sits else ""
    return _ended(held[last.entry.id], last, place, "void", f"{last.entry.id} was removed{now}")


def _reference(sits: Sitting, place: Place, now_ms: int) -> Calibration:
    """A standard that is read live: its certificate, without a correction."""
    standard = sits.entry.standard if isinstance(sits.entry, StandardEntry) else None
    if standard is None:
        raise RegisterError(f"{sits.entry.id} is no standard")
    points, k = of_standard(standard)
    due = due_ms_of(standard.due) if standard.due else None
    made = _ms(standard.date) if standard.date else 0
    one = Held((standard.certificate or standard.id)[:64], standard.id, made, made, due)
    found = _named(one, sits, place, status_of(due, now_ms))
    return msgspec.structs.replace(found, certificate=standard.certificate, U=list(points), k=k)


# --- time -------------------------------------------------------------------------------------------------------------

Status = Literal["ok", "due", "overdue", "void", "withdrawn"]


def _ms(stamp: str) -> int:
    return int(when.parse(stamp).timestamp() * 1000)


def due_ms_of(day: str) -> int:
    """The last moment of the day it is due on: on that day it is still in time."""
    return _ms(day[:10]) + DAY_MS - 1


def status_of(due_ms: int | None, now_ms: int) -> Status:
    if due_ms is None or now_ms < due_ms - SOON_DAYS * DAY_MS:
        return "ok"
    return "due" if now_ms < due_ms else "overdue"
