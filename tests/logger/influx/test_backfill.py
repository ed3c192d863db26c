"""A history that was there before the projection, brought over to a real InfluxDB."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.messages import Data, Event, Status
from broker.topics import Kind
from logger.influx import backfill
from logger.influx.aside import Aside
from logger.influx.backfill import Backfill, Progress
from logger.influx.cursor import Cursor
from logger.influx.writer import Writer
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import DB, server
from tests.logger.support import BOOT, T_MS, T_US, TOPICS, block, data, open_store, packet, write

Make = Callable[[int, int], Backfill]


@pytest.fixture
def make(tmp_path: Path, bucket: Bucket) -> Iterator[Make]:
    config = bucket.server.config(bucket.name)
    cursor = Cursor(tmp_path / "influx.db")

    def made(from_us: int, to_us: int) -> Backfill:
        writer = Writer(config, server(config), Aside(tmp_path / "refused"), lambda _: True, lambda: 0.0)
        return Backfill(tmp_path / DB, TOPICS, cursor, writer, bucket.name, from_us, to_us)

    yield made
    cursor.close()


def last(progress: Iterator[Progress]) -> dict[str, int]:
    return {p.what: p.rows for p in progress}


def test_samples_records_and_statuses_of_a_time_as_often_as_one_likes(
    tmp_path: Path, bucket: Bucket, make: Make
) -> None:
    store = open_store(tmp_path)
    folded = packet(Kind.DATA, Data(ts=T_MS + 5, boot=BOOT, seq=1000, fold=1, values={"temp": 1.0}))
    write(store, *[block(k * 100, 100) for k in range(10)], folded)
    event = Event(ts=T_MS + 1, kind="k", text="hot", boot=BOOT, eseq=0)
    write(store, packet(Kind.EVENT, event), packet(Kind.STATUS, Status(state="online", boot=BOOT, ts=T_MS + 1)))

    for _ in range(2):
        found = last(make(T_US, T_US + 500_000).run())
        assert found == {"oven1": 501, "records": 2}

    assert bucket.server.counts(bucket.name) == {"temp": 501}
    assert {r.get("fold", "") for r in bucket.server.points(bucket.name)} == {"", "1"}
    assert bucket.server.points(bucket.name, "event")
    assert bucket.server.points(bucket.name, "status")


def test_an_interrupted_one_goes_on_where_it_was(
    tmp_path: Path, bucket: Bucket, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "FIRST_US", 1_000_000)
    monkeypatch.setattr(backfill, "LONGEST_US", 1_000_000)
    store = open_store(tmp_path)
    write(store, *[block(k * 1000, 1000) for k in range(10)])
    to_us = T_US + 20_000_000

    half = make(T_US, to_us).run()
    for _ in range(5):
        next(half)
    half.close()
    assert bucket.server.counts(bucket.name) == {"temp": 5000}

    later = make(T_US + 1_000_000, to_us)  # "2h ago" said a little later
    assert last(later.run())["oven1"] == 5000
    assert bucket.server.counts(bucket.name) == {"temp": 10_000}
    assert last(make(T_US, to_us).run())["oven1"] == 10_000  # finished: the next begins anew


def test_a_window_with_too_much_in_it_is_cut(
    tmp_path: Path, bucket: Bucket, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "MOST_BYTES", 20_000)
    monkeypatch.setattr(backfill, "SENT_BYTES", 5_000)
    store = open_store(tmp_path)
    write(store, *[block(k * 500, 500) for k in range(10)])

    assert len([p for p in make(T_US, T_US + 10**7).run() if p.what == "oven1"]) > 2
    assert bucket.server.counts(bucket.name) == {"temp": 5000}


def test_years_without_anything_are_no_work(tmp_path: Path, bucket: Bucket, make: Make) -> None:
    store = open_store(tmp_path)
    write(store, data(0))

    assert len(list(make(0, T_US + 10**7).run())) == 2
    assert bucket.server.counts(bucket.name) == {"temp": 1}
