"""A day of 64 × 1 kHz in the store, and how long a plot of any part of it takes."""

# ruff: noqa: SLF001 - a day of messages would be a terabyte of JSON: the writer is fed behind its decoder

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from broker.topics import Topics
from logger.columns import Array, Column
from logger.ledger import Stream
from logger.pieces import Chunk, shape_of
from logger.store import History, choose_step
from logger.store.melt import full_rows
from logger.store.writer import Store

CHANNELS = 64
RATE_HZ = 1000
BLOCK_ROWS = 40
"""Of a message: the traffic log has one line for each."""
POINTS = 1200
NAME, BOOT = "osc1", "mh8x2k3q-7f3a"


@dataclass(frozen=True)
class Signals:
    """Columns that differ from piece to piece: 24 of a 24-bit converter, 24 at 0.01 resolution, 16 slow 64-bit ones."""

    rng: np.random.Generator
    rows: int

    def columns(self, piece: int) -> dict[str, Column]:
        shared = {"adc": self._adc(), "process": self._process(piece), "slow": self._slow(piece)}
        return {
            f"{kind}{k}": Column("float", np.roll(shared[kind], 97 * k))
            for kind, count in (("adc", 24), ("process", 24), ("slow", 16))
            for k in range(count)
        }

    def _adc(self) -> Array:
        return (6_000_000 + self.rng.integers(-4, 5, self.rows)) * (10 / 2**23)

    def _process(self, piece: int) -> Array:
        process: Array = np.round(450 + np.sin(piece / 1000) + self.rng.normal(0, 0.02, self.rows), 2)
        return process

    def _slow(self, piece: int) -> Array:
        slow: Array = np.cumsum(self.rng.normal(0, 1e-6, self.rows)) + 20 + np.sin(piece / 1000)
        return slow


def fill(path: Path, seconds: int, start_us: int) -> None:
    """Through the store's writer, but for the messages' text: finished pieces, roll-ups, ledger, traffic log."""
    topics = Topics()
    store = Store(path, topics, start_us // 1000)
    signals = Signals(np.random.default_rng(1), full_rows(CHANNELS))
    for piece in range(seconds * RATE_HZ // signals.rows):
        with store._all_or_nothing():
            _piece(store, signals, piece, start_us)
            store._flush(start_us // 1000)
        store._finish()
    store.close()


def _piece(store: Store, signals: Signals, piece: int, start_us: int) -> None:
    book = store._books.book(NAME, Stream.SAMPLES, BOOT, start_us // 1000)
    seq = piece * signals.rows
    t_us = start_us + (seq + np.arange(signals.rows, dtype="<i8")) * (1_000_000 // RATE_HZ)
    columns = signals.columns(piece)
    store._samples._insert(book, Chunk(seq, t_us, columns), shape_of(columns, "", {}), 0)
    book.stored.add(seq, seq + signals.rows)
    store._books.changed(book)
    for k in range(0, signals.rows, BLOCK_ROWS):
        digest = (seq + k).to_bytes(8, "little")
        store._traffic.samples(
            int(t_us[k]) // 1000, f"lab/{NAME}/block", 33, 20_000, book.id, seq + k, BLOCK_ROWS, digest
        )


@dataclass(frozen=True)
class Asked:
    """How long the buckets of one part took, and how many there were."""

    span_s: float
    step_ms: float
    channels: int
    seconds: float
    buckets: int


def ask(path: Path, start_us: int, seconds: int, few: int = 4) -> Iterator[Asked]:
    """At every zoom, from the whole to a second; ``few`` channels, and all of them."""
    names = list(Signals(np.random.default_rng(1), 1).columns(0))
    span = seconds * 1_000_000
    while span >= 1_000_000:
        begin = start_us + (seconds * 1_000_000 - span) // 3 + 12_345  # no zoom ends where a bucket does
        step = choose_step(span, POINTS)
        for some in (names[:: len(names) // few][:few], names):
            clock = time.perf_counter()
            with History(path) as history:
                found = history.buckets(NAME, some, begin, begin + span, step)
            took = time.perf_counter() - clock
            yield Asked(span / 1e6, step / 1000, len(some), took, max(map(len, found.values())))
        span //= 2
