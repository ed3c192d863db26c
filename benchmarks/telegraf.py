"""A backlog drained into InfluxDB: the whole logger beside Telegraf's mqtt_consumer → influxdb_v2, per CPU second.

``--messages`` single sample sets wait in Mosquitto (QoS 1) for a session that was away. The logger stores them durably,
keeps its ledger and traffic log, and projects them; Telegraf parses and writes them. Each run has its own Mosquitto
and influxd. Telegraf is named with ``--telegraf``; built from its Go module with only what is needed:
``go build -tags custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json ./cmd/telegraf``.
"""

import argparse
import asyncio
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from benchmarks.influx import EDGE, LOGGER, TOKEN, VIEWER, ask, config, started_influxd, status
from benchmarks.logger import singles
from broker import mosquitto
from broker.client import Client
from broker.topics import Kind, Topics

TOPICS = Topics()
EDGE_I0 = type(EDGE)("edge-bench", "edge", ("i0",))
Process = asyncio.subprocess.Process
VALUES = 4
TELEGRAF = """
[agent]
interval = "1s"
flush_interval = "1s"
metric_batch_size = 5000
metric_buffer_limit = 200000
omit_hostname = true
quiet = true
[[inputs.mqtt_consumer]]
servers = ["tcp://127.0.0.1:{port}"]
topics = ["lab/+/data"]
qos = 1
username = "viewer"
password = "secret"
client_id = "telegraf"
persistent_session = true
max_undelivered_messages = 20000
name_override = "data"
data_format = "json"
json_time_key = "ts"
json_time_format = "unix_ms"
json_string_fields = ["values_valve"]
[[outputs.influxdb_v2]]
urls = ["{url}"]
token = "{token}"
organization = "labwire"
bucket = "labwire"
"""


async def telegraf(folder: Path, port: int, url: str, program: str) -> Callable[[], Awaitable[Process]]:
    (folder / "telegraf.conf").write_text(TELEGRAF.format(port=port, url=url, token=TOKEN))

    async def start() -> Process:
        return await asyncio.create_subprocess_exec(program, "--config", str(folder / "telegraf.conf"))

    return start


async def logger(folder: Path, port: int, url: str, ear: Client) -> Callable[[], Awaitable[Process]]:
    (folder / "logger.toml").write_text(
        f'data_dir = "store"\n[broker]\nport = {port}\nuser = "logger-main"\npassword_file = "password"\n'
        f'[influx]\nurl = "{url}"\ntoken = "{TOKEN}"\n'
    )

    async def start() -> Process:
        program = ("-m", "logger", "run", "-c", str(folder / "logger.toml"), "--log-level", "error")
        process = await asyncio.create_subprocess_exec(sys.executable, *program)
        while (await status(ear)).state != "online":
            pass
        return process

    return start


def cpu(pid: int) -> float:
    """Of a process and those it has started."""
    here = psutil.Process(pid)
    return sum(p.cpu_times().user + p.cpu_times().system for p in [here, *here.children()])


async def drained(folder: Path, messages: int, program: str | None) -> None:
    """``program`` is Telegraf's; None: the logger."""
    port = mosquitto.free_port()
    mosquitto.prepare(folder / "broker", dict.fromkeys((LOGGER, EDGE_I0, VIEWER), "secret"), port=port)
    (folder / "password").write_text("secret")
    conf = folder / "broker" / "mosquitto.conf"
    conf.write_text(re.sub(r"(?m)^(max_queued_\w+) .*$", r"\1 0", conf.read_text()))
    server, url = started_influxd(folder / "influxd")
    try:
        async with mosquitto.running(folder / "broker"):
            ear, edge = Client(config(folder, port, VIEWER), "ear"), Client(config(folder, port, EDGE), "edge-bench")
            async with ear, edge:
                ear.subscribe(TOPICS.service_status("logger", "main"))
                start = await (telegraf(folder, port, url, program) if program else logger(folder, port, url, ear))
                process = await start()
                await asyncio.sleep(4)  # Telegraf does not say when it has subscribed
                await stopped(process)  # the broker keeps its session
                await published(edge, messages)
                rows, seconds, used = await emptied(start, url, messages)
        name = "telegraf" if program else "logger"
        print(f"| {name} | {rows / seconds:,.0f} | {used:.1f} s | {rows / used:,.0f} |", flush=True)
    finally:
        server.terminate()
        server.wait()


async def stopped(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    await process.wait()


async def published(edge: Client, messages: int) -> None:
    futures = []
    for packet in singles(1, messages):
        await edge.room()
        futures.append(edge.publish(TOPICS.of("i0", Kind.DATA), packet.payload))
    await asyncio.gather(*futures)


async def emptied(start: Callable[[], Awaitable[Process]], url: str, messages: int) -> tuple[int, float, float]:
    begun = time.perf_counter()
    process = await start()
    done = time.perf_counter() - begun
    while await asyncio.to_thread(rows_of, url) < messages and process.returncode is None:
        await asyncio.sleep(0.1)
        done = time.perf_counter() - begun
    used = cpu(process.pid)
    await stopped(process)
    return messages, done, used


def rows_of(url: str) -> int:
    flux = (
        'from(bucket: "labwire") |> range(start: 0)'
        ' |> filter(fn: (r) => r._measurement == "data" and r._field =~ /^(values_)?temp$/)'
        " |> count() |> group() |> sum()"
    )
    answer = ask(url, "/api/v2/query?org=labwire", flux.encode(), "application/vnd.flux")
    found = [line.split(",") for line in answer.decode().split() if line.startswith(",_result")]
    return int(found[0][-1]) if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--telegraf", default=shutil.which("telegraf"), metavar="PROGRAM")
    parser.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to measure")
    given = parser.parse_args()
    print("| into InfluxDB | messages a second | CPU, its start included | messages a CPU second |")
    print("|---|---:|---:|---:|")
    for program in ([given.telegraf] if given.telegraf else []) + [None]:
        with tempfile.TemporaryDirectory(dir=given.dir) as name:
            asyncio.run(drained(Path(name).resolve(), given.messages, program))
    return 0


if __name__ == "__main__":
    sys.exit(main())
