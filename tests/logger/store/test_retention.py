import sqlite3
from pathlib import Path

import msgspec
import numpy as np
import pytest

from broker.messages import Event
from broker.topics import Kind
from logger.store import History
from logger.store.retention import DAY_MS, Expired, Retention, add_range, read
from logger.store.writer import Store
from tests.logger.store.checks.damage import found
from tests.logger.support import BOOT, T_MS, T_US, block, data, open_store, packet, write

DB = "labwire.db"
HOUR = 3_600_000
PLENTY = 10**12
NEVER = T_MS - 1000 * DAY_MS


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.store.melt.ROWS", 256)
    monkeypatch.setattr("logger.store.sheets.GATHER", 3)


def hours(store: Store, count: int, rows: int = 500) -> None:
    """One stretch of ``rows`` at 1 kHz an hour, before T_MS, one after the other, as they would have come."""
    for k in range(count):
        at_ms = T_MS - (count - k) * HOUR
        for seq in range(k * rows, (k + 1) * rows, 50):
            t0_us = at_ms * 1000 + (seq - k * rows) * 1000
            write(store, block(seq, 50, {"temp": [float(seq + i) for i in range(50)]}, t0_us=t0_us), at_ms=at_ms)


def keep(folder: Path, **rules: float) -> Store:
    """The store of ``folder``, opened again with these rules."""
    return open_store(folder, retention=msgspec.convert(rules, Retention))


def tend(store: Store, now_ms: int = T_MS, free: int = PLENTY) -> Expired:
    """Until nothing is left to do; what went in all."""
    gone = Expired()
    while (tended := store.tend(now_ms, free)).more:
        gone.samples += tended.expired.samples
        gone.segments += tended.expired.segments
        gone.rollups += tended.expired.rollups
    gone.kept = tended.expired.kept
    return gone


def rows(folder: Path) -> list[int]:
    with History(folder / DB) as history:
        return sorted(r.chunk.seq + k for r in history.rows("oven1", None, 0, 2**62) for k in range(len(r.chunk)))


