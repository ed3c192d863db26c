import pytest

from calibration.__main__ import main


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("0 not reproduced")


def test_selftest_fails_when_a_number_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("calibration.sensors.FARADAY", 96000.0)
    assert main(["selftest"]) == 1
    assert "FAILED" in capsys.readouterr().out
