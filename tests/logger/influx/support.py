"""What the projection's tests share: a projector at work in a thread, beside a store that a test writes."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from logger.influx.config import InfluxConfig
from logger.influx.feed import begin
from logger.influx.projector import Projector
from logger.influx.server import Server
from tests.logger.support import T_MS, TOPICS

DB = "labwire.db"
_open: list[Server] = []
"""Closed after each test by conftest.py."""


def server(config: InfluxConfig) -> Server:
    _open.append(Server(config))
    return _open[-1]


def close_servers() -> None:
    for one in _open:
        one.close()
    _open.clear()


@contextlib.contextmanager
def projecting(config: InfluxConfig, folder: Path) -> Iterator[Projector]:
    stop = threading.Event()
    projector = Projector(config, folder / DB, "lab", stop, time.time)
    work = threading.Thread(target=projector.run, name="test: projector")
    work.start()
    try:
        yield projector
    finally:
        stop.set()
        work.join(30)


def until(look: Callable[[], object], what: str = "", timeout: float = 40.0) -> None:
    """Wait for something another thread does."""
    end = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < end, f"still not {what or look} after {timeout:g} s"
        time.sleep(0.02)


def begun(folder: Path, now_ms: int = T_MS - 1000) -> None:
    """Begin the projection now: what a test stores after this is its business."""
    begin(folder / DB, TOPICS, now_ms)
