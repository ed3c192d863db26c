"""Databases for these tests: a shared InfluxDB with a bucket a test, one's own to kill, a VictoriaMetrics."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.logger.influx.support import close_servers
from tests.support import influx
from tests.support.influx import Influx, Process, Victoria


@pytest.fixture(scope="session")
def shared_influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    if url := os.environ.get("INFLUXDB_URL"):
        yield Influx(url, os.environ.get("INFLUXDB_TOKEN", ""), os.environ.get("INFLUXDB_ORG", influx.ORG))
        return
    if influx.influxd_path() is None and influx.has_docker():
        process = influx.docker_influx()
    else:
        process = influx.influxd(tmp_path_factory.mktemp("influxd"))
    process.start()
    yield influx.onboard(process.url)
    process.stop()


@dataclass
class Bucket:
    """A bucket of one test."""

    server: Influx
    name: str


@pytest.fixture
def bucket(shared_influx: Influx) -> Bucket:
    made = Bucket(shared_influx, f"test-{secrets.token_hex(4)}")
    shared_influx.make_bucket(made.name)
    return made


@pytest.fixture
def own_influxd(tmp_path: Path) -> Iterator[Process]:
    """Started and set up; may be killed and started again."""
    process = influx.influxd(tmp_path / "influxd")
    process.start()
    influx.onboard(process.url)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    process = influx.victoria(tmp_path_factory.mktemp("victoria"))
    process.start()
    yield Victoria(process.url)
    process.stop()


@pytest.fixture(autouse=True)
def servers_are_closed() -> Iterator[None]:
    yield
    close_servers()
