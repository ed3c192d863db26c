"""Real databases for the projection's tests: InfluxDB 2 and VictoriaMetrics, each a process on a free port.

InfluxDB: INFLUXDB_URL (with INFLUXDB_TOKEN and INFLUXDB_ORG) names one that runs; else influxd from PATH or from
``scripts/get-influxd.sh``; else Docker. A test that kills its database needs one of its own.
"""

import csv
import http.client
import io
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from broker.mosquitto import free_port
from logger.influx.config import InfluxConfig

ORG, TOKEN = "labwire", "token-of-a-test"
START_S = 60.0
IMAGE = "influxdb:2.7"
NO_INFLUXD = (
    "no InfluxDB: name one in INFLUXDB_URL, put influxd on PATH, build it ('sh scripts/get-influxd.sh') or start Docker"
)
NO_VICTORIA = "no VictoriaMetrics: install the package victoria-metrics"


def influxd_path() -> str | None:
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labwire" / "influxd" / "influxd"
    return shutil.which("influxd") or (str(cached) if os.access(cached, os.X_OK) else None)


def ask(url: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@dataclass
class Influx:
    """An InfluxDB 2. ``config`` is how the projection reaches it."""

    url: str
    token: str = TOKEN
    org: str = ORG

    def config(self, bucket: str = "labwire", **more: Any) -> InfluxConfig:
        fields: dict[str, Any] = {
            "url": self.url,
            "org": self.org,
            "bucket": bucket,
            "token": self.token,
            "linger_ms": 50,
        }
        return InfluxConfig(**fields | more)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = ask(
            self.url, method, path, json.dumps(body).encode() if body else b"", Authorization=f"Token {self.token}"
        )
        assert status < 300, answer
        return json.loads(answer) if answer.startswith(b"{") else answer

    def make_bucket(self, name: str) -> None:
        org = self.api("GET", f"/api/v2/orgs?{urlencode({'org': self.org})}")["orgs"][0]["id"]
        self.api("POST", "/api/v2/buckets", {"orgID": org, "name": name, "retentionRules": []})

    def write(self, bucket: str, *lines: str) -> tuple[int, bytes]:
        where = urlencode({"org": self.org, "bucket": bucket, "precision": "ns"})
        return ask(
            self.url, "POST", f"/api/v2/write?{where}", "\n".join(lines).encode(), Authorization=f"Token {self.token}"
        )

    def query(self, flux: str) -> list[dict[str, str]]:
        path = f"/api/v2/query?{urlencode({'org': self.org})}"
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/vnd.flux"}
        status, answer = ask(self.url, "POST", path, flux.encode(), **headers)
        assert status == 200, answer
        found: list[dict[str, str]] = []
        for table in answer.decode().replace("\r\n", "\n").split("\n\n"):
            found += csv.DictReader(io.StringIO(table))
        return found

    def points(self, bucket: str, measurement: str = "data") -> list[dict[str, str]]:
        """Every value: _time, _field, _value and the tags."""
        ours = f'filter(fn: (r) => r._measurement == "{measurement}")'
        return self.query(f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) |> {ours}')

    def counts(self, bucket: str, instrument: str = "oven1") -> Counter[str]:
        """How many values each field of an instrument has."""
        ours = f'filter(fn: (r) => r._measurement == "data" and r.instrument == "{instrument}")'
        flux = f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) |> {ours} |> count()'
        found: Counter[str] = Counter()
        for row in self.query(flux):
            found[row["_field"]] += int(row["_value"])
        return found


@dataclass
class Process:
    """A server that tests may kill and start again on the same port and folder."""

    command: list[str]
    url: str
    ready: str
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(self.command, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + START_S
        while not self._answers():
            assert self.running.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < end, f"{self.command[0]} does not answer; {self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return ask(self.url, "GET", self.ready)[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.running is not None:
            self.running.send_signal(how)
            self.running.wait()
            self.running = None


def influxd(folder: Path) -> Process:
    """An influxd of one's own, not started. Skips where there is none."""
    program = influxd_path()
    if program is None:
        pytest.skip(NO_INFLUXD)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    paths = [f"--bolt-path={folder}/bolt", f"--sqlite-path={folder}/sqlite", f"--engine-path={folder}/engine"]
    told = [f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled", "--log-level=error"]
    return Process([program, "run", *paths, *told], f"http://127.0.0.1:{port}", "/health", folder / "log")


def onboard(url: str) -> Influx:
    about = {"username": "admin", "password": "a-long-password", "org": ORG, "bucket": "labwire", "token": TOKEN}
    status, answer = ask(url, "POST", "/api/v2/setup", json.dumps(about).encode())
    assert status == 201, answer
    return Influx(url)


def docker_influx() -> Process:
    port = free_port()
    command = ["docker", "run", "--rm", "-i", "-p", f"127.0.0.1:{port}:8086", IMAGE, "influxd", "--reporting-disabled"]
    return Process(command, f"http://127.0.0.1:{port}", "/health", Path(os.devnull))


def has_docker() -> bool:
    return (
        shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    )


# --- VictoriaMetrics --------------------------------------------------------------------------------------------------


@dataclass
class Victoria:
    url: str

    def config(self, **more: Any) -> InfluxConfig:
        fields: dict[str, Any] = {"url": self.url, "linger_ms": 50}
        return InfluxConfig(**fields | more)

    def counts(self, instrument: str = "oven1") -> Counter[str]:
        """How many values each field of an instrument has; the field is the part after ``data_``."""
        ask(self.url, "GET", "/internal/force_flush")
        wanted = urlencode({"match[]": f'{{instrument="{instrument}"}}'})
        _, answer = ask(self.url, "GET", f"/api/v1/export?{wanted}")
        return Counter(dict(_series(answer.decode().splitlines())))


def _series(lines: Iterable[str]) -> Iterable[tuple[str, int]]:
    for line in lines:
        found = json.loads(line)
        yield found["metric"]["__name__"].removeprefix("data_"), len(found["values"])


def victoria(folder: Path) -> Process:
    program = shutil.which("victoria-metrics")
    if program is None:
        pytest.skip(NO_VICTORIA)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    told = [f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    return Process([program, *told, "-loggerLevel=ERROR"], f"http://127.0.0.1:{port}", "/health", folder / "log")
