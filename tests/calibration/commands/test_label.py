from pathlib import Path

import pytest

from calibration import record as records
from calibration.__main__ import main
from tests.calibration.commands.test_documents import files
from tests.calibration.documents.given import record, text

__all__ = ["files"]


def test_the_sticker(files: Path) -> None:
    assert main(["label", "r.json", "-p", "p.toml"]) == 0
    assert "KALIBRIERT" in text((files / "C-1-label.pdf").read_bytes())


def test_not_before_it_is_released(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "r.json").write_bytes(records.write(record(state="draft", history=[])))
    assert main(["label", "r.json", "-p", "p.toml"]) == 2
    assert "a label is for a released calibration; C-1 is draft" in capsys.readouterr().err
