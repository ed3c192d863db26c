"""The steps of a record's life but the release: reviewed, sent back, withdrawn, amended."""

from typing import Any

import msgspec

from calibration import record as records
from calibration.record import Person, Record, RecordError, State
from calibration.register import when
from calibration.register.errors import RegisterError
from calibration.register.register import Register


def stamped(register: Register, by: Person) -> Person:
    """Who, and now."""
    return by if by.at else msgspec.structs.replace(by, at=when.text(register.clock()))


def advance(register: Register, id: str, state: State, by: Person, reason: str = "") -> Record:  # noqa: A002
    """The latest revision in its next state; a release needs ``release.release``. Raises RegisterError."""
    if state == "released":
        raise RegisterError("a release computes and draws documents: that is release.release")
    by = stamped(register, by)
    with register.files.writing():
        try:
            record = records.advance(register.record(id), state, by, reason)
        except RecordError as e:
            raise RegisterError(f"{id}: {e}") from e
        register.save(record, state, by)
    return record


def withdraw(register: Register, id: str, by: Person, reason: str) -> Record:  # noqa: A002
    """It holds no longer, nor does the revision before it that was still in force. Raises RegisterError."""
    by = stamped(register, by)
    with register.files.writing():
        latest = register.record(id)
        for rev in range(1, latest.rev):
            if (old := register.record(id, rev)).state == "released":
                register.save(_withdrawn(old, by, reason), "withdrawn", by)
        gone = _withdrawn(latest, by, reason)
        register.save(gone, "withdrawn", by)
    return gone


def _withdrawn(record: Record, by: Person, reason: str) -> Record:
    try:
        return records.advance(record, "withdrawn", by, reason)
    except RecordError as e:
        raise RegisterError(f"{record.id}: {e}") from e


def amend(register: Register, id: str, by: Person, reason: str, **changes: Any) -> Record:  # noqa: A002
    """The next revision, performed (by whoever amends) and to be reviewed; the one before stays in force until then.

    Raises RegisterError.
    """
    by = stamped(register, by)
    with register.files.writing():
        old = register.record(id)
        if old.state not in ("released", "withdrawn"):
            raise RegisterError(f"{id} is {old.state}: only what was released is amended")
        try:
            new = records.amend(old, by, reason, **changes, software={}, files={})
            done = records.advance(new, "performed", by)
        except RecordError as e:
            raise RegisterError(f"{id}: {e}") from e
        register.save(done, "amended", by)
    return done
