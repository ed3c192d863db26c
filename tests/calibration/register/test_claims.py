import json
from decimal import Decimal

import pytest

from calibration import record as records
from calibration.compute import compute
from calibration.procedure import sha256
from calibration.record import RecordError
from calibration.register.claims import PROCEDURE, RECORD, attached, compared, lacking, numbers, parts, text
from tests.calibration.example import PROCEDURE as RULES
from tests.calibration.example import procedure, record

MADE = record(procedure={"id": "P-1", "rev": 2, "sha256": sha256(RULES)})
RESULTS = compute(MADE, procedure())
WANTED = [n for run in RESULTS.values() for p in run.points for n in (p.printed.y, p.printed.U)]


def test_numbers_of_a_text() -> None:
    assert numbers("a 1.50 b -0.2, 1e-3 x2 3,4 v1.2.3") == [Decimal(n) for n in ("1.50", "-0.2", "1e-3", "3", "4")]


def test_what_a_document_must_say() -> None:
    assert lacking([Decimal(n) for n in WANTED], RESULTS) == []
    more = [Decimal(n) + Decimal("0.0004") for n in WANTED]
    assert lacking(more, RESULTS) == []
    assert lacking([Decimal(n) for n in WANTED[1:]], RESULTS) == [WANTED[0]]
    assert len(lacking([], RESULTS)) == len(set(WANTED))


def test_documents_beside_the_results() -> None:
    good, bad = compared(MADE, procedure(), {"a": " ".join(WANTED), "b": " ".join(WANTED[2:])})
    assert (good.ok, bad.ok) == (True, False)
    assert WANTED[0] in bad.text
    (wrong,) = compared(record(as_found=None), procedure(), {"a": ""})
    assert "nothing can be computed" in wrong.text


def test_record_and_procedure_travel_together() -> None:
    files = {RECORD: records.write(MADE), PROCEDURE: RULES.encode()}
    assert parts(files)[0] == MADE
    for changed, says in (
        ({}, "does not carry record.json and procedure.toml"),
        ({**files, PROCEDURE: RULES.replace("0.5", "5").encode()}, "its hash differs"),
        ({**files, RECORD: b" " + files[RECORD]}, "not in the form"),
        ({**files, RECORD: json.dumps({"id": 1}).encode()}, "not a record"),
    ):
        with pytest.raises(RecordError, match=says):
            parts(changed)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.7\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF"])
def test_what_is_no_pdf(data: bytes) -> None:
    for ask in (attached, text):
        with pytest.raises(RecordError):
            ask(data)
