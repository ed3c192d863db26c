from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration import chain
from calibration.record import Item
from calibration.register import CheckPlan, External, Register, RegisterError
from calibration.register.life import amend
from calibration.register.release import release
from calibration.register.verify import anchored, folder, of_record
from tests.calibration.register.bench import ANNA, CARL, PDF, Clock, register, reviewed
from tests.calibration.register.test_release import plain


def full(tmp_path: Path) -> Register:
    """A register with something of everything."""
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-11-01", ANNA)
    made.add_item(Item(id="scale"), CARL, months=6)
    made.add_external(
        "scale", External(certificate="D-1", date="2026-10-01", due="2027-10-01"), CARL, certificate=PDF + b"2"
    )
    made.plan_check("scale", CheckPlan(name="200 g", nominal="200", warning="0.002", action="0.003"), CARL)
    first = release(made, reviewed(made).id, ANNA, plain)
    amend(made, first.id, ANNA, "serial", customer="Lab 2")
    return made


def wrong(made: Register) -> list[str]:
    return [f.text for f in folder(made.folder) if not f.ok]


def everything(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file() and p.name != ".lock")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full(tmp_path_factory.mktemp("whole")).folder


def test_what_was_written_is_in_order(whole: Path) -> None:
    (finding,) = folder(whole)
    assert finding.ok
    assert Register.open(whole, Clock()).head in finding.text


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(whole: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(everything(whole)))
    before = file.read_bytes()
    place, bit = data.draw(st.integers(0, len(before) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(before)
    changed[place] ^= 1 << bit
    try:
        file.write_bytes(changed)
        assert [f for f in folder(whole) if not f.ok], f"{file.name} byte {place} bit {bit}"
    finally:
        file.write_bytes(before)


@pytest.mark.parametrize("number", range(40))
def test_a_missing_file_is_found(whole: Path, number: int) -> None:
    files = everything(whole)
    if number >= len(files) or files[number].name in ("ledger.jsonl",):
        return
    before = files[number].read_bytes()
    try:
        files[number].unlink()
        assert [f for f in folder(whole) if not f.ok], files[number].name
    finally:
        files[number].write_bytes(before)


def test_a_removed_entry_is_found(tmp_path: Path) -> None:
    made = full(tmp_path)
    ledger = made.folder / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    for gone in range(len(lines)):
        ledger.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
        assert "ledger.jsonl" in wrong(made)[0]


def test_a_removed_event_is_found(tmp_path: Path) -> None:
    made = full(tmp_path)
    events = made.folder / "register.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:-1]))
    assert wrong(made) == [f"register.jsonl has {len(lines) - 1} lines, the chain has {len(lines)}"]


@pytest.mark.parametrize("name", ["register.jsonl", "ledger.jsonl", "ledger.head"])
def test_a_missing_line_end_is_found(tmp_path: Path, name: str) -> None:
    made = full(tmp_path)
    file = made.folder / name
    file.write_bytes(file.read_bytes()[:-1])
    assert name in wrong(made)[0]


def test_swapped_documents_are_found(tmp_path: Path) -> None:
    made = full(tmp_path)
    (folder_,) = (made.folder / "records").iterdir()
    certificate, protocol = folder_ / "r1-certificate.pdf", folder_ / "r1-protocol.pdf"
    a, b = certificate.read_bytes(), protocol.read_bytes()
    certificate.write_bytes(b)
    protocol.write_bytes(a)
    assert len(wrong(made)) == 2


def test_a_file_that_nobody_wrote_is_found(tmp_path: Path) -> None:
    made = full(tmp_path)
    (made.folder / "certificates" / "other.pdf").write_bytes(PDF)
    (made.folder / "notes.txt").write_text("mine")
    assert wrong(made) == ["certificates/other.pdf is in no entry of the chain"]


def test_an_edited_lab_is_told_until_it_is_kept(tmp_path: Path) -> None:
    made = full(tmp_path)
    lab = made.folder / "lab.toml"
    lab.write_text(lab.read_text().replace("Street 1", "Street 2"))
    assert "labwire cal lab keep" in wrong(made)[0]
    made.keep_lab(ANNA)
    assert wrong(made) == []


def test_only_what_concerns_a_record(tmp_path: Path) -> None:
    made = full(tmp_path)
    first = made.records()[0]
    other = next(
        p for p in (made.folder / "certificates").iterdir() if p.stem not in str(made.standard("gauge").standard)
    )
    other.write_bytes(PDF)
    assert of_record(folder(made.folder), first.id, first) == []
    (made.folder / "certificates" / f"{made.standard('gauge').standard.file_sha256}.pdf").write_bytes(b"%PDF-x")
    assert len(of_record(folder(made.folder), first.id, first)) == 1


def test_a_hash_that_somebody_kept_anchors_the_chain(tmp_path: Path) -> None:
    made = register(tmp_path)
    head, count = made.head, len(made.entries())
    made.add_item(Item(id="later"), ANNA)
    found = anchored(made.folder, f" {head.upper()} ")
    assert (found.ok, found.text.split()[0]) == (True, str(count))
    ledger = made.folder / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    cut = chain.read(lines[:2])
    ledger.write_bytes(b"".join(lines[:2]))
    (made.folder / "ledger.head").write_text(cut[-1].hash + "\n")
    assert not anchored(made.folder, head).ok
    ledger.write_bytes(b"".join(lines[1:]))
    assert not anchored(made.folder, head).ok


def test_no_register(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="no register"):
        folder(tmp_path)
