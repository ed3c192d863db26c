"""A register in a temporary folder, with a clock that stands still, and people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from calibration.record import Item, Person, Record, Standard, advance
from calibration.register import Register
from tests.calibration.example import PROCEDURE, raw

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ANNA = Person(name="anna", at="2026-11-21T08:00:00Z", authenticated=True)
BERT = Person(name="bert", at="2026-11-21T08:00:00Z", authenticated=True)
CARL = Person(name="carl", at="2026-11-21T08:00:00Z")
GAUGE = Standard(id="gauge", date="2026-01-10", due="2027-01-10", U="0.06", k="2", certificate="L-77")
PDF = b"%PDF-1.7 a certificate"


class Clock:
    """Time as a test sets it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def register(folder: Path, clock: Clock | None = None) -> Register:
    """With the example's item, standard and procedure."""
    made = Register.create(folder / "cal", clock or Clock())
    made.add_item(Item(id="sensor1", d="0.01"), ANNA)
    made.add_standard(GAUGE, ANNA, certificate=PDF)
    made.keep_procedure(PROCEDURE)
    return made


def draft(made: Register, id: str = "", **changes: Any) -> Record:  # noqa: A002
    """The example's record as this register would make it."""
    sha = made.keep_procedure(PROCEDURE)
    content = {
        **raw(),
        "id": id or made.next_number(),
        "procedure": {"id": "P-1", "rev": 2, "sha256": sha},
        "standards": [msgspec.to_builtins(made.standard("gauge").standard)],
        "begin": "2026-11-20T09:00:00Z",
        "end": "2026-11-20T11:00:00Z",
        **changes,
    }
    return msgspec.convert(content, Record)


def performed(made: Register, **changes: Any) -> Record:
    """Saved, with its readings."""
    done = advance(draft(made, **changes), "performed", BERT)
    made.save(done, "performed", BERT)
    return done


def reviewed(made: Register, **changes: Any) -> Record:
    """Saved, and looked at."""
    done = advance(performed(made, **changes), "reviewed", ANNA)
    made.save(done, "reviewed", ANNA)
    return done
