from pathlib import Path

import msgspec
import pytest

from calibration import record as records
from calibration.record import Person, Record, Standard
from calibration.register import RegisterError
from calibration.register.lab import Lab
from calibration.register.life import amend
from calibration.register.papers import KINDS, Kind
from calibration.register.release import release
from calibration.selftest import Check
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import ANNA, BERT, CARL, GAUGE, register, reviewed


def plain(
    record: Record, procedure: str, lab: Lab, head: str, logo: bytes, checks: tuple[Check, ...]
) -> dict[Kind, bytes]:
    """Documents of one line; what is drawn is tested with ``calibration.documents``."""
    return {kind: f"{kind} of {record.id} r{record.rev} {records.sha256(record)} {head}".encode() for kind in KINDS}


def test_a_release_has_documents_and_one_entry(tmp_path: Path) -> None:
    made = register(tmp_path)
    before = reviewed(made)
    head = made.head
    done = release(made, before.id, ANNA, plain)
    assert (done.state, done.history[-1].by) == ("released", ANNA)
    assert set(done.files) == set(KINDS)
    assert made.record(done.id) == done
    entry = made.entries()[-1]
    assert (entry.event, entry.pdf, entry.dcc) == ("released", done.files["certificate"], done.files["dcc"])
    certificate = made.document(done.id, 1, "certificate")
    assert certificate is not None
    assert certificate.read_text() == f"certificate of {done.id} r1 {records.sha256(done)} {head}"
    assert done.software["selftest"].split()[0] == done.software["selftest"].split()[-1]


def test_only_an_authenticated_name_releases(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = reviewed(made).id
    with pytest.raises(RegisterError, match="carl is not authenticated"):
        release(made, id_, CARL, plain)
    assert made.record(id_).state == "reviewed"


def test_who_performed_may_be_kept_from_releasing(tmp_path: Path) -> None:
    made = register(tmp_path)
    lab = made.folder / "lab.toml"
    lab.write_text(lab.read_text().replace("apart = false", "apart = true"))
    id_ = reviewed(made).id
    with pytest.raises(RegisterError, match="bert performed this calibration"):
        release(made, id_, BERT, plain)
    release(made, id_, ANNA, plain)
    assert [e.event for e in made.entries()].count("lab") == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"begin": "2026-11-20T09:00:00Z", "standards": [{"id": "gauge", "U": "0.06"}]}, "not in the register"),
        ({"begin": "", "end": ""}, "day of the work is not known"),
        ({"begin": "2027-01-11", "end": "2027-01-11"}, "was due on 2027-01-10"),
        ({"item": {"id": "other"}}, "no item 'other'"),
    ],
)
def test_what_may_not_be_released(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    made = register(tmp_path)
    id_ = reviewed(made, **changes).id
    with pytest.raises(RegisterError, match=says):
        release(made, id_, ANNA, plain)
    assert made.record(id_).state == "reviewed"
    assert made.document(id_, 1, "certificate") is None


def test_an_older_certificate_of_a_standard_may_have_been_used(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = reviewed(made, standards=[msgspec.to_builtins(made.standard("gauge").standard)]).id
    made.add_standard(msgspec.structs.replace(GAUGE, date="2026-11-21", U="0.05"), ANNA)
    assert release(made, id_, ANNA, plain).state == "released"


def test_what_a_person_must_say_is_said(tmp_path: Path) -> None:
    made = register(tmp_path)
    text = 'asks = ["medium"]\n' + PROCEDURE
    sha = made.keep_procedure(text)
    named = {"procedure": {"id": "P-1", "rev": 2, "sha256": sha}}
    with pytest.raises(RegisterError, match="does not say: medium"):
        release(made, reviewed(made, **named).id, ANNA, plain)
    release(made, reviewed(made, **named, answers={"medium": "water"}).id, ANNA, plain)


def test_an_amendment_supersedes_when_it_is_released(tmp_path: Path) -> None:
    made = register(tmp_path)
    first = release(made, reviewed(made).id, ANNA, plain)
    again = amend(made, first.id, BERT, "customer was wrong", customer="Lab 2")
    assert (again.rev, again.replaces) == (2, records.sha256(first))
    assert made.record(first.id, 1).state == "released"
    made.save(records.advance(again, "reviewed", ANNA), "reviewed", ANNA)
    second = release(made, first.id, ANNA, plain)
    old = made.record(first.id, 1)
    assert (old.state, second.state) == ("superseded", "released")
    assert records.sha256(old) == records.sha256(first) == second.replaces
    assert [e.event for e in made.entries()][-2:] == ["released", "superseded"]
    certificate = made.document(first.id, 1, "certificate")
    assert certificate is not None
    assert "r1" in certificate.read_text()


def test_software_that_misses_a_published_number_releases_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = register(tmp_path)
    id_ = reviewed(made).id
    monkeypatch.setattr("calibration.sensors.FARADAY", 96000.0)
    with pytest.raises(RegisterError, match="not reproduced"):
        release(made, id_, ANNA, plain)


def test_the_time_of_a_release_is_now(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = release(made, reviewed(made).id, Person(name="anna", authenticated=True), plain)
    assert done.history[-1].by.at == "2026-11-21T08:00:00Z"


def test_a_standard_of_the_bench_is_what_the_register_has(tmp_path: Path) -> None:
    kept = register(tmp_path).standard("gauge").standard
    assert isinstance(kept, Standard)
    assert kept.file_sha256
