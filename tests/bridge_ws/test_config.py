"""bridge.toml: defaults that are safe, mistakes that are named."""

from pathlib import Path

import pytest

from bridge_ws.config import read
from broker.config import ConfigError


def test_little_is_enough(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text('data_dir = "data"\n')
    config = read(tmp_path / "bridge.toml")

    assert (config.host, config.port, config.anonymous) == ("127.0.0.1", 8000, "none")
    assert config.data_dir == str(tmp_path / "data")


def test_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(
        'data_dir = "d"\nhistory_db = "../logger/labwire.db"\ntokens_file = "t"\ndashboard_dir = "/page"\n'
    )
    config = read(tmp_path / "bridge.toml")

    assert config.history_db == str(tmp_path / "../logger/labwire.db")
    assert (config.tokens_file, config.dashboard_dir) == (str(tmp_path / "t"), "/page")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("prot = 5", "did you mean 'port'"),
        ("port = 70000", "port 70000"),
        ('name = "My Bridge"', "My Bridge"),
        ('anonymous = "operator"', "anonymous"),
        ("ring_s = 0", "ring_s"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "bridge.toml").write_text(f'data_dir = "data"\n{line}\n')
    with pytest.raises(ConfigError, match=said):
        read(tmp_path / "bridge.toml")
