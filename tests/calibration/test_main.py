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


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("0 not reproduced")


def test_selftest_fails_when_a_number_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("calibration.sensors.FARADAY", 96000.0)
    assert main(["selftest"]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_new_lists_writes_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new"]) == 0
    assert "pt100-comparison" in capsys.readouterr().out
    assert main(["new", "humidity"]) == 0
    assert main(["lint", "humidity.toml"]) == 0
    (tmp_path / "humidity.toml").write_text("mine", encoding="utf-8")
    assert main(["new", "humidity"]) == 2
    assert (tmp_path / "humidity.toml").read_text(encoding="utf-8") == "mine"
    assert main(["new", "thermometer"]) == 2
    assert main(["new", "humidity", "-o", str(tmp_path / "no" / "x.toml")]) == 2


def test_lint(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _, procedure = files
    assert main(["lint", str(procedure)]) == 0
    assert sha256(PROCEDURE) in capsys.readouterr().out
    assert main(["lint", str(procedure), "--standard-u", "0.52"]) == 1
    assert "no pass is possible" in capsys.readouterr().out


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
