"""Several programs as one: each with its own log file, watched, and all ended together.

They form one process group led by a guard (labwire.guard), so a terminal's Ctrl-C reaches only the owner, and nothing
stays behind even when the owner is killed with -9.
"""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 12
LOG_BYTES = 5_000_000
"""A longer log begins anew at the next start; one older is kept."""


class Died(Exception):
    """A program ended though nobody asked it to; the text names it and has its last log lines."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: a short name, its command line, and the folder it runs in."""

    name: str
    argv: tuple[str, ...]
    cwd: Path | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A started program."""

    program: Program
    process: asyncio.subprocess.Process
    log: Path
    log_start: int

    def output(self) -> bytes:
        """What it has written to its log since it was started."""
        return self.log.read_bytes()[self.log_start :]

    async def watch(self) -> None:
        """Wait for its end, which is always a surprise. Raises Died."""
        code = await self.process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        raise Died(f"{self.program.name} {how}; the end of {self.log}:\n{tail(self.log)}")

    async def stop(self, grace_s: float) -> None:
        """Ask it to end and insist after ``grace_s``."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


class Processes:
    """The programs started inside an ``async with``; leaving it ends them, the last started first.

    ``logs`` is the folder for ``<name>.log``. Every program has ``grace_s`` to end by itself.
    """

    def __init__(self, logs: Path, *, grace_s: float = 8.0) -> None:
        self._logs = logs
        self._grace_s = grace_s
        self._children: list[Child] = []

    async def __aenter__(self) -> "Processes":
        self._logs.mkdir(parents=True, exist_ok=True)
        self._guard = await asyncio.create_subprocess_exec(
            *python("labwire.guard"), stdin=subprocess.PIPE, process_group=0
        )
        return self

    async def start(self, program: Program) -> Child:
        """Start ``program``; its output is appended to its log file."""
        path = self._logs / f"{program.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.old"))
        with path.open("ab") as log_file:
            begin = log_file.tell()
            process = await asyncio.create_subprocess_exec(
                *program.argv,
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                process_group=self._guard.pid,
            )
        child = Child(program, process, path, begin)
        self._children.append(child)
        return child

    async def __aexit__(self, *_: object) -> None:
        try:
            for child in reversed(self._children):
                await child.stop(self._grace_s)
        finally:
            # Also reached when the stopping itself is interrupted: then the whole group goes at once.
            if self._guard.returncode is None:
                os.killpg(self._guard.pid, signal.SIGKILL)
            await self._guard.wait()


def python(module: str, *args: str) -> tuple[str, ...]:
    """The command line of one of our own modules; ``-P`` keeps the current folder off the import path."""
    return (sys.executable, "-P", "-m", module, *args)


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log file, indented; a remark when it is empty."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 200 * lines))
        last = file.read().decode("utf-8", "replace").splitlines()[-lines:]
    return "\n".join(f"  {line}" for line in last) or "  (nothing was written)"
