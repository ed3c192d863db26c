"""Runs the simulator: for the command line, and as a block in tests and in the demonstration."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msr_adapter.simulator.server import Server
from msr_adapter.simulator.server import Settings as Settings

log = logging.getLogger("msr_adapter.simulator")


def steady_clock() -> Callable[[], int]:
    """ns since 1970 that never jump: the wall clock now, then the monotonic one."""
    start = time.time_ns() - time.monotonic_ns()
    return lambda: start + time.monotonic_ns()


@asynccontextmanager
async def simulating(settings: Settings, clock: Callable[[], int] | None = None) -> AsyncIterator[Server]:
    """A server that listens on ``server.port`` while the block runs; ``server.tell`` switches faults."""
    server = Server(settings, clock or steady_clock())
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(server.run(), name="MSR simulator")]
        if settings.control:
            running.append(tasks.create_task(_obey(settings.control, server), name="MSR simulator control"))
        await server.listening.wait()
        yield server
        for task in running:
            task.cancel()


async def simulate(settings: Settings, stop: asyncio.Event) -> None:
    """Simulate until ``stop`` is set."""
    async with simulating(settings) as server:
        log.info("MSR server on %s port %d, %d signals", settings.host, server.port, len(server.world.model.signals))
        if settings.control:
            log.info("faults: echo stall 5 > %s", settings.control)
        await stop.wait()


def tell(control: Path, words: str) -> None:
    """Write a line to a running simulator's control pipe. Raises OSError when none runs."""
    fd = os.open(control, os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(fd, words.encode() + b"\n")
    finally:
        os.close(fd)


async def _obey(path: Path, server: Server) -> None:
    async with _pipe(path) as control:
        while line := await control.readline():
            try:
                server.tell(line.decode("utf-8", "replace"))
            except ValueError as e:
                log.warning("control pipe: %s", e)


@asynccontextmanager
async def _pipe(path: Path) -> AsyncIterator[asyncio.StreamReader]:
    """A named pipe read line by line; opened for both ways, so that writers come and go as they like."""
    with suppress(FileNotFoundError):
        path.unlink()
    os.mkfifo(path)
    file = open(os.open(path, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)  # noqa: SIM115 - the transport closes it
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), file
    )
    try:
        yield reader
    finally:
        transport.close()
        path.unlink(missing_ok=True)
