from pathlib import Path

import pytest

from broker.config import ConfigError
from logger.config import read


def test_the_least_and_the_most(tmp_path: Path) -> None:
    file = tmp_path / "logger.toml"
    file.write_text('data_dir = "store"\n')
    least = read(file)
    assert (least.name, least.instruments, least.want_hours) == ("main", ("*",), 24.0)
    assert least.database == tmp_path / "store" / "labwire.db"

    file.write_text(
        'name = "second"\ndata_dir = "/x"\ninstruments = ["oven*", "balance1"]\nwant_hours = 2\n[broker]\nport = 1884\n'
    )
    most = read(file)
    assert (most.name, most.instruments, most.want_hours, most.broker.port) == (
        "second",
        ("oven*", "balance1"),
        2,
        1884,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "data_dir"),
        ('data_dir = "x"\nname = "Main!"', "not a valid name"),
        ('data_dir = "x"\nwant_hours = -1', "want_hours is -1"),
        ('data_dir = "x"\nwant_hours = nan', "want_hours is nan"),
        ('data_dir = "x"\nlinger_ms = 60000', "linger_ms is 60000"),
        ('data_dir = "x"\ninstruments = []', "instruments is empty"),
        ('data_dir = "x"\ninstrument = ["a"]', "did you mean 'instruments'"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "logger.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        read(file)
    assert str(file) in str(caught.value)
