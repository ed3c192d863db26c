"""Real documents of a register, held against what the readings give."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from calibration.register import Register, RegisterError
from calibration.register.redrawn import of_record
from calibration.register.release import release
from tests.calibration.register.bench import ANNA, Clock, register, reviewed

ID = "K-2026-0001"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="9" height="9"/></svg>'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = register(tmp_path_factory.mktemp("redrawn"))
    lab = made.folder / "lab.toml"
    (made.folder / "img").mkdir()
    (made.folder / "img" / "logo.svg").write_text(LOGO)
    logo = lab.read_text().replace('# logo_file = "logo.png"', 'logo_file = "./img/logo.svg"')
    lab.write_text(logo.replace("Street 1", "Old Street 1"))
    release(made, reviewed(made).id, ANNA)
    lab.write_text(lab.read_text().replace("Old Street 1", "New Street 2"))
    (made.folder / "img" / "logo.svg").write_text(LOGO.replace("9", "8"))
    made.keep_lab(ANNA)
    return made.folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Register:
    shutil.copytree(whole, tmp_path / "copy")
    return Register.open(tmp_path / "copy", Clock())


def wrong(made: Register) -> list[str]:
    return [finding.text for finding in of_record(made, ID) if not finding.ok]


def test_all_is_as_it_was_also_after_the_lab_moved(copy: Register) -> None:
    found = of_record(copy, ID)
    assert [f.text for f in found if not f.ok] == []
    assert len(found) == 5
    assert "byte for byte" in found[-1].text


def test_documents_that_say_something_else(copy: Register) -> None:
    """As if somebody had made the chain fit as well."""
    place = copy.folder / "records" / ID
    csv = place / "r1.csv"
    csv.write_bytes(csv.read_bytes().replace(b"0.250", b"0.150"))
    assert any("r1.csv does not say what the readings give: 0.250" in text for text in wrong(copy))
    xml = place / "r1.xml"
    xml.write_bytes(b"<x/>")
    assert any("r1.xml does not say" in text for text in wrong(copy))


def test_swapped_and_bent_documents(copy: Register) -> None:
    place = copy.folder / "records" / ID
    shutil.copy(place / "r1-protocol.pdf", place / "r1-certificate.pdf")
    (place / "r1-protocol.pdf").write_bytes(b"%PDF-1.7 nothing")
    assert any("r1-protocol.pdf" in text and "cannot be read" in text for text in wrong(copy))


def test_readings_that_were_changed(copy: Register) -> None:
    file = copy.folder / "records" / ID / "r1.json"
    file.write_bytes(file.read_bytes().replace(b'"I":"10.31"', b'"I":"10.41"'))
    said = wrong(copy)
    assert any("carries another record" in text for text in said)
    assert any("does not say what the readings give" in text for text in said)
    assert any("drawn again" in text for text in said)


def test_what_other_software_drew_is_not_drawn_again(copy: Register) -> None:
    file = copy.folder / "records" / ID / "r1.json"
    version = copy.record(ID).software["version"].encode()
    file.write_bytes(file.read_bytes().replace(b'"version":"' + version, b'"version":"0.0.1'))
    assert any(f.ok and "drawn by labwire 0.0.1" in f.text for f in of_record(copy, ID))


def test_documents_that_cannot_be_drawn(copy: Register) -> None:
    def never(*_: object) -> Mapping[str, bytes]:
        raise RegisterError("no fonts")

    texts = [f.text for f in of_record(copy, ID, never) if not f.ok]  # type: ignore[arg-type]
    assert texts == ["no fonts"]


def test_what_was_not_released_has_no_documents(tmp_path: Path) -> None:
    made = register(tmp_path)
    assert of_record(made, reviewed(made).id) == []
    assert msgspec.structs.asdict(made.record(ID))["files"] == {}
