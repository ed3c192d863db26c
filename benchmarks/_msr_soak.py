"""An hour of ``labwire msr run`` at full load: simulator, adapter, Mosquitto and logger as real processes.

Resident memory and CPU of each every 30 s; the slope of the adapter's memory by least squares after the first ten
minutes; at the end one counter read back from the store, whose values alone tell whether one is missing or doubled.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from logger.store import History
from tests.support.waiting import eventually
from tests.system.lab import Lab, temporary_laboratory
from tests.system.test_msr import Etherlab

EVERY_S = 30.0
WARM_S = 600.0
WATCHED = {"msr": "labwire msr run", "logger": "logger", "mosquitto": "Mosquitto", "msr-simulator": "simulator"}


@dataclass
class Track:
    """Of one process: seconds since the start, resident MB, CPU seconds used."""

    t: list[float] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def look(self, process: psutil.Process, t: float) -> None:
        times = process.cpu_times()
        self.t.append(t)
        self.mb.append(process.memory_info().rss / 1e6)
        self.cpu.append(times.user + times.system)

    def warm(self) -> "Track":
        """Without the first ten minutes; everything of a short run."""
        first = next((k for k, t in enumerate(self.t) if t >= WARM_S), 0)
        return Track(self.t[first:], self.mb[first:], self.cpu[first:])

    @property
    def slope(self) -> float:
        """MB an hour."""
        return float(np.polyfit(self.t, self.mb, 1)[0]) * 3600 if len(self.t) > 2 else float("nan")

    @property
    def share(self) -> float:
        """Of one core."""
        return (self.cpu[-1] - self.cpu[0]) / max(1e-9, self.t[-1] - self.t[0])


async def soak(minutes: float, signals: int, rate: float) -> None:
    async with temporary_laboratory() as lab:
        etherlab = Etherlab(lab)
        await lab.logger()
        await etherlab.start(signals, rate=rate, journal=False)
        await eventually(lab.database.exists, 30, "the store")
        tracks = await _watch(lab, minutes * 60)
        await lab.programs["msr-simulator"].end()
        await lab.programs["msr"].end()
        await lab.programs["logger"].end()
        _report(tracks, signals, rate)
        _check(lab.database)


async def _watch(lab: Lab, seconds: float) -> dict[str, Track]:
    processes = {name: psutil.Process(program.pid) for name, program in lab.programs.items()}
    processes["mosquitto"] = psutil.Process(lab.broker.running.pid)
    tracks = {name: Track() for name in processes}
    began = time.monotonic()
    while (t := time.monotonic() - began) < seconds:
        for name, process in processes.items():
            tracks[name].look(process, t)
        print(f"{t / 60:6.1f} min", *(f"{name} {track.mb[-1]:.1f} MB" for name, track in tracks.items()), flush=True)
        await asyncio.sleep(EVERY_S - t % EVERY_S)
    return tracks


def _report(tracks: dict[str, Track], signals: int, rate: float) -> None:
    minutes = max(track.t[-1] for track in tracks.values()) / 60
    print(f"\n{signals} signals at {rate:g} Hz for {minutes:.0f} minutes; slope after {WARM_S / 60:.0f}\n")
    print("| | memory at first | most | slope | CPU of one core |\n|---|---:|---:|---:|---:|")
    for name, label in WATCHED.items():
        track, warm = tracks[name], tracks[name].warm()
        row = (
            label,
            f"{track.mb[0]:.1f} MB",
            f"{max(track.mb):.1f} MB",
            f"{warm.slope:+.2f} MB/h",
            f"{track.share:.1%}",
        )
        print(f"| {' | '.join(row)} |")


def _check(database: Path) -> None:
    values: list[int] = []
    with History(database) as history:
        meta = history.meta("plant")
        if meta is None:
            raise RuntimeError("the store knows nothing of the plant")
        channel = next(name for name, c in meta.channels.items() if c.source == "/Counter/C0000")
        for rows in history.rows("plant", [channel], 0, 2**62):
            values += [int(v) for v in rows.chunk.columns[channel].python() if v is not None]
        gaps = [line for line in history.ledger("plant") if not line.complete]
    steps = holes(values)
    print(f"\nof one counter stored: {len(values)} samples, {steps} steps that are not 1; gaps in {len(gaps)} ledgers")
    print(f"the store has {database.stat().st_size / 1e9:.2f} GB")


def holes(values: Sequence[int]) -> int:
    """How often one value is not the one before it plus one."""
    return sum(b != a + 1 for a, b in itertools.pairwise(values))
