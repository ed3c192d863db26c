"""CPU and memory of `labwire msr run` beside pdcom5's Python API, reading the same fast signals.

Both read 64 signals at full rate from the same simulated server, one after the other. The adapter also stamps, spools
to disk and publishes to Mosquitto, and what has arrived there is counted; pdcom5 reads every value and does nothing
with it. ``got`` is the share of the samples that the server took in that time.

``--soak 60`` instead watches the adapter's memory for an hour, with a logger that stores everything.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks._msr_soak import soak
from broker.client import Client
from broker.config import BrokerConfig
from broker.mosquitto import free_port
from broker.topics import Kind, Topics
from msr_adapter.simulator.run import tell
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

PEER = """
import asyncio, sys, pdcom5
port, rate, signals = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
paths = [f"/Counter/C{n:04d}" if n % 2 == 0 else f"/Sine/S{n:04d}" for n in range(signals)]
async def main():
    process = pdcom5.Process("benchmark")
    await process.connect(f"msr://127.0.0.1:{port}")
    subscriber = process.create_subscriber(1 / rate)
    subscriptions = await asyncio.gather(*(subscriber.subscribe(path) for path in paths))
    count = 0
    async for stamp in subscriber.newValues():
        values = [s.value for s in subscriptions]
        count += 1
        if count % 500 == 0:
            print(count, flush=True)
asyncio.run(main())
"""
CONFIG = """[msr]
host = "127.0.0.1"
port = {port}
name = "pi"
data_dir = "{folder}/data"
store = "none"
spool_bytes = 200_000_000

[broker]
port = {broker.port}
user = "{broker.user}"
password_file = "{broker.password_file}"

[[instrument]]
name = "plant"
signals = ["/Counter/**", "/Sine/**"]
"""
_N = re.compile(rb'"n":(\d+)')


@dataclass
class Figures:
    """Of one contender: share of a core, share of the samples, memory in MB."""

    cpu: float
    got: float
    memory: float


class Counted:
    """Rows that have come, whoever counts them."""

    def __init__(self) -> None:
        self.rows = 0

    async def hear(self, config: BrokerConfig) -> None:
        """Count the rows in all blocks."""
        async with Client(config, "benchmark-counter") as client:
            client.subscribe(Topics().all_of(Kind.BLOCK), qos=0)
            async for message in client.messages:
                found = _N.search(message.payload, 0, 200)
                self.rows += int(found[1]) if found else 0

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Take the count a contender prints."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.rows = int(line)


async def measure(process: asyncio.subprocess.Process, counted: Counted, rate: float, seconds: float) -> Figures:
    await eventually(lambda: counted.rows > 0, 60, "samples")
    await asyncio.sleep(2)
    watched = psutil.Process(process.pid)
    before, rows, began = watched.cpu_times(), counted.rows, time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = watched.cpu_times(), time.monotonic() - began
    used = after.user + after.system - before.user - before.system
    return Figures(used / passed, (counted.rows - rows) / passed / rate, watched.memory_info().rss / 1e6)


@asynccontextmanager
async def program(*args: object, stdout: int | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *map(str, args), stdout=stdout)
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def adapter(port: int, broker: TestBroker, folder: Path, rate: float, seconds: float) -> Figures:
    config = folder / "msr.toml"
    config.write_text(CONFIG.format(port=port, folder=folder, broker=broker.config("edge-pi")))
    counted = Counted()
    counting = asyncio.create_task(counted.hear(broker.config("viewer")))
    try:
        async with program("-m", "msr_adapter", "run", "--log-level", "error", "-c", config) as process:
            return await measure(process, counted, rate, seconds)
    finally:
        counting.cancel()
        await asyncio.wait([counting])


async def peer(port: int, signals: int, rate: float, seconds: float) -> Figures:
    counted = Counted()
    async with program("-c", PEER, port, rate, signals, stdout=asyncio.subprocess.PIPE) as process:
        counting = asyncio.create_task(counted.read(process))
        try:
            return await measure(process, counted, rate, seconds)
        finally:
            counting.cancel()
            await asyncio.wait([counting])


async def run(rate: float, signals: int, seconds: float) -> dict[str, Figures]:
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), free_port()
        broker = TestBroker(folder / "mosquitto")
        broker.prepare()
        await broker.start()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(broker.stop)
            words = ["simulate", "--port", port, "--rate", rate, "--signals", signals, "--log-level", "error"]
            control = folder / "control"
            await stack.enter_async_context(program("-m", "msr_adapter", *words, "--control", control))
            await eventually(control.exists, 20)
            tell(control, "normal")
            return {
                "labwire msr run": await adapter(port, broker, folder, rate, seconds),
                "pdcom5, Python": await peer(port, signals, rate, seconds),
            }


def report(found: dict[str, Figures], rate: float, signals: int) -> None:
    print(f"{signals} signals at {rate:g} Hz\n")
    print("| | CPU of one core | got | memory |\n|---|---:|---:|---:|")
    for who, f in found.items():
        print(f"| {who} | {f.cpu:.1%} | {f.got:.1%} | {f.memory:.0f} MB |")
    ours, theirs = found.values()
    print(f"\npdcom5 needs {theirs.cpu / ours.cpu:.1f} times the CPU\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, action="append", help="Hz; may be given several times")
    parser.add_argument("--signals", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="instead: memory of the adapter over so long")
    args = parser.parse_args()
    if args.soak:
        asyncio.run(soak(args.soak, args.signals, (args.rate or [1000.0])[0]))
        return
    for rate in args.rate or [1000.0, 10_000.0]:
        report(asyncio.run(run(rate, args.signals, args.seconds)), rate, args.signals)


if __name__ == "__main__":
    main()