def count(folder: Path, step_us: int) -> int:
    with History(folder / DB) as history:
        return int(history.buckets("oven1", ["temp"], 0, 2**60 // step_us * step_us, step_us)["temp"].n.sum())


def test_nothing_goes_without_a_rule(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    hours(store, 5)
    assert not tend(store, T_MS + 10**12)
    assert len(rows(tmp_path)) == 2500


def test_samples_go_by_age_and_the_ledger_remembers(tmp_path: Path) -> None:
    hours(open_store(tmp_path), 10)
    store = keep(tmp_path, samples_days=5.5 / 24)

    assert tend(store).samples > 0
    left = rows(tmp_path)
    assert left == list(range(left[0], 5000))
    assert 2000 <= left[0] <= 2500, "what is younger than five hours and a half stays"
    with History(tmp_path / DB) as history:
        (line,) = history.ledger("oven1")
    assert line.complete
    assert (line.stored, line.expired) == ([(0, 4999)], [(0, left[0] - 1)])
    assert write(store, block(0, 100, late=True)).count.samples == 0, "and what comes again is known"
    assert store.watermark("oven1").boots[BOOT].upto == 4999
    store.close()
    assert found(tmp_path / DB) == {}


def test_roll_ups_may_outlive_their_samples(tmp_path: Path) -> None:
    hours(open_store(tmp_path), 10)
    store = keep(tmp_path, samples_days=2.5 / 24)
    tend(store)
    assert len(rows(tmp_path)) < 2000
    assert count(tmp_path, 10**6) == 5000
    assert count(tmp_path, 10**9) == 5000
    with History(tmp_path / DB) as history:
        fine = history.buckets("oven1", ["temp"], T_US - 10 * HOUR * 1000, T_US - 9 * HOUR * 1000, 10_000)["temp"]
    assert (fine.n.sum(), fine.min[0], fine.max[-1]) == (500, 0.0, 499.0), "wider than a step, but there"
    store.close()
    store = keep(tmp_path, samples_days=2.5 / 24, rollup_days=5 / 24)
    tend(store)
    assert count(tmp_path, 10**5) < 5000
    store.close()
    assert found(tmp_path / DB) == {}


def test_roll_ups_never_go_before_their_samples(tmp_path: Path) -> None:
    hours(open_store(tmp_path), 10)
    store = keep(tmp_path, rollup_days=1 / 24)
    tend(store)
    assert count(tmp_path, 10**6) == 5000
    assert count(tmp_path, 10**9) == 5000


def test_samples_go_by_size_the_oldest_first(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    hours(store, 10)
    size = store._accounts.of("samples")
    store.close()
    store = keep(tmp_path, samples_bytes=size // 2)

    assert tend(store).samples > 0
    left = rows(tmp_path)
    assert left == list(range(left[0], 5000))
    assert 0.3 * size < store._accounts.of("samples") <= size // 2


def test_growing_pieces_are_rolled_up_before_they_go(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, *(data(k, {"temp": k}, ts=T_MS - 10 * HOUR + k) for k in range(5)), at_ms=T_MS - 10 * HOUR)
    store.close()
    tend(keep(tmp_path, samples_days=1 / 24))
    assert rows(tmp_path) == []
    assert count(tmp_path, 10**6) == 5


def test_a_wrong_clock_makes_nothing_old(tmp_path: Path) -> None:
    store = keep(tmp_path, samples_days=1)
    write(store, block(0, 100, t0_us=1_000_000))  # 1970, and it came now
    assert not tend(store)
    assert len(rows(tmp_path)) == 100
    assert tend(store, T_MS + 2 * DAY_MS).samples > 0


def test_what_somebody_still_wants_stays(tmp_path: Path) -> None:
    hours(open_store(tmp_path), 4)
    store = keep(tmp_path, samples_days=1 / 24 / 60)
    asked: list[tuple[str, str, int, int]] = []

    def guard(source: str, boot: str, a: int, b: int) -> bool:
        asked.append((source, boot, a, b))
        return a >= 1000

    store.guards.append(guard)
    gone = tend(store)

    assert gone.kept > 0
    left = rows(tmp_path)
    assert left == list(range(left[0], 2000))
    assert 750 <= left[0] <= 1000
    assert {(s, boot) for s, boot, _, _ in asked} == {("oven1", BOOT)}
    store.guards.clear()
    assert tend(store).kept == 0
    assert rows(tmp_path) == []


def test_a_disk_that_fills_up_is_stronger_than_a_guard(tmp_path: Path) -> None:
    """A projection's database that is away for weeks must not stop the storing."""
    hours(open_store(tmp_path), 4)
    store = keep(tmp_path, samples_days=1 / 24 / 60, free_bytes=10**9)
    store.guards.append(lambda source, boot, a, b: True)
    assert tend(store).kept > 0
    assert len(rows(tmp_path)) == 2000
    while store.tend(T_MS, 10**9 - PLENTY).more:
        pass
    assert rows(tmp_path) == []


def test_traffic_goes_by_age_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.store.segments.MELT_COUNT", 4)
    store = open_store(tmp_path)
    hours(store, 10)
    event = Event(ts=T_MS, kind="alarm", text="hot", boot=BOOT, eseq=0)
    write(store, packet(Kind.EVENT, event), at_ms=T_MS - 20 * HOUR)
    store.close()
    store = keep(tmp_path, traffic_days=5 / 24)
    assert tend(store).segments > 0
    with History(tmp_path / DB) as history:
        entries = history.log(None, None, None, 10_000)
        assert history.marks(0, 2**60), "records do not go with the traffic"
    assert 0 < len(entries) < 101
    assert len(rows(tmp_path)) == 5000, "nor do samples"
    store.close()
    store = keep(tmp_path, traffic_bytes=1)
    tend(store)
    assert store._accounts.of("traffic") == 0
    assert write(store, block(5000, 50)).count.samples == 50, "and the log goes on"


def test_when_the_disk_is_nearly_full_traffic_goes_before_samples(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    hours(store, 10)
    traffic = store._accounts.of("traffic")
    store.close()
    store = keep(tmp_path, free_bytes=10**9)
    assert not tend(store, free=10**9)
    first = store.tend(T_MS, 10**9 - traffic // 2)
    assert first.expired.segments > 0
    assert not first.expired.samples
    while store.tend(T_MS, 10**9 - PLENTY).more:
        pass
    assert rows(tmp_path) == []
    assert write(store, block(5000, 50)).count.samples == 50


def test_room_is_given_back_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.store.tend.SPARE_PAGES", 8)
    store = open_store(tmp_path)
    noise = np.random.default_rng(1).normal(size=(100, 1000))
    for k, values in enumerate(noise.tolist()):
        write(store, block(k * 1000, 1000, {"temp": values}))
    store.close()
    before = (tmp_path / DB).stat().st_size
    assert before > 700_000
    store = keep(tmp_path, samples_bytes=1, traffic_bytes=1)
    steps = 0
    while store.tend(T_MS, PLENTY).more:
        steps += 1
    assert steps < 20, "many pages a step"
    store.close()
    assert (tmp_path / DB).stat().st_size < before / 2


def test_it_is_done_a_little_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps a batch is stored."""
    monkeypatch.setattr("logger.store.retention.AT_ONCE", 3)
    hours(open_store(tmp_path), 20)
    store = keep(tmp_path, samples_days=1 / 24)
    steps = 0
    while (tended := store.tend(T_MS, PLENTY)).more:
        assert tended.expired.samples <= 3
        write(store, block(10_000 + steps * 50, 50, t0_us=T_US + steps * 50_000))
        steps += 1
    assert steps > 5
    assert len(rows(tmp_path)) >= steps * 50


def test_a_step_that_fails_did_nothing(tmp_path: Path) -> None:
    hours(open_store(tmp_path), 5)
    store = keep(tmp_path, samples_days=1 / 24)

    def fails(*_: object) -> bool:
        raise sqlite3.OperationalError("disk I/O error")

    store.guards.append(fails)
    with pytest.raises(sqlite3.OperationalError):
        store.tend(T_MS, PLENTY)
    assert len(rows(tmp_path)) == 2500
    store.guards.clear()
    assert tend(store).samples > 0
    store.close()
    assert found(tmp_path / DB) == {}


def test_expired_ranges_melt(tmp_path: Path) -> None:
    db = open_store(tmp_path)._db
    for a, b in ((10, 20), (30, 40), (20, 30), (0, 5), (5, 10)):
        add_range(db, 1, a, b)
    assert read(db, 1) == [(0, 40)]
    add_range(db, 1, 50, 60)
    assert read(db, 1) == [(0, 40), (50, 60)]


def test_a_rule_below_nothing_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"samples_days is -1.*0 \(no limit\) or more"):
        msgspec.convert({"samples_days": -1}, Retention)
    with pytest.raises(msgspec.ValidationError, match="free_bytes is 5, 0"):
        msgspec.convert({"free_bytes": 5}, Retention)
