"""InfluxDB that is away, refuses the token, or lacks the bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import mosquitto as real
from labwire.doctor.database import check_influx
from logger.influx.config import InfluxConfig
from tests.support import influx

FILE = Path("logger.toml")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[influx.Influx]:
    """A real InfluxDB, where one is installed."""
    if influx.influxd_path() is None:
        pytest.skip("there is no influxd here: scripts/get-influxd.sh")
    process = influx.influxd(tmp_path_factory.mktemp("influx"))
    process.start()
    try:
        yield influx.onboard(process.url)
    finally:
        process.stop()


def test_an_influxdb_that_is_away() -> None:
    config = InfluxConfig(url=f"http://127.0.0.1:{real.free_port()}", token="t")
    (found,) = check_influx(FILE, config)
    assert found.check == "influx-unreachable"


def test_a_token_whose_file_is_missing(tmp_path: Path) -> None:
    config = InfluxConfig(url="http://127.0.0.1:9", token_file=str(tmp_path / "none"))
    (found,) = check_influx(FILE, config)
    assert found.check == "influx-token"


def test_a_wrong_token(server: influx.Influx) -> None:
    config = InfluxConfig(url=server.url, org=server.config().org, token="wrong")
    (found,) = check_influx(FILE, config)
    assert found.check == "influx-token"
    assert "influx.token" in found.remedy


def test_a_bucket_that_is_not_there(server: influx.Influx) -> None:
    (found,) = check_influx(FILE, server.config("nothing"))
    assert found.check == "influx-bucket"


def test_all_is_well(server: influx.Influx) -> None:
    server.make_bucket("there")
    assert list(check_influx(FILE, server.config("there"))) == []
