"""The InfluxDB of a campaign: what can happen to it, and which numbers it has at the end."""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from logger.influx.aside import FILE_NAME
from tests.support.influx import ORG, TOKEN, Influx, Process, influxd, onboard

Pause = Callable[[float, float], Awaitable[None]]

ANSWER_S = 10.0
"""Shorter than it may be frozen: requests are given up whose points come in all the same, and go again."""
_NUMBER = re.compile(r"^data,instrument=(?P<name>\w+)(?:,fold=\d+)? n=(?P<n>-?\d+)i ")


class _Refused(msgspec.Struct):
    line: str


@dataclass(frozen=True, slots=True)
class Database:
    """An influxd that runs, with an empty bucket."""

    process: Process
    influx: Influx

    @property
    def table(self) -> str:
        """For ``logger.toml``."""
        return (
            f'\n[influx]\nurl = "{self.influx.url}"\norg = "{ORG}"\nbucket = "labwire"\ntoken = "{TOKEN}"\n'
            f"timeout_s = {ANSWER_S}\nlinger_ms = 200\n"
        )

    # --- what can happen to it: afterwards it runs ---

    async def kill(self, pause: Pause) -> None:
        await asyncio.to_thread(self.process.kill)
        await pause(0, 3)
        await asyncio.to_thread(self.process.start)

    async def restart(self, pause: Pause) -> None:
        await asyncio.to_thread(self.process.stop)
        await pause(0, 3)
        await asyncio.to_thread(self.process.start)

    async def away(self, pause: Pause) -> None:
        await asyncio.to_thread(self.process.kill)
        await pause(30, 60)
        await asyncio.to_thread(self.process.start)

    async def freeze(self, pause: Pause) -> None:
        """It answers after up to 30 s."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            await pause(3, 30)
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    # --- what it has ---

    def numbers(self, name: str) -> Counter[int]:
        """How often it has each number of a counter."""
        ours = f'r._measurement == "data" and r.instrument == "{name}" and r._field == "n"'
        whole = 'from(bucket: "labwire") |> range(start: 0, stop: 2100-01-01T00:00:00Z)'
        rows = self.influx.query(f'{whole} |> filter(fn: (r) => {ours}) |> keep(columns: ["_value"])')
        return Counter(int(row["_value"]) for row in rows)


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[Database]:
    process = influxd(folder)
    await asyncio.to_thread(process.start)
    try:
        yield Database(process, await asyncio.to_thread(onboard, process.url))
    finally:
        await asyncio.to_thread(process.stop)


def set_aside(folder: Path, name: str) -> set[int]:
    """The numbers of a counter that the projection has set aside, from its file in the logger's ``folder``."""
    files = [path for path in (folder / FILE_NAME, folder / f"{FILE_NAME}.old") if path.exists()]
    lines = [msgspec.json.decode(line, type=_Refused).line for f in files for line in f.read_bytes().splitlines()]
    found = [_NUMBER.match(line) for line in lines]
    return {int(m["n"]) for m in found if m and m["name"] == name}
