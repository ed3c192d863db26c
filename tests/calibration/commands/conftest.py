from pathlib import Path

import pytest

from tests.calibration.commands.bench import Lab


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    for name in ("LABWIRE_TOKEN", "LABWIRE_TOKEN_FILE", "LABWIRE_URL", "LABWIRE_CAL"):
        monkeypatch.delenv(name, raising=False)
    return Lab(tmp_path, capsys)
