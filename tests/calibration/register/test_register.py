import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from calibration.record import Item, Person, Standard, sha256
from calibration.register import External, Placement, Register, RegisterError, shown
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import ANNA, BERT, CARL, GAUGE, PDF, Clock, draft, performed, register

SENSOR = Item(id="pt3", maker="Heraeus", serial="4711", d="0.001")


def again(made: Register) -> Register:
    """The same folder, opened by somebody else."""
    return Register.open(made.folder, made.clock)


def test_what_was_added_is_there_for_whoever_opens_it(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_item(SENSOR, CARL, months=6, customer="Lab 2")
    entry = again(made).item("pt3")
    assert (entry.item, entry.months, entry.customer, entry.state) == (SENSOR, 6, "Lab 2", "active")
    assert [e.id for e in again(made).items()] == ["sensor1", "pt3"]
    kept = again(made).standard("gauge")
    assert (kept.due, kept.class_, len(kept.certificates)) == (GAUGE.due, "", 1)
    paper = made.certificate(kept.standard.file_sha256)
    assert paper is not None
    assert paper.read_bytes() == PDF


def test_a_folder_becomes_a_register_once(tmp_path: Path) -> None:
    register(tmp_path)
    with pytest.raises(RegisterError, match="a register already"):
        Register.create(tmp_path / "cal")
    with pytest.raises(RegisterError, match="labwire cal init"):
        Register.open(tmp_path)


@pytest.mark.parametrize("id_", ["", "a/b", "..", ".", "ä", "x" * 65, "a b"])
def test_names_that_are_no_names(tmp_path: Path, id_: str) -> None:
    made = register(tmp_path)
    with pytest.raises(RegisterError, match="not a valid name"):
        made.add_item(Item(id=id_), ANNA)
    with pytest.raises(RegisterError, match="not a valid name"):
        made.record(id_)
    with pytest.raises(RegisterError, match="not a valid name"):
        made.document(id_, 1, "certificate")
    if id_ in (".", ".."):
        with pytest.raises(RegisterError, match="not a valid name"):
            made.save(draft(made, id_), "draft", ANNA)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    made = register(tmp_path)
    for ask in (made.item, made.standard, made.record):
        with pytest.raises(RegisterError, match="there is no"):
            ask("nobody")
    with pytest.raises(RegisterError, match="neither an item nor a standard"):
        made.install("nobody", "oven1", "temp", "", ANNA)


def test_an_item_is_described_anew_and_keeps_its_places(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-11-01", ANNA)
    made.change_item(Item(id="sensor1", serial="5"), ANNA, months=3)
    entry = made.item("sensor1")
    assert (entry.item.serial, entry.months, len(entry.placements)) == ("5", 3, 1)
    with pytest.raises(RegisterError, match="in the register already"):
        made.add_item(Item(id="sensor1"), ANNA)


# --- standards -------------------------------------------------------------------------------------------------------


def test_the_newest_certificate_of_a_standard_is_in_force(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_standard(msgspec.structs.replace(GAUGE, date="2026-11-01", due="2027-11-01", U="0.05"), ANNA)
    made.add_standard(msgspec.structs.replace(GAUGE, date="2024-11-01", due="2025-11-01", U="0.09"), ANNA)
    entry = made.standard("gauge")
    assert (entry.standard.U, len(entry.certificates)) == ("0.05", 3)


@pytest.mark.parametrize(
    ("changes", "certificate", "says"),
    [
        ({"due": "2025-01-01"}, PDF, "before the certificate's own date"),
        ({}, b"<html>", "not a PDF"),
        ({"date": "2026-02-30"}, PDF, "neither a day"),
        ({"date": "2026-11-23", "due": "2028-01-01"}, PDF, "has not come yet"),
        ({"k": "0"}, PDF, "coverage factor"),
        ({"U": "-1"}, PDF, "not negative"),
    ],
)
def test_standards_that_are_refused(tmp_path: Path, changes: dict[str, str], certificate: bytes, says: str) -> None:
    made = register(tmp_path)
    before = made.head
    with pytest.raises(RegisterError, match=says):
        made.add_standard(msgspec.structs.replace(GAUGE, **changes), ANNA, certificate=certificate)
    assert made.head == before


def test_a_firms_certificate_stays_as_it_is(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_external("sensor1", External(certificate="D-1", date="2026-10-01"), CARL, certificate=PDF)
    (external,) = made.item("sensor1").externals
    assert external.file_sha256 == made.standard("gauge").standard.file_sha256
    assert [e.event for e in made.entries()].count("certificate") == 1
    assert made.certificate("0" * 64) is None
    assert made.certificate("") is None


# --- places ----------------------------------------------------------------------------------------------------------


def test_which_item_sat_where(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_item(SENSOR, ANNA)
    made.install("sensor1", "oven1", "temp", "2026-11-01", ANNA)
    made.remove("sensor1", "2026-11-10T12:00:00Z", ANNA, "broken")
    made.install("pt3", "oven1", "temp", "2026-11-10T12:00:00+00:00", ANNA)
    made.install("sensor1", "oven2", "temp", "", ANNA)
    place = Placement("oven1", "temp", "2026-11-01T00:00:00Z", "2026-11-10T12:00:00Z")
    assert made.item("sensor1").placements == (place, Placement("oven2", "temp", "2026-11-21T08:00:00Z"))
    for at, who in (
        ("2026-10-31", None),
        ("2026-11-01", "sensor1"),
        ("2026-11-10T11:59:59Z", "sensor1"),
        ("2026-11-10T12:00:00Z", "pt3"),
        ("2026-11-10T13:00:00+01:00", "pt3"),
        (None, "pt3"),
    ):
        assert again(made).installed("oven1", "temp", at) == who
    assert made.installed("oven2", "temp") == "sensor1"
    assert made.item("sensor1").where("2026-11-05T00:00:00Z") == place


@pytest.mark.parametrize(
    ("id_", "place", "at", "says"),
    [
        ("pt3", ("oven1", "temp"), "2026-11-15", "sensor1 sits at oven1/temp since 2026-11-10"),
        ("pt3", ("oven1", "temp"), "2026-10-01", "sensor1 sits at oven1/temp"),
        ("sensor1", ("oven2", "temp"), "2026-11-20", "sensor1 sits at oven1/temp"),
        ("sensor1", ("oven2", "temp"), "2026-01-01", "sensor1 sits at oven1/temp"),
        ("pt3", ("Oven 1", "temp"), "", "not a valid name"),
        ("pt3", ("oven1", "ts"), "", "reserved"),
        ("pt3", ("oven1", "humid"), "2026-11-22", "not come yet"),
        ("pt3", ("oven1", "humid"), "soon", "neither a day"),
    ],
)
def test_overlapping_placements_are_refused(
    tmp_path: Path, id_: str, place: tuple[str, str], at: str, says: str
) -> None:
    made = register(tmp_path)
    made.add_item(SENSOR, ANNA)
    made.install("sensor1", "oven1", "temp", "2026-11-10", ANNA)
    before = made.head
    with pytest.raises(RegisterError, match=says):
        made.install(id_, *place, at, ANNA)
    assert made.head == before


def test_a_standard_sits_somewhere_too(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("gauge", "bath1", "ref", "2026-11-01", ANNA)
    assert made.standard("gauge").placements == (Placement("bath1", "ref", "2026-11-01T00:00:00Z"),)
    assert made.installed("bath1", "ref") == "gauge"
    with pytest.raises(RegisterError, match="gauge sits at bath1/ref"):
        made.install("sensor1", "bath1", "ref", "", ANNA)


def test_one_thing_may_be_item_and_standard(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("gauge", "bath1", "ref", "2026-11-01", ANNA)
    made.add_item(Item(id="gauge"), ANNA)
    assert made.item("gauge").placements == made.standard("gauge").placements
    made.remove("gauge", "", ANNA)
    assert made.item("gauge").placements == made.standard("gauge").placements
    assert made.installed("bath1", "ref") is None


def test_what_is_retired_sits_nowhere_and_stays_known(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-11-01", ANNA)
    made.retire("sensor1", "2026-11-20", ANNA, "broken")
    assert made.item("sensor1").state == "retired"
    assert made.installed("oven1", "temp") is None
    assert made.installed("oven1", "temp", "2026-11-19") == "sensor1"
    with pytest.raises(RegisterError, match="retired"):
        made.install("sensor1", "oven1", "temp", "", ANNA)
    made.retire("gauge", "", ANNA)
    assert made.standard("gauge").state == "retired"


@pytest.mark.parametrize(("at", "says"), [("2026-10-01", "since 2026-11-01"), ("2027-01-01", "not come yet")])
def test_a_removal_needs_a_time_it_sat_there(tmp_path: Path, at: str, says: str) -> None:
    made = register(tmp_path)
    with pytest.raises(RegisterError, match="sits nowhere"):
        made.remove("sensor1", "", ANNA)
    made.install("sensor1", "oven1", "temp", "2026-11-01", ANNA)
    with pytest.raises(RegisterError, match=says):
        made.remove("sensor1", at, ANNA)


# --- procedures and records ------------------------------------------------------------------------------------------


def test_a_procedure_is_kept_once_by_its_hash(tmp_path: Path) -> None:
    made = register(tmp_path)
    before = made.head
    sha = made.keep_procedure(PROCEDURE.replace("\n", "\r\n"))
    assert (made.head, made.procedure(sha)[0].id, made.procedure(sha)[1]) == (before, "P-1", PROCEDURE)
    with pytest.raises(RegisterError, match="cannot be used"):
        made.keep_procedure("x = 1")
    with pytest.raises(RegisterError, match="SHA-256"):
        made.procedure("../lab")
    file = made.folder / "procedures" / f"{sha}.toml"
    file.write_text(PROCEDURE.replace("0.5", "5"))
    with pytest.raises(RegisterError, match="its hash differs"):
        made.procedure(sha)


def test_a_number_is_given_once_also_to_two_at_a_time(tmp_path: Path) -> None:
    made, found = register(tmp_path), list[str]()
    threads = [threading.Thread(target=lambda: found.append(again(made).next_number())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"K-2026-000{n}" for n in range(1, 9)]
    assert made.records() == []


def test_numbers_begin_anew_with_the_year(tmp_path: Path) -> None:
    clock = Clock()
    made = register(tmp_path, clock)
    assert made.next_number() == "K-2026-0001"
    clock.now += timedelta(days=60)
    assert made.next_number() == "K-2027-0001"


def test_a_saved_record_is_read_again(tmp_path: Path) -> None:
    made = register(tmp_path)
    first = draft(made)
    made.save(first, "draft", CARL)
    assert again(made).record(first.id) == first
    assert again(made).records() == [first]
    entry = made.entries()[-1]
    assert (entry.event, entry.id, entry.rev, entry.record) == ("draft", first.id, 1, sha256(first))
    assert entry.by == "carl (not authenticated)"
    with pytest.raises(RegisterError, match="no record K-2026-0001 revision 2"):
        made.record(first.id, 2)


@pytest.mark.parametrize("event", ["", "lab", "check", "item-added", "procedure"])
def test_an_event_has_a_word_of_its_own(tmp_path: Path, event: str) -> None:
    made = register(tmp_path)
    with pytest.raises(RegisterError, match="no event of a record"):
        made.save(draft(made), event, ANNA)


def test_documents_are_asked_for_by_kind(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = performed(made)
    assert made.document(done.id, 1, "certificate") is None
    with pytest.raises(RegisterError, match="no document"):
        made.document(done.id, 1, "worksheet")  # type: ignore[arg-type]


def test_a_changed_ledger_is_refused(tmp_path: Path) -> None:
    made = register(tmp_path)
    file = made.folder / "ledger.jsonl"
    file.write_bytes(file.read_bytes().replace(b"item-added", b"item-added2"))
    with pytest.raises(RegisterError, match=r"ledger\.jsonl"):
        made.entries()


def test_a_name_says_whether_it_was_typed() -> None:
    assert (shown(ANNA), shown(CARL), shown(Person(name=""))) == (
        "anna",
        "carl (not authenticated)",
        "nobody (not authenticated)",
    )
    assert shown(BERT) == "bert"


def test_the_lab_and_its_logo_are_kept(tmp_path: Path) -> None:
    made = register(tmp_path)
    lab = made.folder / "lab.toml"
    (made.folder / "logo.png").write_bytes(b"\x89PNG 1")
    lab.write_text(lab.read_text().replace("# logo_file", "logo_file"))
    made.keep_lab(ANNA)
    (made.folder / "logo.png").write_bytes(b"\x89PNG 2")
    made.keep_lab(ANNA)
    made.keep_lab(ANNA)
    assert [e.id for e in made.entries() if e.event == "lab"] == ["lab.toml", "lab.toml", "logo.png", "logo.png"]
    assert len(list((made.folder / "letterhead").iterdir())) == 4
    lab.write_text(lab.read_text().replace('"logo.png"', '"../logo.png"'))
    with pytest.raises(RegisterError, match="in the register's folder"):
        made.keep_lab(ANNA)


def test_points_instead_of_one_uncertainty(tmp_path: Path) -> None:
    made = register(tmp_path)
    raw = {"id": "ref1", "date": "2026-01-01", "points": [{"x": "0", "U": "0.01"}]}
    made.add_standard(msgspec.convert(raw, Standard), ANNA)
    assert again(made).standard("ref1").standard.points[0].U == "0.01"
