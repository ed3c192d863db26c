"""The history, asked in threads: the logger's database is read by this process, also while the logger is down.

Where InfluxDB is configured, the buckets of plots come from there.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from logger.influx.config import InfluxConfig
from logger.influx.history import InfluxHistory
from logger.store import History, HistoryError

T = TypeVar("T")

AT_A_TIME = 4


class NoHistory(Exception):
    """The history cannot be asked now; the text says why."""


class Past:
    """Opens the logger's database for each question, a few at a time."""

    def __init__(self, path: Path | None, influx: InfluxConfig | None = None) -> None:
        self._path = path
        self._influx = influx
        self._turn = asyncio.Semaphore(AT_A_TIME)

    async def ask(self, question: Callable[[History], T]) -> T:
        """Answer ``question`` in a thread. Raises NoHistory."""
        async with self._turn:
            return await asyncio.to_thread(self._ask, question)

    def open(self) -> History:
        """The store itself, for exports: what is stored, not what of it has been projected. Whoever asks closes it.

        Blocking. Raises NoHistory.
        """
        try:
            return History(self._database())
        except HistoryError as e:
            raise NoHistory(str(e)) from e

    def _database(self) -> Path:
        if self._path is None:
            raise NoHistory("this bridge knows no history: history_db is not configured")
        return self._path

    def _ask(self, question: Callable[[History], T]) -> T:
        database = self._database()
        try:
            with History(database) if self._influx is None else InfluxHistory(database, self._influx) as history:
                return question(history)
        except HistoryError as e:
            raise NoHistory(str(e)) from e
