"""A dossier from the small example, and ways to look into a PDF."""

from io import BytesIO
from typing import Any

import msgspec
from pypdf import PdfReader

from calibration import record as records
from calibration.documents.dossier import Dossier, assemble
from calibration.documents.fonts import find
from calibration.documents.sheet import Paper, Sheet
from calibration.procedure import sha256
from calibration.record import Change, Person, Record
from calibration.register.lab import Lab
from tests.calibration.example import PROCEDURE, point, raw

LAB = Lab(
    name="Lab of Examples",
    address=["Street 1", "12345 Town"],
    email="lab@example.org",
    server_url="https://lab.example",
)
ANNA = Person(name="Anna", at="2026-05-04T10:00:00Z", authenticated=True)
BEN = Person(name="Ben", at="2026-05-05T09:30:00+02:00")
CARA = Person(name="Cara", at="2026-05-06T12:00:00Z", authenticated=True)
RELEASED = [
    Change(state="performed", by=ANNA),
    Change(state="reviewed", by=BEN),
    Change(state="released", by=CARA),
]


def record(**changes: Any) -> Record:
    """Released; as found only, begin 4 May 2026."""
    begun = {"begin": "2026-05-04T08:00:00Z", "end": "2026-05-04T09:00:00Z", "state": "released"}
    made = msgspec.convert({**raw(), **begun}, Record)
    ref = records.ProcedureRef(id="P-1", rev=2, sha256=sha256(PROCEDURE))
    return msgspec.structs.replace(made, **{"procedure": ref, "history": RELEASED, **changes})


def adjusted(**changes: Any) -> Record:
    """As found, then as left at the check point with the fitted curve in force."""
    left = msgspec.convert({"points": [point("15"), point("15", "down", 3)], "fitted": True}, records.RunData)
    return record(as_left=left, **changes)


def dossier(made: Record | None = None, text: str = PROCEDURE, **more: Any) -> Dossier:
    """With the procedure's hash put right."""
    if made is None:
        made = record()
    ref = msgspec.structs.replace(made.procedure, sha256=sha256(text))
    return assemble(msgspec.structs.replace(made, procedure=ref), text, more.pop("lab", LAB), **more)


def sheet(**size: float) -> Sheet:
    return Sheet(find(), Paper(**size))


def finished(made: Sheet) -> bytes:
    from datetime import UTC, datetime

    return made.finish(title="t", subject="s", author="a", language="en", dated=datetime(2026, 1, 1, tzinfo=UTC))


def pages(pdf: bytes | Sheet) -> list[str]:
    """The text of every page."""
    data = finished(pdf) if isinstance(pdf, Sheet) else pdf
    return [page.extract_text() for page in PdfReader(BytesIO(data)).pages]


def text(pdf: bytes | Sheet) -> str:
    """All text, blanks and line ends as one blank."""
    return " ".join(" ".join(pages(pdf)).split())
