"""InfluxDB and Grafana in containers, held against labwire's own configuration and provisioning."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from logger.config import read

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "deploy" / "compose"
GRAFANA = ROOT / "deploy" / "grafana"
SETUP = (COMPOSE / "setup.sh").read_text(encoding="utf-8")


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return found


def provisioned(kind: str) -> Any:
    return yaml.safe_load((GRAFANA / "provisioning" / kind / "labwire.yaml").read_text(encoding="utf-8"))


def test_the_logger_writes_where_influxdb_listens() -> None:
    influx = read(COMPOSE / "logger-influx.toml").influx
    assert influx is not None
    given = services()["influxdb"]["environment"]
    assert urlsplit(influx.url).hostname in services()
    assert f"127.0.0.1:{urlsplit(influx.url).port}:8086" in services()["influxdb"]["ports"]
    assert (influx.org, influx.bucket) == (given["DOCKER_INFLUXDB_INIT_ORG"], given["DOCKER_INFLUXDB_INIT_BUCKET"])
    assert influx.token_file == "/run/labwire/logger-influx-token"


def test_both_configurations_of_the_logger_are_the_same_but_for_influx() -> None:
    plain, influx = read(COMPOSE / "logger.toml"), read(COMPOSE / "logger-influx.toml")
    assert (plain.name, plain.data_dir, plain.broker) == (influx.name, influx.data_dir, influx.broker)
    assert services()["logger"]["command"] == ["run", "--config", "/etc/labwire/${LOGGER_CONFIG:-logger.toml}"]
    assert services()["influx-setup"]["command"] == ["init-influx", "--config", "/etc/labwire/logger-influx.toml"]


def test_the_set_up_gives_each_reader_its_token() -> None:
    readers = re.search(
        r"for reader in ([a-z ]+); do\n +cp \"\$secrets/influxdb-token\" \"\$secrets/\$reader-influx", SETUP
    )
    assert readers is not None
    assert readers[1].split() == ["logger", "grafana"]
    assert 'chown 472:0 "$secrets"/grafana-*' in SETUP
    (source,) = provisioned("datasources")["datasources"]
    assert source["secureJsonData"]["token"] == "$__file{/run/labwire/grafana-influx-token}"


def test_grafana_finds_its_files_and_its_variables() -> None:
    grafana = services()["grafana"]
    mounts = {v.split(":")[1]: v.split(":")[0] for v in grafana["volumes"]}
    assert mounts["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    (provider,) = provisioned("dashboards")["providers"]
    assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    (source,) = provisioned("datasources")["datasources"]
    wanted = re.findall(r"\$([A-Z_]+)", f"{source['url']} {source['jsonData']}")
    influx = read(COMPOSE / "logger-influx.toml").influx
    assert influx is not None
    given = {name: grafana["environment"][name] for name in wanted}
    assert given == {"INFLUX_URL": influx.url, "INFLUX_ORG": influx.org, "INFLUX_BUCKET": influx.bucket}
