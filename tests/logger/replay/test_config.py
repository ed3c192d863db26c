from pathlib import Path

import pytest

from broker.config import ConfigError
from logger.replay.config import read, stage


def test_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "replay.toml").write_text('history_db = "logger/labwire.db"\n')
    assert read(tmp_path / "replay.toml").history_db == str(tmp_path / "logger/labwire.db")


@pytest.mark.parametrize("text", ["", 'history_db = "x"\nname = "A b"', 'history_db = "x"\nhistory = 1'])
def test_mistakes_are_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "replay.toml").write_text(text)
    with pytest.raises(ConfigError):
        read(tmp_path / "replay.toml")


@pytest.mark.parametrize("prefix", ["lab", "lab/x", "lab/_sys", "", "#", "a/+", "$SYS", "/x"])
def test_never_into_the_laboratory(prefix: str) -> None:
    with pytest.raises(ConfigError):
        stage(prefix, "lab")


def test_never_around_it() -> None:
    with pytest.raises(ConfigError, match="would be taken for real"):
        stage("uni", "uni/lab")
    assert stage("laboratory", "lab").root == "laboratory"
