"""The embedded store at 64 × 1 kHz: bytes a sample and how long a plot takes, beside SQLite rows and InfluxDB.

The same values into each, from arrays (what decoding messages costs is in ``logger``), and the same question: minimum,
maximum and mean of 4 and of all 64 channels at 1 200 points or a little less. InfluxDB 2 takes part where influxd is
(``sh scripts/get-influxd.sh``); it answers over HTTP, mean, minimum and maximum being a query each.

``--day``: a whole day instead, labwire alone, at every zoom. It takes six minutes of CPU and 9 GB of disk.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks import _day
from benchmarks._day import CHANNELS, NAME, RATE_HZ, Signals
from logger.influx.line import PlainNames, lines
from logger.pieces import Chunk, shape_of
from logger.store import History, choose_step
from tests.support import influx

START_US = 1_795_219_200_000_000
CHUNK = 2000


@dataclass(frozen=True)
class Result:
    name: str
    cpu: float
    size: int
    few: float
    all: float


def chunks(seconds: int) -> Iterator[Chunk]:
    signals = Signals(np.random.default_rng(1), CHUNK)
    for piece in range(seconds * RATE_HZ // CHUNK):
        seq = piece * CHUNK
        t_us = START_US + (seq + np.arange(CHUNK, dtype="<i8")) * (1_000_000 // RATE_HZ)
        yield Chunk(seq, t_us, signals.columns(piece))


def size_of(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def timed(question: Callable[[], object], rounds: int = 3) -> float:
    """The median: the first time fills caches, as the first look at a page does."""
    took = []
    for _ in range(rounds):
        clock = time.perf_counter()
        question()
        took.append(time.perf_counter() - clock)
    return sorted(took)[rounds // 2]


def ours(seconds: int, folder: Path) -> Result:
    path = folder / "labwire.db"
    cpu = time.process_time()
    _day.fill(path, seconds, START_US)
    cpu = time.process_time() - cpu
    names = list(Signals(np.random.default_rng(1), 1).columns(0))
    step = choose_step(seconds * 1_000_000, _day.POINTS)

    def ask(channels: Sequence[str]) -> None:
        with History(path) as history:
            history.buckets(NAME, channels, START_US, START_US + seconds * 1_000_000, step)

    few, all_ = timed(lambda: ask(names[:: CHANNELS // 4])), timed(lambda: ask(names))
    return Result("labwire", cpu, size_of(folder), few, all_)


def rows(seconds: int, folder: Path) -> Result:
    """One row (channel, time, value) each, in transactions of two seconds."""
    db = sqlite3.connect(folder / "rows.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE sample (channel INTEGER, t INTEGER, value REAL, PRIMARY KEY (channel, t)) WITHOUT ROWID")
    cpu = 0.0
    for chunk in chunks(seconds):
        listed = [(k, chunk.t_us.tolist(), c.python()) for k, c in enumerate(chunk.columns.values())]
        began = time.process_time()
        db.execute("BEGIN")
        for k, times, values in listed:
            db.executemany("INSERT INTO sample VALUES (?, ?, ?)", zip([k] * len(times), times, values, strict=True))
        db.execute("COMMIT")
        cpu += time.process_time() - began
    step = choose_step(seconds * 1_000_000, _day.POINTS)
    sql = "SELECT t / ?, min(value), max(value), avg(value), count(*) FROM sample WHERE channel = ? GROUP BY 1"

    def ask(channels: Sequence[int]) -> int:
        return sum(len(db.execute(sql, (step, channel)).fetchall()) for channel in channels)

    few, all_ = timed(lambda: ask(range(0, CHANNELS, 16))), timed(lambda: ask(range(CHANNELS)), 1)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return Result("plain SQLite rows", cpu, size_of(folder), few, all_)


def influxdb(seconds: int, folder: Path) -> Result | None:
    if influx.influxd_path() is None:
        return None
    server = influx.influxd(folder)
    server.start()
    try:
        database = influx.onboard(server.url)
        process = psutil.Process(server.pid)
        before = sum(process.cpu_times()[:2])
        for chunk in chunks(seconds):
            made = lines(NAME, chunk, shape_of(chunk.columns, "", {}), 0, PlainNames())
            status, answer = database.write("labwire", b"\n".join(made).decode())
            if status >= 300:
                raise SystemExit(f"InfluxDB: {answer.decode()}")
        cpu = sum(process.cpu_times()[:2]) - before
        step_ms = choose_step(seconds * 1_000_000, _day.POINTS) // 1000
        names = list(Signals(np.random.default_rng(1), 1).columns(0))
        few = timed(lambda: ask_influx(database, names[:: CHANNELS // 4], seconds, step_ms))
        all_ = timed(lambda: ask_influx(database, names, seconds, step_ms), 1)
    finally:
        server.stop()  # writes what it had in memory
    return Result("InfluxDB 2", cpu, size_of(folder / "engine"), few, all_)


def ask_influx(database: influx.Influx, names: Sequence[str], seconds: int, step_ms: int) -> None:
    wanted = " or ".join(f'r._field == "{name}"' for name in names)
    start = START_US // 1_000_000
    for what in ("min", "max", "mean"):
        database.query(
            f'from(bucket: "labwire") |> range(start: {start}, stop: {start + seconds})'
            f' |> filter(fn: (r) => r._measurement == "data" and ({wanted}))'
            f" |> aggregateWindow(every: {step_ms}ms, fn: {what}, createEmpty: false)"
        )


def beside_peers(seconds: int, folder: Path) -> None:
    made: list[Result | None] = []
    for name, run in (("ours", ours), ("rows", rows), ("influx", influxdb)):
        own = folder / name
        own.mkdir()
        made.append(run(seconds, own))
    values = seconds * RATE_HZ * CHANNELS
    print(
        f"| {seconds} s of {CHANNELS} × 1 kHz | values per CPU s | bytes a value | 4 channels | {CHANNELS} channels |"
    )
    print("|---|---:|---:|---:|---:|")
    for r in made:
        if r is not None:
            speed, size = values / r.cpu, r.size / values
            print(f"| {r.name} | {speed:,.0f} | {size:.2f} | {r.few * 1000:,.0f} ms | {r.all * 1000:,.0f} ms |")
    if made[-1] is None:
        print(influx.NO_INFLUXD)


def a_day(seconds: int, folder: Path) -> None:
    path = folder / "labwire.db"
    cpu = time.process_time()
    _day.fill(path, seconds, START_US)
    values = seconds * RATE_HZ * CHANNELS
    print(
        f"{values:,} values in {time.process_time() - cpu:.0f} s of CPU, {path.stat().st_size / values:.2f} bytes each"
    )
    print("| seconds shown | step | 4 channels | 64 channels |")
    print("|---:|---:|---:|---:|")
    asked = list(_day.ask(path, START_US, seconds))
    for few, all_ in zip(asked[::2], asked[1::2], strict=True):
        print(
            f"| {few.span_s:,.0f} | {few.step_ms:g} ms | {few.seconds * 1000:.0f} ms | {all_.seconds * 1000:.0f} ms |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--day", action="store_true", help="86 400 s, labwire alone, at every zoom")
    parser.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to measure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        if given.day:
            a_day(86_400, Path(name).resolve())
        else:
            beside_peers(given.seconds, Path(name).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
