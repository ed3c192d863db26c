"""CPU and memory of an edge reading fast serial lines, beside a plain script of pyserial and paho doing the same.

Both read the same simulated counters over pseudo-terminals and publish every value with QoS 1 to one Mosquitto. The
edge also stamps, spools to disk and numbers; the script does none of that and loses what the broker does not take.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from broker.config import BrokerConfig
from broker.topics import Kind, Topics
from edge.examples import counter_table
from tests.support.broker import TestBroker, password
from tests.support.waiting import eventually

SCRIPT = """
import json, sys, threading, time
import paho.mqtt.client as paho, serial
from paho.mqtt.enums import CallbackAPIVersion
port, user, secret, *lines = sys.argv[1:]
client = paho.Client(CallbackAPIVersion.VERSION2, "script")
client.username_pw_set(user, secret)
client.connect("127.0.0.1", int(port))
client.loop_start()
def read(path, topic):
    with serial.Serial(path, timeout=5) as line:
        while True:
            count = int(line.readline().split()[1])
            payload = json.dumps({"ts": int(time.time() * 1000), "values": {"count": count}})
            client.publish(topic, payload, qos=1)
for line in lines: threading.Thread(target=read, args=line.split("=")).start()
"""


async def measure(process: asyncio.subprocess.Process, seconds: float) -> tuple[float, float]:
    """(CPU time as a share of one core, memory in MB) of ``process`` during the next ``seconds``."""
    watched = psutil.Process(process.pid)
    before = watched.cpu_times()
    await asyncio.sleep(seconds)
    after = watched.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / seconds, watched.memory_info().rss / 1e6


def edge_toml(folder: Path, broker: BrokerConfig, names: list[str]) -> Path:
    path = folder / "edge.toml"
    path.write_text(
        f'[edge]\nname = "pi"\ndata_dir = "{folder}/data"\n[broker]\nport = {broker.port}\nuser = "{broker.user}"\n'
        f'password_file = "{broker.password_file}"\n' + "".join(counter_table(n, folder / "lines") for n in names)
    )
    return path


async def start(*args: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, *map(str, args))


async def stop(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


async def run(lines: int, rate: int, seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = [f"i{k}" for k in range(lines)]
        broker = TestBroker(folder / "mosquitto")
        broker.prepare()
        await broker.start()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(broker.stop)
            words = [f"counter:{name}@{rate}" for name in names]
            simulator = await start("-m", "edge", "simulate", *words, "--dir", folder / "lines")
            stack.push_async_callback(stop, simulator)
            await eventually(lambda: all((folder / "lines" / name).is_symlink() for name in names), timeout=30)
            user = broker.config("edge-pi")
            pairs = [f"{folder}/lines/{name}={Topics().of(name, Kind.DATA)}" for name in names]
            contenders: dict[str, list[object]] = {
                "labwire edge": ["-m", "edge", "run", "--log-level", "error", "-c", edge_toml(folder, user, names)],
                "pyserial + paho": ["-c", SCRIPT, broker.port, user.user, password(user.user), *pairs],
            }
            found: dict[str, list[tuple[float, float]]] = {who: [] for who in contenders}
            for _ in range(rounds):
                for who, args in contenders.items():
                    process = await start(*args)
                    await asyncio.sleep(2)
                    found[who].append(await measure(process, seconds))
                    await stop(process)
            report(found, lines * rate)


def report(found: dict[str, list[tuple[float, float]]], per_second: int) -> None:
    print(f"{per_second} samples a second; medians of {len(next(iter(found.values())))} rounds\n")
    print("| | CPU of one core | µs a sample | memory |\n|---|---:|---:|---:|")
    for who, rounds in found.items():
        cpu = statistics.median(c for c, _ in rounds)
        memory = statistics.median(m for _, m in rounds)
        print(f"| {who} | {cpu:.1%} | {cpu / per_second * 1e6:.0f} | {memory:.0f} MB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    asyncio.run(run(args.lines, args.rate, args.seconds, args.rounds))


if __name__ == "__main__":
    main()
