"""The history, asked in threads: the logger's database is read by this process, also while the logger is down.

Where InfluxDB is configured, the buckets of plots come from there.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from logger.influx.config import InfluxConfig
from logger.influx.history import InfluxHistory
from logger.store import History, HistoryError

T = TypeVar("T")

AT_A_TIME = 4


class NoHistory(Exception):
    """The history cannot be asked now; the text says why."""


class Several(Exception):
    """One answer cannot be given, because several stores have part of it; the text says so."""


class Past:
    """Opens a logger's database for each question, a few at a time.

    Several loggers share by instrument: what concerns one is asked of the store that has it.
    """

    def __init__(self, paths: Sequence[Path], influx: InfluxConfig | None = None) -> None:
        self._paths = list(paths)
        self._influx = influx
        self._turn = asyncio.Semaphore(AT_A_TIME)

    async def ask(self, question: Callable[[History], T], instrument: str = "") -> T:
        """Answer ``question`` in a thread, from the store of ``instrument``. Raises NoHistory."""
        async with self._turn:
            return await asyncio.to_thread(lambda: self._ask(self._store_of(instrument), question))

    async def each(self, question: Callable[[History], T]) -> list[T]:
        """Every store's answer: one that cannot be read is no reason to be silent about it. Raises NoHistory."""
        async with self._turn:
            return await asyncio.to_thread(lambda: [self._ask(path, question) for path in self._known()])

    def open(self, concerned: Callable[[History], bool]) -> History:
        """The store that says ``concerned``, for exports: what is stored, not what of it has been projected.

        Whoever asks closes it. Blocking. Raises NoHistory, and Several when more than one says so.
        """
        paths = self._known()
        try:
            found = paths if len(paths) == 1 else [p for p in paths if _says(p, concerned)] or paths[:1]
            if len(found) > 1:
                raise Several(f"what is asked for is in {len(found)} stores, of different loggers: ask for part of it")
            return History(found[0])
        except HistoryError as e:
            raise NoHistory(str(e)) from e

    def _known(self) -> list[Path]:
        if not self._paths:
            raise NoHistory("this bridge knows no history: history_db is not configured")
        return self._paths

    def _store_of(self, instrument: str) -> Path:
        """Where the newest of an instrument is: it may have moved."""
        paths = self._known()
        if len(paths) == 1 or not instrument:
            return paths[0]
        return max(paths, key=lambda path: (self._ask(path, lambda h: h.span(instrument)) or (0, 0))[1])

    def _ask(self, path: Path, question: Callable[[History], T]) -> T:
        try:
            with History(path) if self._influx is None else InfluxHistory(path, self._influx) as history:
                return question(history)
        except HistoryError as e:
            raise NoHistory(str(e)) from e


def _says(path: Path, concerned: Callable[[History], bool]) -> bool:
    with History(path) as history:
        return concerned(history)
