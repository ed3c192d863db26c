"""Memory of each process with ten 1 Hz instruments and one fast one, beside the smallest Python process (the limit).

Resident memory after a minute of work; the share of one core in the last 30 s.
"""

import asyncio
import json
import subprocess
import sys

import psutil
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.system.lab import POLL, STREAM, Lab, temporary_laboratory

SETTLE_S = 30
WATCH_S = 30
SLOW = [f"i{k}" for k in range(10)]


def empty_python_mb() -> float:
    """What an interpreter needs that does nothing."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.flush()
        found = psutil.Process(process.pid)
        while found.status() != psutil.STATUS_SLEEPING:
            pass
        mb: float = found.memory_info().rss / 1e6
        process.stdin.close()
    return mb


async def work(lab: Lab) -> None:
    await lab.simulate(*(f"counter:{name}" for name in SLOW), "counter:osc1@200")
    await lab.logger()
    polls = [POLL.format(name=name, port=lab.lines / name).replace("every_ms = 50", "every_ms = 1000") for name in SLOW]
    await lab.edge(*polls, STREAM.format(name="osc1", port=lab.lines / "osc1"))
    await lab.bridge()


async def watch(lab: Lab) -> None:
    url = f"ws://127.0.0.1:{lab.page_port}/ws"
    async with connect(url, subprotocols=[Subprotocol("labwire.v1")]) as page:
        await page.send(json.dumps({"op": "hello", "token": lab.token("anna")}))
        await page.send(json.dumps({"op": "sub", "id": 1, "filter": "lab/+/data", "mode": "samples"}))

        async def drain() -> None:
            async for _ in page:
                pass

        reading = asyncio.create_task(drain(), name="page")
        await asyncio.sleep(SETTLE_S)
        processes = {name: psutil.Process(program.pid) for name, program in lab.programs.items()}
        processes["mosquitto"] = psutil.Process(lab.broker.running.pid)
        for process in processes.values():
            process.cpu_percent()
        await asyncio.sleep(WATCH_S)
        show({name: (p.memory_info().rss / 1e6, p.cpu_percent()) for name, p in processes.items()})
        reading.cancel()


def show(found: dict[str, tuple[float, float]]) -> None:
    limit = empty_python_mb()
    print(f"{'process':<12} {'MB':>8} {'ratio':>8} {'% of a core':>12}")
    print(f"{'empty python':<12} {limit:8.1f} {1:8.2f}")
    for name, (mb, cpu) in found.items():
        print(f"{name:<12} {mb:8.1f} {mb / limit:8.2f} {cpu:12.1f}")


async def run() -> None:
    async with temporary_laboratory() as lab:
        await work(lab)
        await watch(lab)


def main() -> None:
    asyncio.run(run())


if __name__ == "__main__":
    main()
