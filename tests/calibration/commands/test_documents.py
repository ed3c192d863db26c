"""What the commands that make documents share, on files and on the register; each command has its own test beside."""

from pathlib import Path

import pytest

from calibration import record as records
from calibration.__main__ import main
from calibration.record import Person
from calibration.register.release import release
from tests.calibration.commands.bench import Lab
from tests.calibration.documents.given import record, text
from tests.calibration.example import PROCEDURE

LAB = 'name = "Lab of Files"\nlanguage = "de"\n'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a record, its procedure and lab.toml; one works in it."""
    (tmp_path / "p.toml").write_text(PROCEDURE, encoding="utf-8")
    (tmp_path / "lab.toml").write_text(LAB, encoding="utf-8")
    (tmp_path / "r.json").write_bytes(records.write(record()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LABWIRE_CAL", raising=False)
    return tmp_path


def issued(lab: Lab) -> str:
    """The number of a record released with its real documents."""
    made = lab.furnished().entered()
    lab("review", made, by="anna")
    release(lab.register(), made, Person(name="anna", authenticated=True))
    return made


def test_a_file_needs_its_procedure(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdf", "r.json"]) == 2
    assert "say --procedure FILE" in capsys.readouterr().err


def test_another_procedure_is_refused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "q.toml").write_text(PROCEDURE + "\n# another\n")
    assert main(["dcc", "r.json", "-p", "q.toml"]) == 2
    assert "its hash differs" in capsys.readouterr().err


def test_a_file_that_is_none_is_a_record_of_the_register(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdf", "none.json", "-p", "p.toml"]) == 2
    assert "is not a file" in capsys.readouterr().err
    assert main(["pdf", "C-9"]) == 2
    assert "is no register of calibrations" in capsys.readouterr().err


def test_the_lab_is_beside_the_record_or_where_one_says(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "other").mkdir()
    (files / "other/lab.toml").write_text('name = "Another Lab"\nlogo_file = "logo.svg"\n')
    assert main(["pdf", "r.json", "-p", "p.toml", "--lab", "other"]) == 2
    assert "logo.svg cannot be read" in capsys.readouterr().err
    (files / "other/logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')
    assert main(["pdf", "r.json", "-p", "p.toml", "--lab", "other", "-o", "a.pdf"]) == 0
    assert "Another Lab" in text((files / "a.pdf").read_bytes())
    assert main(["pdf", "r.json", "-p", "p.toml", "-o", "b.pdf"]) == 0
    assert "Lab of Files" in text((files / "b.pdf").read_bytes())


def test_what_no_font_can_write_is_one_sentence(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "lab.toml").write_text('name = "研究室"\n', encoding="utf-8")
    assert main(["pdf", "r.json", "-p", "p.toml"]) == 2
    assert "has the character '研'" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to_is_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["csv", "r.json", "-p", "p.toml", "-o", "none/x.csv"]) == 2
    assert "none/x.csv cannot be written" in capsys.readouterr().err


def test_the_register_gives_what_was_issued(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    number = issued(lab)
    monkeypatch.chdir(lab.folder)
    place = lab.dir / "records" / number
    for command, name, kept in (
        (("pdf",), f"{number}-certificate.pdf", "r1-certificate.pdf"),
        (("pdf", "--kind", "protocol"), f"{number}-protocol.pdf", "r1-protocol.pdf"),
        (("dcc",), f"{number}.xml", "r1.xml"),
        (("csv",), f"{number}.csv", "r1.csv"),
    ):
        assert lab(command[0], number, *command[1:]) == 0
        assert (lab.folder / name).read_bytes() == (place / kept).read_bytes()


def test_another_language_is_drawn_with_the_head_of_then(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    number = issued(lab)
    monkeypatch.chdir(lab.folder)
    lab("item", "add", "later", by="anna")  # the chain goes on
    assert lab("pdf", number, "--language", "de") == 0
    german = text((lab.folder / f"{number}-certificate.pdf").read_bytes()).replace(" ", "")
    entries = lab.register().entries()
    before = next(e.prev for e in entries if (e.event, e.id) == ("released", number))
    assert before in german
    assert lab.register().head not in german


def test_a_draft_of_the_register_can_be_looked_at(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    number = lab.furnished().entered()
    monkeypatch.chdir(lab.folder)
    assert lab("pdf", number) == 0
    assert "NOT RELEASED" in text((lab.folder / f"{number}-certificate.pdf").read_bytes())
