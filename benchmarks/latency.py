"""Latency from a byte on the serial line to a WebSocket client, beside a plain MQTT subscriber (paho) in the same run.

The benchmark holds the instrument's end of a pseudo-terminal, writes a number and looks when it comes back: through
edge, Mosquitto and bridge (each a process of its own), and through edge and Mosquitto alone.
"""

import asyncio
import json
import os
import pty
import statistics
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bridge_ws.frames import decode as decode_frame
from tests.support.broker import password
from tests.support.waiting import eventually
from tests.system.lab import STREAM, Lab, temporary_laboratory

NAME = "i0"
SLOW = 60
FAST_HZ = 1000
FAST_S = 12
WARM = 10**9


@dataclass
class Times:
    """When each number was written, and when it arrived at whom. Seconds."""

    written: dict[int, float] = field(default_factory=dict)
    arrived: dict[str, dict[int, float]] = field(default_factory=lambda: {"websocket": {}, "paho": {}})

    def seen(self, who: str, number: int) -> None:
        self.arrived[who].setdefault(number, time.perf_counter())

    def latencies_ms(self, who: str, first: int) -> list[float]:
        found = self.arrived[who]
        return sorted((found[n] - t) * 1000 for n, t in self.written.items() if n >= first and n in found)


def subscribe_paho(port: int, times: Times) -> paho.Client:
    """A plain MQTT subscriber in a thread of its own."""

    def on_message(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        said = json.loads(message.payload)
        values = said["cols"]["n"] if "cols" in said else [said["values"]["n"]]
        for number in values:
            times.seen("paho", number)

    client = paho.Client(CallbackAPIVersion.VERSION2, "latency")
    client.username_pw_set("viewer", password("viewer"))
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe([("lab/+/data", 0), ("lab/+/block", 0)])
    client.loop_start()
    return client


async def read_websocket(page: ClientConnection, times: Times) -> None:
    async for message in page:
        if isinstance(message, bytes):
            for number in numbers_in(message):
                times.seen("websocket", number)


def numbers_in(frame: bytes) -> list[int]:
    """The counter's numbers in a binary frame."""
    _, parts = decode_frame(frame)
    return [int(v) for part in parts for v in part.columns[-1]]


async def write_slow(line: int, times: Times) -> None:
    for number in range(SLOW):
        write(line, times, number)
        await asyncio.sleep(0.2 + 0.005 * (number % 10))


async def write_fast(line: int, times: Times) -> None:
    begin = time.perf_counter()
    first = len(times.written)
    while (elapsed := time.perf_counter() - begin) < FAST_S:
        for number in range(len(times.written), first + int(elapsed * FAST_HZ)):
            write(line, times, number)
        await asyncio.sleep(0.001)


def write(line: int, times: Times, number: int) -> None:
    times.written[number] = time.perf_counter()
    os.write(line, b"C %d\r\n" % number)


async def measure(lab: Lab, load: Callable[[int, Times], object]) -> Times:
    """One load through a fresh edge and bridge."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    times = Times()
    await lab.edge(STREAM.format(name=NAME, port=os.ttyname(slave)))
    await lab.bridge()
    paho_client = subscribe_paho(lab.broker.port, times)
    async with connect(f"ws://127.0.0.1:{lab.page_port}/ws", subprotocols=[Subprotocol("labwire.v1")]) as page:
        await page.send(json.dumps({"op": "hello", "token": lab.token("anna")}))
        await page.send(json.dumps({"op": "sub", "id": 1, "filter": "lab/+/data", "mode": "samples"}))
        await page.send(json.dumps({"op": "sub", "id": 2, "filter": "lab/+/block", "mode": "samples"}))
        reading = asyncio.create_task(read_websocket(page, times), name="websocket")
        await eventually(lambda: warm(master, times), 30, "the first number", every=0.2)
        times.written.clear()
        await load(master, times)  # type: ignore[misc]
        await asyncio.sleep(2)
        reading.cancel()
    await asyncio.to_thread(paho_client.loop_stop)
    for name in ("bridge", "edge"):
        await lab.programs.pop(name).end()
    os.close(master)
    os.close(slave)
    return times


def warm(line: int, times: Times) -> bool:
    write(line, times, WARM)
    return WARM in times.arrived["websocket"]


def show(title: str, times: Times) -> None:
    total = len(times.written)
    for who in ("websocket", "paho"):
        ms = times.latencies_ms(who, 0)
        p99 = ms[min(len(ms) - 1, int(len(ms) * 0.99))]
        print(f"{title:<28} {who:<10} {statistics.median(ms):8.1f} {p99:8.1f} {len(ms):8}/{total}")
    medians = [statistics.median(times.latencies_ms(who, 0)) for who in ("websocket", "paho")]
    print(f"{title:<28} {'ratio':<10} {medians[0] / medians[1]:8.2f}")


async def run() -> None:
    async with temporary_laboratory() as lab:
        print(f"{'load':<28} {'to':<10} {'median ms':>8} {'p99 ms':>8} {'arrived':>8}")
        show("5 lines a second", await measure(lab, write_slow))
        show(f"{FAST_HZ} lines a second", await measure(lab, write_fast))


def main() -> None:
    asyncio.run(run())


if __name__ == "__main__":
    main()
