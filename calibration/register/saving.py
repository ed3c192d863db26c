"""What may be written over a record that is there: its next state; never what was read."""

from typing import TYPE_CHECKING

import msgspec

from calibration import record as records
from calibration.record import NEXT, Person, Record
from calibration.register.errors import RegisterError
from calibration.register.folder import Step, sha256
from calibration.register.papers import content, revisions
from calibration.register.people import who

if TYPE_CHECKING:
    from calibration.register.register import Register


def steps(register: "Register", record: Record, event: str, by: Person) -> list[Step]:
    """The step that writes ``record``. What it replaces stays under its hash. Raises RegisterError."""
    known = revisions(register.folder, record.id)
    _check_procedure(register, record)
    _check_release(record)
    place = f"records/{record.id}"
    also: dict[str, bytes] = {}
    if record.rev in known:
        _check_change(register.record(record.id, record.rev), record)
        before = content(register.folder / place / f"r{record.rev}.json")
        also[f"{place}/kept/{sha256(before)}.json"] = before
    else:
        _check_first(register, record, known)
    data = records.write(record)
    name = f"{place}/r{record.rev}.json"
    pdf, dcc = record.files.get("certificate", ""), record.files.get("dcc", "")
    return [Step(event, record.id, record.rev, name, content=data, pdf=pdf, dcc=dcc, by=who(by), also=also)]


def _check_procedure(register: "Register", record: Record) -> None:
    if not record.procedure.sha256:
        raise RegisterError(f"record {record.id} does not say by its hash which procedure it was made with")
    kept, _ = register.procedure(record.procedure.sha256)
    if (kept.id, kept.rev) != (record.procedure.id, record.procedure.rev):
        raise RegisterError(f"record {record.id} names another procedure than the one with its hash")


def _check_release(record: Record) -> None:
    """A released record was released by somebody the bridge knows."""
    if record.state == "released" and not (record.history and record.history[-1].by.authenticated):
        raise RegisterError(f"record {record.id} was not released by an authenticated name")


def _check_first(register: "Register", record: Record, known: list[int]) -> None:
    if record.rev != (known[-1] + 1 if known else 1):
        raise RegisterError(f"the next revision of {record.id} is {len(known) + 1}, not {record.rev}")
    if known and record.replaces != records.sha256(register.record(record.id, known[-1])):
        raise RegisterError(f"revision {record.rev} of {record.id} does not name the revision before by its hash")


def _check_change(old: Record, new: Record) -> None:
    if new.history[: len(old.history)] != old.history:
        raise RegisterError(f"record {old.id}: what happened to it cannot be taken back")
    if new.state != old.state and new.state not in NEXT[old.state]:
        raise RegisterError(f"record {old.id} is {old.state} and cannot become {new.state}")
    if old.state != "draft" and _substance(old) != _substance(new):
        raise RegisterError(f"record {old.id} is {old.state}: it is amended by a new revision, never written over")


def _substance(record: Record) -> Record:
    """All but what the record's own life adds."""
    return msgspec.structs.replace(record, state="draft", history=[], files={}, software={})
