import json
from pathlib import Path

import pytest

from calibration.__main__ import main
from calibration.procedure import sha256
from tests.calibration.example import PROCEDURE, raw


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """(record, procedure)"""
    (tmp_path / "p.toml").write_text(PROCEDURE, encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps(raw()), encoding="utf-8")
    return tmp_path / "r.json", tmp_path / "p.toml"


def test_compute(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    record, procedure = files
    assert main(["compute", str(record), "-p", str(procedure)]) == 0
    assert "as found" in capsys.readouterr().out


def test_a_result_that_does_not_conform_is_the_exit_code(files: tuple[Path, Path]) -> None:
    record, procedure = files
    procedure.write_text(PROCEDURE.replace("abs = 0.5", "abs = 0.2"), encoding="utf-8")
    assert main(["compute", str(record), "-p", str(procedure)]) == 1


def test_a_changed_procedure_is_refused(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    record, procedure = files
    made = raw()
    made["procedure"]["sha256"] = sha256(PROCEDURE)
    record.write_text(json.dumps(made), encoding="utf-8")
    assert main(["compute", str(record), "-p", str(procedure)]) == 0
    procedure.write_text(PROCEDURE + "\n# edited\n", encoding="utf-8")
    assert main(["compute", str(record), "-p", str(procedure)]) == 2
    assert "its hash differs" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"{}", b"["])
def test_files_that_cannot_be_used_are_one_sentence(
    files: tuple[Path, Path], content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    record, procedure = files
    for broken in (record, procedure):
        kept = broken.read_bytes()
        broken.unlink() if content is None else broken.write_bytes(content)
        assert main(["compute", str(record), "-p", str(procedure)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
        broken.write_bytes(kept)
