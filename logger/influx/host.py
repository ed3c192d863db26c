"""The logger's side of the projection: starts its process, hears its reports, starts it again when it dies."""

import asyncio
import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from broker.runtime import Sleep, backoff
from broker.values import Figures
from logger.influx.__main__ import Order, Report
from logger.influx.aside import FILE_NAME as ASIDE_NAME
from logger.influx.config import InfluxConfig

log = logging.getLogger("logger.influx")

LONGEST_REPORT = 1_000_000
GOODBYE_S = 3.0
AGAIN_S = 600.0
"""The same refusal is told again after this long, with how many values it was meanwhile."""


class Projection:
    """``figures`` and ``problem`` are the process's last report. The logger never waits for it."""

    def __init__(
        self,
        config: InfluxConfig,
        database: Path,
        root: str,
        told: Callable[[str, str], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """``told``: (instrument, sentence) when values of an instrument were refused, at most every AGAIN_S."""
        level = logging.getLevelName(logging.getLogger().getEffectiveLevel()).lower()
        self._order = Order(config, str(database), root, level)
        self._told = told
        self._sleep = sleep
        self._counts: Counter[tuple[str, str]] = Counter()
        self._told_at: dict[tuple[str, str], float] = {}
        self.figures: Figures = {}
        self.problem = ""

    async def run(self) -> None:
        """Until cancelled."""
        for wait in backoff(1.0, 30.0):
            code = await self._once()
            self.problem = f"the projection to InfluxDB ended with code {code} and is started again"
            log.error("%s in %.0f s", self.problem, wait)
            await self._sleep(wait)

    async def _once(self) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "logger.influx",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_REPORT,
        )
        try:
            return await self._hear(process)
        finally:
            await _end(process)

    async def _hear(self, process: asyncio.subprocess.Process) -> int:
        if process.stdin is None or process.stdout is None:  # both are pipes
            return -1
        process.stdin.write(msgspec.json.encode(self._order) + b"\n")
        async for line in process.stdout:
            report = msgspec.json.decode(line, type=Report)
            self.figures, self.problem = report.figures, report.problem
            self._tell(report)
        return await process.wait()

    def _tell(self, report: Report) -> None:
        for instrument, reason, count in report.complaints:
            self._counts[instrument, reason] += count
        now = time.monotonic()
        for key, count in list(self._counts.items()):
            if now - self._told_at.get(key, -AGAIN_S) >= AGAIN_S:
                self._told_at[key] = now
                del self._counts[key]
                instrument, reason = key
                self._told(instrument, f"InfluxDB refuses {count} points, kept in {ASIDE_NAME}: {reason}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its input's end is its signal to go."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
