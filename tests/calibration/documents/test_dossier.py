from datetime import UTC, datetime

import pytest

from calibration.documents.dossier import assemble, moment
from calibration.documents.errors import DocumentError
from calibration.record import Change, Person, sha256
from calibration.register.lab import Lab
from tests.calibration.documents.given import LAB, RELEASED, dossier, record
from tests.calibration.example import PROCEDURE


def test_results_are_computed_from_the_readings() -> None:
    assert [p.nominal for p in dossier().results["as_found"].points] == [0, 10, 15, 20, 30]


def test_the_link_names_the_record_and_half_of_its_hash() -> None:
    d = dossier()
    assert d.link == f"https://lab.example/cal/C-1#{sha256(d.record)[:32]}"
    assert dossier(lab=Lab(name="x")).link == f"labwire:cal/C-1#{d.sha256[:32]}"


def test_a_record_that_was_superseded_since_is_printed_as_it_was_issued() -> None:
    later = [*RELEASED, Change(state="superseded", by=Person(name="Anna", at="2027-01-01T00:00:00Z"))]
    d = dossier(record(state="superseded", history=later, files={"certificate": "0" * 64}))
    assert d.record == dossier().record
    assert d.sha256 == dossier().sha256


def test_dates_come_from_the_record() -> None:
    assert dossier().dated == datetime(2026, 5, 6, 12, tzinfo=UTC)
    assert dossier().issued == "2026-05-06T12:00:00Z"
    assert dossier(record(history=[], state="draft")).dated == datetime(2026, 5, 4, 9, tzinfo=UTC)
    assert dossier(record(history=[], state="draft", begin="", end="")).dated.year == 1970
    assert moment("2026-05-05T09:30:00+02:00") == datetime(2026, 5, 5, 7, 30, tzinfo=UTC)


def test_revisions_have_numbers_of_their_own() -> None:
    assert dossier().number == "C-1"
    assert dossier(record(rev=2, replaces="0" * 64)).number == "C-1 rev. 2"


def test_another_procedure_is_refused() -> None:
    with pytest.raises(DocumentError, match="its hash differs"):
        assemble(record(), PROCEDURE + "\n# changed", LAB)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(DocumentError, match="no readings"):
        dossier(record(as_found=None))
