"""What really went over a simulated line: written by the simulator, compared with the store by tests.

One line a record, tab-separated: µs since the epoch, name, direction, bytes with Python's escapes. Directions:
``>`` sent by the instrument, ``<`` received by it, ``x`` not sent because nobody read, ``!`` a fault switched.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from broker.runtime import Clock

Direction = Literal[">", "<", "x", "!"]


@dataclass(frozen=True, slots=True)
class Entry:
    t_us: int
    name: str
    direction: str
    data: bytes


class Journal:
    """Appends at once and unbuffered, so that a kill loses nothing; without a path it writes nowhere."""

    def __init__(self, path: Path | None, clock: Clock = time.time) -> None:
        self._fd = None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._clock = clock

    def write(self, name: str, direction: Direction, lines: list[bytes]) -> None:
        """Append one record a line."""
        if self._fd is None or not lines:
            return
        t_us = int(self._clock() * 1_000_000)
        text = "".join(f"{t_us}\t{name}\t{direction}\t{_escaped(line)}\n" for line in lines)
        os.write(self._fd, text.encode("ascii"))

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def read_journal(path: Path) -> Iterator[Entry]:
    """All records; a last line that a kill has cut is left out."""
    with path.open(encoding="ascii", newline="\n") as file:
        for line in file:
            parts = line.rstrip("\n").split("\t")
            if line.endswith("\n") and len(parts) == 4:
                yield Entry(int(parts[0]), parts[1], parts[2], _plain(parts[3]))


def _escaped(data: bytes) -> str:
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def _plain(text: str) -> bytes:
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")
