"""``labwire demo`` as a person starts it: a process of its own, with its output read line by line."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from logger.store import History, HistoryError
from tests.support.waiting import eventually

LINK = re.compile(r"http://\S+/#token=\S+")
READY_S = 90.0


class DemoProcess:
    """An ``async with`` around one demo on free ports; leaving it interrupts the demo as Ctrl-C does."""

    def __init__(self, data: Path, *args: str, port: int = 0, env: Mapping[str, str] = {}) -> None:
        self.data = data
        self.output = ""
        self._env = {**os.environ, **env}
        self._args = (*args, "--port", str(port)) if port else args
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "labwire", "demo", "--data", str(self.data), *self._args),
            cwd=self.data.parent,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        await self.ended()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output += line.decode()

    async def said(self, pattern: str, timeout: float = READY_S) -> re.Match[str]:
        """Wait until the demo has printed ``pattern``."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.output)
            assert found or self.process.returncode is None, f"the demo ended:\n{self.output}{self.logs()}"
            return found

        found = await eventually(look, timeout, f"printed {pattern!r}")
        assert found is not None
        return found

    async def ready(self) -> str:
        """Wait until the page works; returns the link that was printed."""
        return (await self.said(LINK.pattern))[0]

    async def ended(self, timeout: float = 40.0) -> int:
        """Wait for its end; returns the exit code."""
        code = await asyncio.wait_for(self.process.wait(), timeout)
        if self._reader is not None:
            await self._reader
        return code

    async def stored(self, rows: int = 1) -> None:
        """Wait until the logger has stored samples."""
        await eventually(lambda: self.samples() >= rows, 30, "samples stored")

    def samples(self) -> int:
        """How many sample sets the logger's ledger counts, read as any other program may."""
        try:
            ledger = History(self.data / "logger" / "labwire.db").ledger(None)
        except HistoryError:
            return 0
        return sum(b - a + 1 for line in ledger if line.stream == "samples" for a, b in line.stored)

    def logs(self) -> str:
        return "".join(f"\n--- {p.name}\n{p.read_text()[-1500:]}" for p in sorted((self.data / "logs").glob("*.log")))
