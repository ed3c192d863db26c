"""A pseudo-terminal as an instrument's end of a serial line: ``<folder>/<name>`` is the port to open."""

import asyncio
import os
import pty
import tty
from pathlib import Path


class PtyLine:
    """A line that can be unplugged and plugged again (then it is another pseudo-terminal behind the same link)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fds: tuple[int, int] | None = None
        self._readable = asyncio.Event()

    @property
    def plugged(self) -> bool:
        return self._fds is not None

    def plug(self) -> None:
        """Make the pseudo-terminal and the link; nothing when it is plugged in."""
        if self._fds is not None:
            return
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._fds = (master, slave)
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(os.ttyname(slave))
        asyncio.get_running_loop().add_reader(master, self._readable.set)

    def unplug(self) -> None:
        """Close the pseudo-terminal and remove the link; nothing when it is not plugged in."""
        if self._fds is None:
            return
        asyncio.get_running_loop().remove_reader(self._fds[0])
        for fd in self._fds:
            os.close(fd)
        self._fds = None
        self._path.unlink(missing_ok=True)

    async def read(self) -> bytes:
        """Wait for bytes from the computer."""
        while True:
            await self._readable.wait()
            self._readable.clear()
            if self._fds is None:
                continue
            try:
                return os.read(self._fds[0], 65536)
            except OSError:  # nothing there after all
                continue

    def write(self, data: bytes) -> bool:
        """Send; False when nobody reads and the system's buffer is full, or the line is not plugged in."""
        if self._fds is None:
            return False
        try:
            return os.write(self._fds[0], data) == len(data)
        except OSError:
            return False
