"""calibration.toml."""

from pathlib import Path

import pytest

from broker.config import ConfigError
from calibration.live.config import read


def write(folder: Path, text: str) -> Path:
    path = folder / "calibration.toml"
    path.write_text(text)
    return path


def test_the_folder_is_taken_from_the_files_own(tmp_path: Path) -> None:
    config = read(write(tmp_path, 'calibration_dir = "cal"\n[broker]\nuser = "calibration-main"\n'))
    assert (config.calibration_dir, config.name, config.publish) == (str(tmp_path / "cal"), "main", True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "calibration_dir"),
        ('calibration_dir = "c"\nname = "No Name"', "name 'No Name' is not a valid name"),
        ('calibration_dir = "c"\nwait_s = 0', "wait_s is 0"),
        ('calibration_dir = "c"\npublsh = true', "did you mean 'publish'"),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(write(tmp_path, text))
