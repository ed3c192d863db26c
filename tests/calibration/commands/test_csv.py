from pathlib import Path

from calibration.__main__ import main
from tests.calibration.commands.test_documents import files

__all__ = ["files"]


def test_results_and_readings(files: Path) -> None:
    assert main(["csv", "r.json", "-p", "p.toml"]) == 0
    lines = (files / "C-1.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("kind,certificate,run,check,point [mm]")
    assert len(lines) == 1 + 5 + 30
