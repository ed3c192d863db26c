"""The store's housekeeping while the logger works, beside a real Mosquitto."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from broker.topics import Kind
from logger import service
from logger.config import LoggerConfig
from logger.reserve import Reserve
from logger.store import History
from logger.store.retention import Retention
from logger.store.tend import Tended
from logger.store.writer import Store
from logger.tending import Tending
from tests.logger.support import T_MS, TOPICS, block, open_store, write
from tests.logger.test_service import edge_and_ear, held, sample
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

T = TypeVar("T")


def config(mosquitto: TestBroker, folder: Path, **rules: float) -> LoggerConfig:
    retention = msgspec.convert(rules, Retention)
    return LoggerConfig(data_dir=str(folder), broker=mosquitto.config("logger-main"), retention=retention)


async def test_old_samples_go_while_new_ones_come(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logger.tending.IDLE_S", 0.05)
    store = open_store(tmp_path)
    old = T_MS - 100 * 86_400_000
    for seq in range(0, 20_000, 100):
        write(store, block(seq, 100, t0_us=old * 1000 + seq * 1000), at_ms=old)
    store.close()
    stop = asyncio.Event()
    async with edge_and_ear(mosquitto) as (edge, ear):
        running = asyncio.create_task(service.run(config(mosquitto, tmp_path, samples_days=30), stop))
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(200), retain=True)
        for seq in range(200):
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
        await eventually(lambda: ear.upto() == 199, 20)

        def left() -> int:
            with History(tmp_path / "labwire.db") as history:
                return sum(len(r.chunk) for r in history.rows("oven1", None, 0, 2**62))

        await eventually(lambda: left() == 0, 20)
        stop.set()
        await running
        assert ear.status is not None
        figures = ear.status.figures
        assert figures["expired_pieces"] > 0  # type: ignore[operator]
        assert figures["disk_free_bytes"] > 0  # type: ignore[operator]
        assert figures["days_left"] is None
    with History(tmp_path / "labwire.db") as history:
        assert {line.source: line.complete for line in history.ledger()} == {"i1": True, "oven1": True}
    assert (tmp_path / "labwire.reserve").exists()


class Lane:
    """Work in the store's thread, as the service does it."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)

    def __call__(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self.thread, work)


async def test_a_full_disk_gives_its_reserve_to_retention(tmp_path: Path) -> None:
    """The store says what SQLite says when there is no room; then the reserve goes and the step is tried again."""
    Store(tmp_path / "labwire.db", TOPICS, T_MS).close()
    full = [True, False]

    class Full(Store):
        def tend(self, now_ms: int, free_bytes: int) -> Tended:
            if full.pop(0):
                raise sqlite3.OperationalError("database or disk is full")
            stop.set()
            return super().tend(now_ms, free_bytes)

    stop = asyncio.Event()
    lane = Lane()
    store = await lane(lambda: Full(tmp_path / "labwire.db", TOPICS, T_MS))
    reserve = Reserve(tmp_path, 1 << 16)
    reserve.keep(10**12)
    assert reserve
    tending = Tending(store, lane, reserve, lambda: T_MS / 1000, asyncio.sleep)
    task = asyncio.create_task(tending.run())
    await asyncio.wait_for(stop.wait(), 20)
    assert full == []
    task.cancel()
    await asyncio.wait({task})
    await lane(store.close)
    lane.thread.shutdown()
