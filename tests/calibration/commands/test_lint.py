from pathlib import Path

import pytest

from calibration.__main__ import main
from calibration.procedure import sha256
from tests.calibration.example import PROCEDURE


def test_lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    procedure = tmp_path / "p.toml"
    procedure.write_text(PROCEDURE, encoding="utf-8")
    assert main(["lint", str(procedure)]) == 0
    assert sha256(PROCEDURE) in capsys.readouterr().out
    assert main(["lint", str(procedure), "--standard-u", "0.52"]) == 1
    assert "no pass is possible" in capsys.readouterr().out
