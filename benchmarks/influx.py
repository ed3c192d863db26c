"""CPU per million values into InfluxDB, through the whole logger, beside influxd's own in the same run; and the lag.

64 channels at 1 kHz for ``--seconds``, as blocks of 50 rows over Mosquitto: received, stored, projected, acknowledged.
Three processes are measured: the logger, its projection, and influxd, which parses, indexes and writes the same
values. Without influxd (PATH, or ``sh scripts/get-influxd.sh``) there is nothing to measure.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil

from broker import mosquitto
from broker.acl import User
from broker.client import Client
from broker.config import BrokerConfig
from broker.messages import Block, Channel, Meta, ServiceStatus, decode, encode, with_rev
from broker.topics import Kind, Topics
from broker.values import Value

TOPICS = Topics()
CHANNELS, RATE, ROWS = 64, 1000, 50
LOGGER, EDGE, VIEWER = User("logger-main", "logger"), User("edge-bench", "edge", ("osc1",)), User("viewer", "viewer")
TOKEN = "token-of-a-benchmark"
BOOT = "mh8x2k3q-7f3a"


@dataclass(frozen=True, slots=True)
class Load:
    """The messages of one second, made before the clock runs."""

    columns: list[dict[str, list[Value]]]

    def block(self, k: int, t0_us: int) -> bytes:
        cols = self.columns[k % len(self.columns)]
        return encode(Block(boot=BOOT, seq=k * ROWS, n=ROWS, t0_us=t0_us, dt_us=1_000_000 // RATE, cols=cols))


def load(digits: int | None) -> Load:
    """``digits``: of a process value; None: doubles that fill their mantissa."""
    rng = random.Random(1)

    def value() -> float:
        drawn = rng.gauss(0, 10)
        return drawn if digits is None else round(drawn, digits)

    blocks = RATE // ROWS
    return Load([{f"u{c}": [value() for _ in range(ROWS)] for c in range(CHANNELS)} for _ in range(blocks)])


def influxd() -> str:
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labwire" / "influxd" / "influxd"
    found = shutil.which("influxd") or (str(cached) if cached.exists() else None)
    if found is None:
        raise SystemExit("there is no influxd on PATH; build one: sh scripts/get-influxd.sh")
    return found


def ask(url: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
    headers = {"Authorization": f"Token {TOKEN}", "Content-Type": kind}
    with urlopen(Request(url + path, body, headers), timeout=60) as answer:  # noqa: S310 - our own server
        return bytes(answer.read())


def started_influxd(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    port = mosquitto.free_port()
    paths = [f"--bolt-path={folder}/bolt", f"--sqlite-path={folder}/sqlite", f"--engine-path={folder}/engine"]
    told = [f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled", "--log-level=error"]
    process = subprocess.Popen([influxd(), "run", *paths, *told])
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            ask(url, "/health")
            break
        except (URLError, OSError):
            time.sleep(0.1)
    about = {"username": "admin", "password": "a-long-password", "org": "labwire", "bucket": "labwire", "token": TOKEN}
    ask(url, "/api/v2/setup", json.dumps(about).encode())
    return process, url


def count(url: str) -> int:
    flux = (
        'from(bucket: "labwire") |> range(start: 0) |> filter(fn: (r) => r._measurement == "data")'
        " |> count() |> group() |> sum()"
    )
    answer = ask(url, f"/api/v2/query?{urlencode({'org': 'labwire'})}", flux.encode(), "application/vnd.flux")
    rows = [line.split(",") for line in answer.decode().split() if line.startswith(",_result")]
    return int(rows[0][-1]) if rows else 0


def cpu(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


def config(folder: Path, port: int, user: User) -> BrokerConfig:
    return BrokerConfig(port=port, user=user.name, password_file=str(folder / "password"))


async def measured(folder: Path, made: Load, seconds: int) -> None:
    port = mosquitto.free_port()
    mosquitto.prepare(folder / "broker", dict.fromkeys((LOGGER, EDGE, VIEWER), "secret"), port=port)
    (folder / "password").write_text("secret")
    server, url = started_influxd(folder / "influxd")
    (folder / "logger.toml").write_text(
        f'data_dir = "store"\n[broker]\nport = {port}\nuser = "logger-main"\npassword_file = "password"\n'
        f'[influx]\nurl = "{url}"\ntoken = "{TOKEN}"\n'
    )
    try:
        async with mosquitto.running(folder / "broker"):
            ear, edge = Client(config(folder, port, VIEWER), "ear"), Client(config(folder, port, EDGE), "edge-bench")
            async with ear, edge:
                await through(folder, url, server.pid, ear, edge, made, seconds)
    finally:
        server.terminate()
        server.wait()


async def through(
    folder: Path, url: str, influxd_pid: int, ear: Client, edge: Client, made: Load, seconds: int
) -> None:
    meta = with_rev(Meta(channels={name: Channel() for name in made.columns[0]}))
    await edge.subscribed()
    await edge.publish(TOPICS.of("osc1", Kind.META), encode(meta), retain=True)
    ear.subscribe(TOPICS.service_status("logger", "main"))
    program = ("-m", "logger", "run", "-c", str(folder / "logger.toml"), "--log-level", "error")
    logger = await asyncio.create_subprocess_exec(sys.executable, *program)
    while (await status(ear)).state != "online":
        pass
    await asyncio.sleep(3)  # its projection starts, influxd settles
    projection = psutil.Process(logger.pid).children()[0].pid
    pids = {"logger": logger.pid, "projection": projection, "influxd": influxd_pid}
    before = {name: cpu(pid) for name, pid in pids.items()}
    lag = asyncio.create_task(lags(ear))
    begun = time.perf_counter()
    await published(edge, made, seconds)
    wanted = seconds * RATE * CHANNELS
    while await asyncio.to_thread(count, url) < wanted:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)
    late = time.perf_counter() - begun - seconds
    used = {name: cpu(pid) - before[name] for name, pid in pids.items()}
    lag.cancel()
    logger.terminate()
    await logger.wait()
    print(row(used, wanted, late), flush=True)


def row(used: dict[str, float], values: int, late: float) -> str:
    per = {name: s / values * 1e6 for name, s in used.items()}
    ours = per["logger"] + per["projection"]
    parts = [f"{v:.2f}" for v in (per["logger"], per["projection"], ours, per["influxd"], ours / per["influxd"])]
    return f"| {values / 1e6:.1f} | {' | '.join(parts)} | {late:.1f} s |"


async def status(ear: Client) -> ServiceStatus:
    async for message in ear.messages:
        ear.ack(message)
        found: ServiceStatus = decode(Kind.SERVICE_STATUS, message.payload)
        return found
    raise SystemExit("the broker is gone")


async def lags(ear: Client) -> None:
    while True:
        figures = (await status(ear)).figures
        print(f"  lag {figures.get('influx_lag_s')} s, {figures.get('influx_lag_rows')} rows", file=sys.stderr)


async def published(edge: Client, made: Load, seconds: int) -> None:
    """At the signal's own pace."""
    start_us, begun = time.time_ns() // 1000, time.perf_counter()
    for k in range(seconds * RATE // ROWS):
        await asyncio.sleep(max(0.0, begun + k * ROWS / RATE - time.perf_counter()))
        payload = made.block(k, start_us + k * ROWS * 1_000_000 // RATE)
        await edge.room()
        edge.publish(TOPICS.of("osc1", Kind.BLOCK), payload)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to measure")
    given = parser.parse_args()
    print("CPU µs a value (= s a million):")
    print("| million values | logger | projection | both | influxd | ratio | complete after the last sample |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for digits in (3, None):
        with tempfile.TemporaryDirectory(dir=given.dir) as name:
            asyncio.run(measured(Path(name).resolve(), load(digits), given.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
