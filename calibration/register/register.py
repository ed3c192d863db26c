"""The register: items, standards, records and procedures of one lab, in one folder that anybody can read and copy."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import get_args

import msgspec

from broker.topics import TopicError, check_channel, check_name
from calibration import chain, procedure, record
from calibration.exact import CalculationError
from calibration.procedure import Procedure, ProcedureError
from calibration.record import Item, Person, Record, Standard
from calibration.reference import Reference
from calibration.register import book, lab, when
from calibration.register import events as ev
from calibration.register.errors import RegisterError
from calibration.register.folder import Folder, Step, sha256
from calibration.register.papers import Kind, content, file_name, folder_of, revisions
from calibration.register.people import who
from calibration.register.saving import steps

EVENTS, CHECKS = "register.jsonl", "checks.jsonl"
REGISTERED = frozenset(str(kind.__struct_config__.tag) for kind in get_args(ev.Event))
"""Events of the chain that stand for a line of register.jsonl."""
RESERVED = REGISTERED | {"lab", "procedure", "certificate", "check"}
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DOTS = re.compile(r"\.+")


def check_id(id: str, what: str) -> str:  # noqa: A002 - the register's own word
    """``id`` where it may be one; it names files. Raises RegisterError."""
    if not _NAME.fullmatch(id) or _DOTS.fullmatch(id):
        raise RegisterError(f"{what} {id!r} is not a valid name: letters, digits, . _ and -, at most 64")
    return id


class Register:
    """One lab's register. Blocking and small; every write is one line of the chain. Raises RegisterError throughout."""

    def __init__(self, folder: Path, own: lab.Lab, clock: when.Clock) -> None:
        self.folder = folder
        self.lab = own
        self.clock = clock
        self.files = Folder(folder)
        self._book: tuple[int, book.Book] = (-1, book.Book())

    @classmethod
    def open(cls, folder: Path, clock: when.Clock = when.now) -> "Register":
        if not (folder / lab.FILE).is_file():
            raise RegisterError(f"{folder} is no register of calibrations: labwire cal init --dir {folder}")
        return cls(folder, lab.read(folder), clock)

    @classmethod
    def create(cls, folder: Path, clock: when.Clock = when.now) -> "Register":
        """A new one, with a ``lab.toml`` to be filled in. An old one stays as it is."""
        if (folder / lab.FILE).exists() or (folder / EVENTS).exists():
            raise RegisterError(f"{folder} is a register already, and stays as it is")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / lab.FILE).write_text(lab.TEMPLATE, encoding="utf-8")
        except OSError as e:
            raise RegisterError(f"{folder} cannot be made a register: {e.strerror}") from e
        made = cls(folder, lab.read(folder), clock)
        made.keep_lab(Person(name=""))
        return made

    # the lab

    def keep_lab(self, by: Person) -> None:
        """Chain ``lab.toml`` and the logo as they are now, where they were changed; a copy of each stays."""
        with self.files.writing():
            self.reload_lab()
            steps = []
            for path in self._letterhead():
                data, name = content(self.folder / path), path.as_posix()
                if self.lab_kept().get(name) != sha256(data):
                    kept = f"letterhead/{sha256(data)}{path.suffix}"
                    steps.append(Step("lab", name, file=kept, content=data, by=who(by)))
            if steps:
                self.files.commit(steps, self._now())

    def _letterhead(self) -> list[Path]:
        """``lab.toml`` and the logo, from the folder on."""
        if not self.lab.logo_file:
            return [Path(lab.FILE)]
        try:
            return [Path(lab.FILE), Path(self.lab.logo_file).resolve().relative_to(self.folder.resolve())]
        except ValueError as e:
            raise RegisterError("logo_file is in the register's folder, where it is kept with the rest") from e

    def reload_lab(self) -> None:
        """``lab.toml`` as it is now: whoever keeps a register open asks before it decides by it."""
        self.lab = lab.read(self.folder)

    def lab_kept(self) -> dict[str, str]:
        """File → hash, of ``lab.toml`` and the logo as they were kept last."""
        return {entry.id: entry.record for entry in self.entries() if entry.event == "lab"}

    # items and standards

    def items(self) -> list[book.ItemEntry]:
        return list(self.book().items.values())

    def item(self, id: str) -> book.ItemEntry:  # noqa: A002
        return self.book().item(id)

    def standards(self) -> list[book.StandardEntry]:
        return list(self.book().standards.values())

    def standard(self, id: str) -> book.StandardEntry:  # noqa: A002
        return self.book().standard(id)

    def add_item(self, item: Item, by: Person, *, months: int | None = None, customer: str = "") -> None:
        """``months`` is the interval the owner agreed to; none: what the procedure says."""
        check_id(item.id, "item")
        if item.id in self.book().items:
            raise RegisterError(f"item {item.id} is in the register already: labwire cal item change {item.id}")
        self._write_item(item, by, months, customer)

    def change_item(self, item: Item, by: Person, *, months: int | None = None, customer: str = "") -> None:
        """Another description from now on; what it was before stays in the register."""
        self.item(item.id)
        self._write_item(item, by, months, customer)

    def _write_item(self, item: Item, by: Person, months: int | None, customer: str) -> None:
        # Not a matter of the type: what was written once must stay readable.
        if float(item.d) < 0:
            raise RegisterError(f"item {item.id}: a resolution is not negative, and {item.d} is")
        event = ev.ItemAdded(id=item.id, t=self._now(), by=by, item=item, months=months, customer=customer)
        self._write(event)

    def add_standard(self, standard: Standard, by: Person, *, certificate: bytes | None = None) -> None:
        """A standard, or the next certificate of one; the file of the certificate is kept under its hash."""
        check_id(standard.id, "standard")
        self._dated(f"standard {standard.id}", standard.date, standard.due)
        for x in [point.x for point in standard.points] or ["0"]:
            try:
                Reference((standard,)).u(float(x))
            except CalculationError as e:
                raise RegisterError(str(e)) from e
        steps = []
        if certificate is not None:
            standard = msgspec.structs.replace(standard, file_sha256=sha256(certificate))
            steps = self._paper(certificate, standard.id, by)
        self._write(ev.StandardAdded(id=standard.id, t=self._now(), by=by, standard=standard), steps)

    def add_external(self, item: str, external: ev.External, by: Person, *, certificate: bytes | None = None) -> None:
        """A certificate of a service firm for an item."""
        self.item(item)
        self._dated(f"item {item}", external.date, external.due)
        steps = []
        if certificate is not None:
            external = msgspec.structs.replace(external, file_sha256=sha256(certificate))
            steps = self._paper(certificate, item, by)
        self._write(ev.ExternalAdded(id=item, t=self._now(), by=by, external=external), steps)

    def _dated(self, what: str, date: str, due: str) -> None:
        """The days of a certificate; somewhere it may be tomorrow already. Raises RegisterError."""
        made, ends = (when.day(stamp) if stamp else None for stamp in (date, due))
        if made and made > (self.clock() + timedelta(days=1)).date():
            raise RegisterError(f"{what}: its certificate's day {date} has not come yet")
        if made and ends and ends < made:
            raise RegisterError(f"{what}: due {due} is before the certificate's own date")

    def _paper(self, data: bytes, id_: str, by: Person) -> list[Step]:
        """The step that keeps a certificate's file, which never changes again."""
        if not data.startswith(b"%PDF-"):
            raise RegisterError("the certificate is not a PDF file")
        name = f"certificates/{sha256(data)}.pdf"
        if (self.folder / name).exists():
            return []
        return [Step("certificate", id_, record=sha256(data), pdf=sha256(data), also={name: data}, by=who(by))]

    def certificate(self, file_sha256: str) -> Path | None:
        """The kept file of a service firm's certificate."""
        path = self.folder / "certificates" / f"{file_sha256}.pdf"
        return path if file_sha256 and path.is_file() else None

    def plan_check(self, item: str, plan: ev.CheckPlan, by: Person) -> None:
        """How an item is checked between calibrations, from now on."""
        self.item(item)
        self._write(ev.CheckDefined(id=item, t=self._now(), by=by, plan=plan))

    # who sits where

    def install(self, item: str, instrument: str, channel: str, at: str, by: Person) -> None:
        """An item or a standard sits at a channel from ``at`` ("": now) on. Nothing else may, and it nowhere else."""
        try:
            check_name(instrument)
            check_channel(channel)
        except TopicError as e:
            raise RegisterError(str(e)) from e
        with self.files.writing():
            new = book.Placement(instrument, channel, self._moment(at))
            self._check_room(item, new)
            event = ev.Installed(id=item, t=self._now(), by=by, instrument=instrument, channel=channel, at=new.start)
            self._write(event)

    def _check_room(self, item: str, new: book.Placement) -> None:
        known = self.book()
        here = known.placements(item)
        entry = known.items.get(item) or known.standards[item]
        if entry.state == "retired":
            raise RegisterError(f"{item} is retired")
        for old in here:
            if old.meets(new):
                raise RegisterError(f"{item} sits at {old} {_span(old)}: remove it there first")
        for id_, old in known.placed():
            if (old.instrument, old.channel) == (new.instrument, new.channel) and old.meets(new):
                raise RegisterError(f"{id_} sits at {old} {_span(old)}: remove it first")

    def remove(self, item: str, at: str, by: Person, reason: str = "") -> None:
        """It sits there no longer from ``at`` ("": now) on."""
        with self.files.writing():
            moment = self._end(item, at)
            self._write(ev.Removed(id=item, t=self._now(), by=by, at=moment, reason=reason))

    def _end(self, item: str, at: str) -> str:
        moment = self._moment(at)
        open_ = [p for p in self.book().placements(item) if not p.end]
        if not open_:
            raise RegisterError(f"{item} sits nowhere")
        if moment < open_[0].start:
            raise RegisterError(f"{item} sits at {open_[0]} since {open_[0].start} only")
        return moment

    def retire(self, item: str, at: str, by: Person, reason: str = "") -> None:
        """Not used any more; it is removed from where it sits."""
        with self.files.writing():
            known = self.book()
            sits = any(not p.end for p in known.placements(item))
            moment = self._end(item, at) if sits else self._moment(at)
            self._write(ev.Retired(id=item, t=self._now(), by=by, at=moment, reason=reason))

    def installed(self, instrument: str, channel: str, at: str | None = None) -> str | None:
        """What sits at a channel, at ``at`` or now."""
        moment = when.normal(at) if at else self._now()
        for id_, placement in self.book().placed():
            if (placement.instrument, placement.channel) == (instrument, channel) and placement.holds(moment):
                return id_
        return None

    # procedures

    def keep_procedure(self, text: str) -> str:
        """Keep a procedure's text for ever; returns its hash."""
        text = text.replace("\r\n", "\n")
        try:
            read = procedure.read(text)
        except ProcedureError as e:
            raise RegisterError(f"this procedure cannot be used: {e}") from e
        hash_ = procedure.sha256(text)
        name = f"procedures/{hash_}.toml"
        with self.files.writing():
            if not (self.folder / name).exists():
                step = Step("procedure", read.id, read.rev, file=name, content=text.encode())
                self.files.commit([step], self._now())
        return hash_

    def procedure(self, sha256: str) -> tuple[Procedure, str]:
        """A kept procedure and its text."""
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise RegisterError("a procedure is asked for by its SHA-256")
        text = content(self.folder / "procedures" / f"{sha256}.toml").decode(errors="replace")
        if procedure.sha256(text) != sha256:
            raise RegisterError(f"procedures/{sha256}.toml was changed: its hash differs")
        try:
            return procedure.read(text), text
        except ProcedureError as e:
            raise RegisterError(f"procedures/{sha256}.toml: {e}") from e

    # records

    def next_number(self) -> str:
        """The next by ``lab.toml``'s scheme; nobody else gets it, also if it is never used."""
        year = self.clock().year
        with self.files.writing():
            folder = self.folder / "records"
            folder.mkdir(exist_ok=True)
            used = (self.lab.counted(year, path.name) for path in folder.iterdir())
            number = self.lab.number(year, max((n for n in used if n is not None), default=0) + 1)
            (folder / check_id(number, "number")).mkdir()
            return number

    def records(self) -> list[Record]:
        """The latest revision of each, in the order of their ids."""
        ids = [path.name for path in folder_of(self.folder)]
        return [self.record(id_) for id_ in ids if revisions(self.folder, id_)]

    def record(self, id: str, rev: int | None = None) -> Record:  # noqa: A002
        """One record; its latest revision where none is named."""
        check_id(id, "record")
        known = revisions(self.folder, id)
        if not known or (rev is not None and rev not in known):
            raise RegisterError(f"there is no record {id}" + (f" revision {rev}" if rev and known else ""))
        path = self.folder / "records" / id / f"r{rev or known[-1]}.json"
        try:
            return record.read(content(path))
        except record.RecordError as e:
            raise RegisterError(f"{path}: {e}") from e

    def save(self, record: Record, event: str, by: Person) -> None:
        """Write a record and chain it. What was performed is not written over: ``record.amend`` makes a revision."""
        check_id(record.id, "record")
        if not event or event in RESERVED:
            raise RegisterError(f"{event!r} is no event of a record")
        with self.files.writing():
            self.files.commit(steps(self, record, event, by), self._now())

    def document(self, id: str, rev: int, kind: Kind) -> Path | None:  # noqa: A002
        """The file of a released record: certificate, protocol, dcc or csv."""
        path = self.folder / "records" / check_id(id, "record") / file_name(rev, kind)
        return path if path.is_file() else None

    # the chain

    def entries(self) -> list[chain.Entry]:
        """The whole chain, checked."""
        try:
            return chain.read(self.files.ledger(), head=self.head)
        except chain.ChainError as e:
            raise RegisterError(f"ledger.jsonl: {e}") from e

    @property
    def head(self) -> str:
        """The hash of the last entry: printed on each document."""
        return self.files.head()

    def book(self) -> book.Book:
        """Items and standards as they are now."""
        data = self.files.read(EVENTS) or b""
        if self._book[0] != len(data):
            lines = [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]
            self._book = len(data), book.fold(ev.read(line, number) for number, line in enumerate(lines, 1))
        return self._book[1]

    def _write(self, event: ev.Event, before: Sequence[Step] = ()) -> None:
        step = Step(str(type(event).__struct_config__.tag), event.id, file=EVENTS, line=ev.line(event))
        self.files.commit([*before, step], self._now())

    def _now(self) -> str:
        return when.text(self.clock())

    def _moment(self, at: str) -> str:
        """``at`` as it is kept, now where it is empty. Raises RegisterError for what is yet to come."""
        moment = when.normal(at) if at else self._now()
        if moment > self._now():
            raise RegisterError(f"{moment} has not come yet")
        return moment


def _span(placement: book.Placement) -> str:
    return f"since {placement.start}" + (f" until {placement.end}" if placement.end else "")
