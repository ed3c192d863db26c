"""What the logger stores durably per second: blocks and single messages, beside plain SQLite rows in the same run.

From the payload's bytes to the return of the transaction (WAL, synchronous=FULL): decoding, dedupe, ledger, types,
columns, traffic log. The peer has none of that: it inserts decoded values with executemany, one row (channel, time,
value) each, with the same durability. Per second of CPU and per second on the clock.

``--broker``: 40 000 single messages that wait in Mosquitto for a logger that was away, beside mosquitto_sub that reads
and forgets the same queue.
"""

import argparse
import asyncio
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import psutil

from broker import mosquitto
from broker.acl import User
from broker.client import Client
from broker.config import BrokerConfig
from broker.messages import Block, Channel, Data, Meta, decode, encode, with_rev
from broker.topics import Kind, Topics
from broker.values import Value
from logger.store import History
from logger.store.writer import Store

TOPICS = Topics()
BOOT = "mh8x2k3q-7f3a"
T_MS = 1_795_219_199_000
ROWS = 100  # of a block
BATCH = 500  # messages in a transaction, as the service takes them


@dataclass(frozen=True, slots=True)
class Packet:
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


Signal = Callable[[random.Random, int], float]


def adc(rng: random.Random, _k: int) -> float:
    """A 24-bit converter at ±10 V with ±4 LSB of noise."""
    return (6_000_000 + rng.randint(-4, 4)) * (10 / 2**23)


def process(rng: random.Random, k: int) -> float:
    """A process value that drifts, at 0.01 resolution."""
    return round(450 + k / 50 + rng.gauss(0, 0.02), 2)


def full(rng: random.Random, _k: int) -> float:
    """A double that fills its mantissa."""
    return rng.gauss(0, 1)


SIGNALS: dict[str, Signal] = {"24-bit converter, ±4 LSB noise": adc, "0.01 resolution": process, "full mantissa": full}


def blocks(signal: Signal, channels: int, count: int) -> list[Packet]:
    rng = random.Random(1)
    names = [f"u{k}" for k in range(channels)]
    meta = with_rev(Meta(channels={name: Channel() for name in names}))
    made = [Packet(TOPICS.of("osc1", Kind.META), encode(meta))]
    for k in range(count):
        cols: dict[str, list[Value]] = {n: [signal(rng, k * ROWS + row) for row in range(ROWS)] for n in names}
        t0 = T_MS * 1000 + k * ROWS * 1000
        block = Block(boot=BOOT, seq=k * ROWS, n=ROWS, t0_us=t0, dt_us=1000, cols=cols, rev=meta.rev)
        made.append(Packet(TOPICS.of("osc1", Kind.BLOCK), encode(block)))
    return made


