from pathlib import Path

import pytest

from calibration.__main__ import main


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
