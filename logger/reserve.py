"""A file that only takes room, kept for the moment when there is none: deleting rows writes too."""

import contextlib
import os
from pathlib import Path

FILE_NAME = "labwire.reserve"
SIZE = 32 << 20
"""More than a step of retention writes."""


class Reserve:
    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self._path = folder / FILE_NAME
        self._size = size

    def keep(self, free_bytes: int) -> None:
        """Have the reserve, if the disk has plenty. Never raises for the disk's sake."""
        if self._path.exists() or free_bytes < 8 * self._size:
            return
        with contextlib.suppress(OSError), self._path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size)

    def release(self) -> bool:
        """Give its room away; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def __bool__(self) -> bool:
        return self._path.exists()
