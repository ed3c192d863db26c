"""Real documents, drawn once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration import record as records
from calibration.register import Register, RegisterError
from calibration.register.life import withdraw
from calibration.register.lone import check
from calibration.register.release import release
from tests.calibration.register.bench import ANNA, Clock, register, reviewed


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a released record with its documents."""
    made = register(tmp_path_factory.mktemp("issued"))
    return made.folder / "records" / release(made, reviewed(made).id, ANNA).id


def wrong(path: Path, made: Register | None = None) -> list[str]:
    return [finding.text for finding in check(path, made) if not finding.ok]


def opened(issued: Path) -> Register:
    return Register.open(issued.parents[1], Clock())


@pytest.mark.parametrize("name", ["r1-certificate.pdf", "r1-protocol.pdf"])
def test_a_document_alone_carries_all_that_is_needed(issued: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy.pdf"
    copy.write_bytes((issued / name).read_bytes())
    found = check(copy, None)
    assert wrong(copy) == []
    assert "released by anna" in " ".join(f.text for f in found)
    assert "looked at alone" in found[-1].text
    assert wrong(copy, opened(issued)) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_flipped_bit_anywhere_in_it_is_found(issued: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = (issued / "r1-certificate.pdf").read_bytes()
    changed = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    bent = tmp_path / "bent.pdf"
    bent.write_bytes(changed)
    if changed[5:] != whole[5:] or changed[:5] == b"%PDF-":
        assert wrong(bent), f"byte {place}"


def test_a_record_needs_its_register(issued: Path, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    made = opened(issued).record(issued.name)
    path.write_bytes(records.write(records.issued(made)))
    with pytest.raises(RegisterError, match="say --dir"):
        check(path, None)
    assert wrong(path, opened(issued)) == []
    path.write_bytes(records.write(records.issued(made)).replace(b'"gauge"', b'"gouge"'))
    assert "not the file that was issued" in wrong(path, opened(issued))[0]
    path.write_text("{}")
    assert "not a record" in wrong(path, opened(issued))[0]


@pytest.mark.parametrize("name", ["r1.xml", "r1.csv"])
def test_other_files_are_looked_for(issued: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes((issued / name).read_bytes())
    assert wrong(copy, opened(issued)) == []
    with pytest.raises(RegisterError, match="say --dir"):
        check(copy, None)
    copy.write_bytes((issued / name).read_bytes().replace(b"0", b"1"))
    assert "nowhere" in wrong(copy, opened(issued))[0]


def test_a_document_of_another_register(issued: Path, tmp_path: Path) -> None:
    other = register(tmp_path)
    assert "is not in" in wrong(issued / "r1-certificate.pdf", other)[0]
    release(other, reviewed(other, customer="Lab 2").id, ANNA)
    assert "not the file that was issued" in wrong(issued / "r1-certificate.pdf", other)[0]


def test_what_was_withdrawn_is_told(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = release(made, reviewed(made).id, ANNA)
    withdraw(made, done.id, ANNA, "wrong item")
    certificate = made.document(done.id, 1, "certificate")
    assert certificate is not None
    assert wrong(certificate, made) == [f"{done.id} revision 1 is withdrawn: it holds no longer"]


def test_any_other_pdf(tmp_path: Path) -> None:
    path = tmp_path / "any.pdf"
    for data in (b"%PDF-1.7", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"):
        path.write_bytes(data)
        assert len(wrong(path)) == 1
