"""The projection at work: look, write, advance; in a thread of a process of its own."""

import logging
import sqlite3
import threading
import time
from pathlib import Path

from broker.runtime import Clock
from broker.topics import Topics
from broker.values import Figures
from logger.influx.aside import FILE_NAME as ASIDE_NAME
from logger.influx.aside import Aside
from logger.influx.config import InfluxConfig
from logger.influx.cursor import FILE_NAME as CURSOR_NAME
from logger.influx.cursor import Cursor
from logger.influx.feed import Batch, Feed
from logger.influx.server import Server
from logger.influx.writer import Stopped, Writer
from logger.store.reading import HistoryError

log = logging.getLogger("logger.influx")

BATCH_BYTES = 2_000_000
STATUSES_S = 5.0
RETRY_S = 10.0
STRETCHES = 24
"""Of the traffic log in one pass, after a long time without a projection."""


class Projector:
    """``run`` works until ``stop`` is set. ``figures`` and ``complaints`` may be asked from another thread."""

    def __init__(self, config: InfluxConfig, database: Path, root: str, stop: threading.Event, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._topics = Topics(root)
        self._stop = stop
        self._clock = clock
        self._server = Server(config)
        folder = database.parent
        self._writer = Writer(config, self._server, Aside(folder / ASIDE_NAME), stop.wait, clock)
        self._caught_up = clock()
        self._statuses_at = 0.0
        self._pending = self._passed_over = self._rows = 0
        self._problem = ""

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._work()
            except Stopped:
                break
            except (HistoryError, sqlite3.Error, OSError) as e:  # a full disk, a store being replaced
                self._problem = f"the projection cannot work: {e}"
                log.error("%s", self._problem)
                self._stop.wait(RETRY_S)
        self._server.close()

    def _work(self) -> None:
        cursor = Cursor(self._database.with_name(CURSOR_NAME))
        try:
            feed = Feed(self._database, self._topics, cursor, int(self._clock() * 1000))
            try:
                self._problem = ""
                while not self._stop.is_set():
                    self._pass(feed, cursor)
                    self._stop.wait(self._config.linger_ms / 1000)
            finally:
                feed.close()
        finally:
            cursor.close()

    def _pass(self, feed: Feed, cursor: Cursor) -> None:
        """Everything that waits now."""
        began = self._clock()
        self._pending = feed.look()
        while not self._stop.is_set():
            batch = feed.take(BATCH_BYTES)
            self._bring(batch, cursor)
            self._pending = feed.pending
            if not feed.pending and not batch.lines:
                break
        if time.monotonic() - self._statuses_at > STATUSES_S:
            self._statuses_at = time.monotonic()
            for _ in range(STRETCHES):
                batch = feed.statuses(int(began * 1000))
                self._bring(batch, cursor)
                if not batch.lines:
                    break
        self._caught_up = began

    def _bring(self, batch: Batch, cursor: Cursor) -> None:
        self._writer.write(batch.lines)
        if batch.ranges or batch.marks:
            cursor.advance(batch.ranges, batch.marks)
        self._rows += batch.rows
        self._passed_over += batch.passed_over

    # --- telling -------------------------------------------------------------------------------------------------

    def figures(self) -> Figures:
        """For the logger's status."""
        w, pending = self._writer.figures, self._pending
        return {
            "influx_lag_rows": pending,
            "influx_lag_s": round(max(0.0, self._clock() - self._caught_up), 1),
            "influx_rows": self._rows,
            "influx_points": w.written,
            "influx_set_aside": w.set_aside,
            "influx_too_old": w.too_old,
            "influx_passed_over": self._passed_over,
            "influx_retries": w.retries,
            "influx_refused": w.refused or None,
        }

    @property
    def problem(self) -> str:
        return self._problem or self._writer.figures.problem

    def complaints(self) -> list[tuple[str, str, int]]:
        """(instrument, reason, how many values) set aside since the last call."""
        counts = self._writer.figures.complaints
        return [(*key, counts.pop(key)) for key in list(counts)]
