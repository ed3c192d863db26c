"""The named pipe a simulated instrument is told its faults by."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def control_pipe(path: Path) -> AsyncIterator[asyncio.StreamReader]:
    """A named pipe read line by line; opened for both ways, so that writers come and go as they like."""
    path.unlink(missing_ok=True)
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
