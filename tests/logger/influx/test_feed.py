from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.messages import Data, Event
from broker.topics import Kind
from logger.influx.cursor import Cursor
from logger.influx.feed import Batch, Feed
from tests.logger.support import BOOT, T_MS, TOPICS, block, data, open_store, packet, write

DB = "labwire.db"


class Reading:
    """A feed with its cursor; ``everything`` takes what waits and says it is done."""

    def __init__(self, folder: Path) -> None:
        self.cursor = Cursor(folder / "influx.db")
        self.feed = Feed(folder / DB, TOPICS, self.cursor, T_MS)

    def close(self) -> None:
        self.feed.close()
        self.cursor.close()

    def everything(self, most_bytes: int = 10**6) -> list[Batch]:
        self.feed.look()
        found: list[Batch] = []
        while True:
            batch = self.feed.take(most_bytes)
            self.cursor.advance(batch.ranges, batch.marks)
            if not batch.lines and not self.feed.pending:
                return found
            found.append(batch)


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    open_store(tmp_path)
    made = Reading(tmp_path)
    yield made
    made.close()


def rows(batches: list[Batch]) -> int:
    return sum(batch.rows for batch in batches)


def test_what_is_new_comes_once(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100), block(200, 50))

    assert rows(reading.everything()) == 150
    assert rows(reading.everything()) == 0
    write(store, block(0, 300))  # a backlog that overlaps
    assert rows(reading.everything()) == 150
    assert list(reading.cursor.done(("oven1", BOOT))) == [(0, 300)]


def test_a_little_at_a_time_and_everybodys_turn_comes(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)
    for k in range(10):
        write(store, block(k * 100, 100))
    write(store, packet(Kind.DATA, Data(ts=T_MS, boot=BOOT, seq=0, values={"x": 1.0}), "i1"))

    batches = reading.everything(most_bytes=2000)

    assert rows(batches) == 1001
    assert len(batches) >= 10
    assert any(b"instrument=i1" in line for batch in batches[:3] for line in batch.lines)
    assert list(reading.cursor.done(("oven1", BOOT))) == [(0, 1000)]


def test_numbers_set_aside_are_passed_over(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)
    bad = f'{{"boot":"{BOOT}","seq":3,"ts":"no","values":{{}}}}'.encode()
    write(store, data(2), packet(Kind.DATA, bad), data(4))

    batches = reading.everything()

    assert (rows(batches), sum(b.passed_over for b in batches)) == (2, 1)
    assert list(reading.cursor.done(("oven1", BOOT))) == [(2, 5)]


def test_rows_that_retention_took_are_passed_over(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100), block(200, 50))
    store._db.execute("DELETE FROM piece WHERE seq < 100")

    batches = reading.everything()

    assert (rows(batches), sum(b.passed_over for b in batches)) == (50, 100)
    assert reading.feed.look() == 0


def test_records_by_their_number_and_again_from_a_store_put_back(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)

    def event(k: int) -> None:
        write(store, packet(Kind.EVENT, Event(ts=T_MS, kind="k", text=str(k), boot=BOOT, eseq=k)))

    for k in range(3):
        event(k)
    assert len(reading.everything()[0].lines) == 3
    event(3)
    assert len(reading.everything()[0].lines) == 1
    store._db.execute("DELETE FROM record WHERE id > 1")  # as after a restore
    store._db.execute("DELETE FROM span WHERE book IN (SELECT id FROM book WHERE stream = 1)")
    store._begin()
    event(3)
    assert len(reading.everything()[0].lines) == 2


def test_sample_sets_without_identity_after_the_store_went_back(tmp_path: Path, reading: Reading) -> None:
    store = open_store(tmp_path)

    def nameless(k: int) -> None:
        write(store, packet(Kind.DATA, Data(ts=T_MS + k, values={"x": 1.0})))

    for k in range(5):
        nameless(k)
    assert rows(reading.everything()) == 5
    store._db.execute("DELETE FROM piece WHERE seq >= 2")
    store._db.execute("UPDATE span SET b = 2")
    store._begin()
    for k in range(10, 16):  # more than before, so only the stamps tell
        nameless(k)
    assert rows(reading.everything()) >= 6
    assert rows(reading.everything()) == 0


def test_numberings_that_are_over_are_looked_at_now_and_then(
    tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logger.influx.feed.ALL_EVERY", 3)
    store = open_store(tmp_path)
    write(store, block(0, 10))
    assert rows(reading.everything()) == 10
    store._db.execute("UPDATE book SET held = 0")
    write(store, block(10, 10))
    store._db.execute("UPDATE book SET held = 0")

    assert [reading.feed.look() for _ in range(3)][-1] == 10
