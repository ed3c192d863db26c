"""What the spool writes to the disk and costs in CPU, beside SQLite with one commit a second and a file per instrument.

Ten instruments at 1 Hz, everything durable once a second. Counted are the bytes this process hands to the disk (whole
pages, /proc/self/io; the file system's own journal comes on top of all three) and its CPU time.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broker.late import DATA, stamp_of
from broker.messages import Data, encode
from broker.segment import Record, Writer
from broker.spool import Spool

INSTRUMENTS = [f"instrument{k}" for k in range(10)]
BOOT = "mh8x2k3q-7f3a"

Second = list[tuple[str, int, bytes]]
"""One sample set of every instrument: name, seq, message."""


@dataclass(frozen=True)
class Cost:
    bytes_per_hour: float
    cpu_us: float
    disk_bytes: float  # per sample set, in the end

    def row(self, name: str, base: "Cost") -> str:
        return (
            f"| {name} | {self.bytes_per_hour / 1e6:.1f} MB | {self.bytes_per_hour / base.bytes_per_hour:.1f} "
            f"| {self.cpu_us:.0f} µs | {self.cpu_us / base.cpu_us:.1f} | {self.disk_bytes:.0f} |"
        )


def seconds(count: int) -> list[Second]:
    """``count`` seconds of sample sets with four channels each."""
    return [
        [
            (name, seq, encode(Data(ts=1_795_000_000_000 + 1000 * seq, values=_values(seq + k), boot=BOOT, seq=seq)))
            for k, name in enumerate(INSTRUMENTS)
        ]
        for seq in range(count)
    ]


def _values(n: int) -> dict[str, float | int | bool | str | None]:
    return {"temp": 21.437 + n % 100 / 1000, "set_point": 450.0, "power": n % 10 / 10, "valve": n % 2 == 0}


def our_spool(folder: Path) -> tuple[Callable[[Second], None], Callable[[], None]]:
    spool = Spool(folder, BOOT, stamp_of=stamp_of, limit=2 * 1024**3)

    def write(second: Second) -> None:
        for name, _, body in second:
            spool.append(name, "samples", DATA, body)
        sync = spool.to_sync()
        assert sync is not None
        assert sync.run() == ""

    return write, spool.close


def file_per_instrument(folder: Path) -> tuple[Callable[[Second], None], Callable[[], None]]:
    writers = {name: Writer(folder / name, 0, "samples", BOOT) for name in INSTRUMENTS}

    def write(second: Second) -> None:
        for name, seq, body in second:
            writers[name].append(name, Record(seq, 1, DATA, "", body))
        for writer in writers.values():
            os.fsync(writer.fd)

    def close() -> None:
        for writer in writers.values():
            writer.close()

    return write, close


def sqlite(folder: Path) -> tuple[Callable[[Second], None], Callable[[], None]]:
    db = sqlite3.connect(folder / "spool.db")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT, boot TEXT)")
    db.execute("CREATE TABLE record (source INTEGER, seq INTEGER, body BLOB, PRIMARY KEY (source, seq)) WITHOUT ROWID")
    db.executemany("INSERT INTO source VALUES (?, ?, ?)", [(k, name, BOOT) for k, name in enumerate(INSTRUMENTS)])
    numbers = {name: k for k, name in enumerate(INSTRUMENTS)}

    def write(second: Second) -> None:
        with db:
            db.executemany(
                "INSERT INTO record VALUES (?, ?, ?)", [(numbers[name], seq, body) for name, seq, body in second]
            )

    return write, db.close


def measure(
    make: Callable[[Path], tuple[Callable[[Second], None], Callable[[], None]]], load: list[Second], parent: Path
) -> Cost:
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        write, close = make(folder)
        before, cpu = written(), time.process_time()
        for second in load:
            write(second)
        cpu = time.process_time() - cpu
        handed = written() - before
        close()
        kept = sum(file.stat().st_size for file in folder.iterdir())
    sets = len(load) * len(INSTRUMENTS)
    return Cost(handed * 3600 / len(load), cpu / sets * 1e6, kept / sets)


def written() -> int:
    """Bytes this process has handed to the disk so far."""
    text = Path("/proc/self/io").read_text(encoding="ascii")
    return int(text.split("\nwrite_bytes: ")[1].split("\n")[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=1200, help="simulated seconds, one synchronisation each")
    parser.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to measure")
    given = parser.parse_args()
    load = seconds(given.seconds)
    costs = {
        "labwire's spool": measure(our_spool, load, given.dir),
        "SQLite, WAL, one commit a second": measure(sqlite, load, given.dir),
        "a file per instrument": measure(file_per_instrument, load, given.dir),
    }
    base = costs["labwire's spool"]
    print("| 10 instruments × 1 Hz | written per hour | × | CPU per sample set | × | bytes kept per set |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, cost in costs.items():
        print(cost.row(name, base))
    days = 2 * 1024**3 / (base.disk_bytes * len(INSTRUMENTS) * 86_400)
    print(f"\n2 GiB hold {days:.0f} days of these {len(INSTRUMENTS)} instruments.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
