from pathlib import Path

import pytest

from calibration.__main__ import main
from calibration.procedure import read
from calibration.templates import names


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


def test_a_labs_probability_stands_in_new_procedures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["init", "--dir", "cal"])
    file = tmp_path / "cal" / "lab.toml"
    file.write_text(file.read_text().replace("p = 0.9545", "p = 0.99"))
    for name in names():
        assert main(["new", name, "--dir", "cal"]) == 0
        assert read((tmp_path / f"{name}.toml").read_text()).decision.p == 0.99