def singles(instruments: int, count: int) -> list[Packet]:
    """Sample sets of four channels, instrument by instrument."""
    rng = random.Random(1)
    made = []
    for k in range(count):
        values: dict[str, Value] = {
            "temp": process(rng, k),
            "set_point": 450.0,
            "power": full(rng, k),
            "valve": k % 2 == 0,
        }
        data = Data(ts=T_MS + k, boot=BOOT, seq=k // instruments, values=values)
        made.append(Packet(TOPICS.of(f"i{k % instruments}", Kind.DATA), encode(data)))
    return made


@dataclass(frozen=True)
class Rate:
    """Per second of CPU, and ``clock`` the values per second on the clock."""

    messages: float
    values: float
    clock: float
    bytes_per_value: float


class Watch:
    """CPU and clock since it was made."""

    def __init__(self) -> None:
        self._cpu, self._clock = time.process_time(), time.perf_counter()

    def rate(self, messages: int, values: int, files: Sequence[Path]) -> Rate:
        cpu, clock = time.process_time() - self._cpu, time.perf_counter() - self._clock
        size = sum(f.stat().st_size for f in files if f.exists())
        return Rate(messages / cpu, values / cpu, values / clock, size / values)


def ours(packets: Sequence[Packet], values: int, folder: Path) -> Rate:
    path = folder / "ours.db"
    store = Store(path, TOPICS, T_MS)
    watch = Watch()
    for k in range(0, len(packets), BATCH):
        store.write(packets[k : k + BATCH], T_MS)
    rate = watch.rate(len(packets), values, ())
    store.close()
    rate = replace(rate, bytes_per_value=path.stat().st_size / values)
    path.unlink()
    return rate


def plain_rows(count: int, folder: Path) -> Rate:
    """SQLite alone: decoded values, one row each, in transactions of 50 000."""
    path = folder / "plain.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE sample (channel INTEGER, t INTEGER, value REAL, PRIMARY KEY (channel, t)) WITHOUT ROWID")
    rng = random.Random(1)
    rows = [(k % 16, T_MS * 1000 + k // 16, rng.gauss(0, 1)) for k in range(count)]
    watch = Watch()
    for k in range(0, count, 50_000):
        db.execute("BEGIN")
        db.executemany("INSERT INTO sample VALUES (?, ?, ?)", rows[k : k + 50_000])
        db.execute("COMMIT")
    rate = watch.rate(count, count, ())
    db.close()
    rate = replace(rate, bytes_per_value=path.stat().st_size / count)
    path.unlink()
    return rate


def median(rates: Sequence[Rate]) -> Rate:
    return Rate(*(statistics.median(getattr(r, f.name) for r in rates) for f in fields(Rate)))


def in_this_process(rounds: int, folder: Path) -> None:
    count = 150
    loads: dict[str, tuple[list[Packet], int]] = {
        f"blocks of {ROWS} × 16, {name}": (blocks(signal, 16, count), count * ROWS * 16)
        for name, signal in SIGNALS.items()
    }
    loads[f"blocks of {ROWS} × 1, full mantissa"] = (blocks(full, 1, 1500), 1500 * ROWS)
    loads["single sample sets × 4, 10 instruments"] = (singles(10, 20_000), 80_000)
    loads["single sample sets × 4, 500 instruments"] = (singles(500, 20_000), 80_000)
    found: dict[str, list[Rate]] = {name: [] for name in ["plain SQLite rows", *loads]}
    for _ in range(rounds):
        found["plain SQLite rows"].append(plain_rows(200_000, folder))
        for name, (packets, values) in loads.items():
            found[name].append(ours(packets, values, folder))
    base = median(found["plain SQLite rows"])
    print("| durable | messages per CPU s | values per CPU s | × plain rows | values per s | bytes a value |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, rates in found.items():
        r = median(rates)
        messages = "" if name == "plain SQLite rows" else f"{r.messages:,.0f}"
        times = r.values / base.values
        print(f"| {name} | {messages} | {r.values:,.0f} | {times:.1f} | {r.clock:,.0f} | {r.bytes_per_value:.1f} |")


# --- through Mosquitto ------------------------------------------------------------------------------------------------

LOGGER, EDGE, VIEWER = User("logger-main", "logger"), User("edge-bench", "edge", ("i0",)), User("viewer", "viewer")
SUB = ("-V", "5", "-q", "1", "-i", "sub", "-c", "-x", "3600")


async def through_the_broker(count: int, folder: Path) -> None:
    port = mosquitto.free_port()
    mosquitto.prepare(folder / "broker", dict.fromkeys((LOGGER, EDGE, VIEWER), "secret"), port=port)
    (folder / "password").write_text("secret")
    (folder / "logger.toml").write_text(
        f'data_dir = "store"\n[broker]\nport = {port}\nuser = "logger-main"\npassword_file = "password"\n'
    )
    async with mosquitto.running(folder / "broker"):
        who = ("-p", str(port), "-u", "viewer", "-P", "secret", "-t", TOPICS.of("i0", Kind.DATA))
        await finished("mosquitto_sub", *who, *SUB, "-E")
        async with Client(config(folder, port, VIEWER), "ear") as ear:
            ear.subscribe(TOPICS.service_status("logger", "main"))
            logger = await started(folder)
            await heard(ear, Kind.SERVICE_STATUS, lambda status: status.state == "online")
            logger.send_signal(signal.SIGTERM)
            await logger.wait()
            await published(folder, port, count)
            began = time.perf_counter()
            await finished("mosquitto_sub", *who, *SUB, "-C", str(count))
            sub = count / (time.perf_counter() - began)
            logger = await started(folder)
            await heard(ear, Kind.SERVICE_STATUS, lambda status: status.state == "online")
            began = time.perf_counter()
            await complete(folder / "store" / "labwire.db", count)
            ours = count / (time.perf_counter() - began)
            cpu = psutil.Process(logger.pid).cpu_times()
            logger.send_signal(signal.SIGTERM)
            await logger.wait()
    print(f"{count} messages that waited: logger {ours:,.0f}/s, mosquitto_sub {sub:,.0f}/s, ratio {ours / sub:.2f};")
    print(f"the logger process used {cpu.user + cpu.system:.2f} s of CPU, its start included")


def config(folder: Path, port: int, user: User) -> BrokerConfig:
    return BrokerConfig(port=port, user=user.name, password_file=str(folder / "password"))


async def published(folder: Path, port: int, count: int) -> None:
    async with Client(config(folder, port, EDGE), "edge-bench") as edge:
        futures = []
        for packet in singles(1, count):
            await edge.room()
            futures.append(edge.publish(packet.topic, packet.payload))
        await asyncio.gather(*futures)


async def heard(ear: Client, kind: Kind, wanted: Callable[[Any], bool]) -> None:
    async for message in ear.messages:
        ear.ack(message)
        topic = TOPICS.parse(message.topic)
        if topic is not None and topic.kind is kind and wanted(decode(kind, message.payload)):
            return


async def complete(database: Path, count: int) -> None:
    """Until everything is durable (a commit message says it up to a second later)."""
    with History(database) as history:
        while [line.stored for line in history.ledger("i0")] != [[(0, count - 1)]]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def started(folder: Path) -> asyncio.subprocess.Process:
    command = ("-m", "logger", "run", "-c", str(folder / "logger.toml"), "--log-level", "error")
    return await asyncio.create_subprocess_exec(sys.executable, *command)


async def finished(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise SystemExit(f"{command[0]} failed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to measure")
    parser.add_argument("--broker", action="store_true", help="through Mosquitto and a logger process")
    parser.add_argument("--messages", type=int, default=40_000, help="that wait in Mosquitto (its limit is 50 000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        if given.broker:
            asyncio.run(through_the_broker(given.messages, Path(name).resolve()))
        else:
            in_this_process(given.rounds, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
