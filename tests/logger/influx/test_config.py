from pathlib import Path

import pytest

from broker.config import ConfigError, parse
from logger.config import LoggerConfig
from logger.influx.config import InfluxConfig


def read(table: str) -> InfluxConfig:
    config = parse(f'data_dir = "x"\n[influx]\n{table}', LoggerConfig, "logger.toml", {})
    assert config.influx is not None
    return config.influx


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('url = "localhost:8086"', "http://host:port"),
        ('url = "http://u:p@h:8086"', "secrets stand in token_file"),
        ('url = "http://h:8086"\nca_file = "x"', "would not be encrypted"),
        ('url = "http://h"\ntoken = "a"\ntoken_env = "B"', "only one of them"),
        ('url = "http://h"\nbucket = ""', "bucket is empty"),
        ('url = "http://h"\ntimeout_s = 0', "influx.timeout_s"),
        ('url = "http://h"\ntokenfile = "x"', "did you mean 'token_file'"),
    ],
)
def test_a_mistake_is_one_sentence(table: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(table)


def test_the_token_comes_from_where_it_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    named = InfluxConfig(url="http://h", token_file=str(tmp_path / "token"))
    variable = InfluxConfig(url="http://h", token_env="TOKEN_X")

    assert named.secret() == "from-a-file"
    assert variable.secret({"TOKEN_X": "from-the-environment"}) == "from-the-environment"
    assert InfluxConfig(url="http://h").secret() == ""
    with pytest.raises(ConfigError, match=r"influx\.token_env names the environment variable TOKEN_X"):
        variable.secret({})
    with pytest.raises(ConfigError, match=r"influx\.token_file names"):
        InfluxConfig(url="http://h", token_file="/nowhere").secret()
    assert "influx.token_env (TOKEN_X)" in variable.token_key


def test_what_stays_on_this_machine_is_not_compressed() -> None:
    assert [InfluxConfig(url=f"http://{h}:8086").compress for h in ("127.0.0.1", "localhost", "[::1]", "db")] == [
        False,
        False,
        False,
        True,
    ]
    assert InfluxConfig(url="http://localhost", gzip=True).compress
