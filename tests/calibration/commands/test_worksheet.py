from pathlib import Path

import pytest

from calibration.__main__ import main
from tests.calibration.commands.bench import Lab
from tests.calibration.commands.test_documents import files
from tests.calibration.documents.given import text

__all__ = ["files"]


def test_a_procedure_as_a_sheet(files: Path) -> None:
    assert main(["worksheet", "p.toml", "--lab", "."]) == 0
    assert "Arbeitsblatt" in text((files / "P-1-worksheet.pdf").read_bytes())


def test_what_is_no_procedure_is_one_sentence(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "p.toml").write_text("[points]\nvalues = []\n")
    assert main(["worksheet", "p.toml", "--lab", "."]) == 2
    assert capsys.readouterr().err.startswith("labwire cal: p.toml: ")


def test_an_item_of_the_register_is_filled_in(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    monkeypatch.chdir(lab.folder)
    assert lab("worksheet", "p.toml", "--item", "pt3", "-o", "w.pdf") == 0
    assert "4711" in text((lab.folder / "w.pdf").read_bytes())
    assert lab("worksheet", "p.toml", "--item", "none") == 2
    assert "none" in lab.error
