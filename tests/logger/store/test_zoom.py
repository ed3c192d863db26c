"""Whatever is finished, rolled up, late, expired or made again: the buckets are what the rows say."""

import math
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logger.rollups import OLD
from logger.store import History, rebuild
from logger.store.writer import Store
from tests.logger.support import T_US, block, data, open_store, write

DB = "labwire.db"
Truth = list[tuple[int, float]]


@contextmanager
def small_pieces() -> Iterator[None]:
    """Everything happens after a few rows, as it does after hours in a laboratory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logger.store.melt.ROWS", 64)
        patch.setattr("logger.store.melt.AT", 8)
        patch.setattr("logger.store.sheets.GATHER", 3)
        yield


def fill(store: Store, seed: int, slow: bool) -> Truth:
    """Blocks and single sample sets, some of them long after their time; their (time, value)."""
    rng = random.Random(seed)  # noqa: S311
    dt_us = 1_000_000 if slow else 1000
    cuts = sorted(rng.sample(range(1, 1500), 40))
    spans = list(zip([0, *cuts], [*cuts, 1500], strict=True))
    late = [spans.pop(k) for k in sorted(rng.sample(range(len(spans)), 12), reverse=True)]
    truth = []
    for a, b in spans + late:
        values = [round(rng.gauss(20, 3), 3) for _ in range(a, b)]
        times = [T_US + seq * dt_us for seq in range(a, b)]
        if b - a < 20:
            made = [
                data(a + k, {"temp": v}, ts=t // 1000, us=t % 1000)
                for k, (t, v) in enumerate(zip(times, values, strict=True))
            ]
        else:
            made = [block(a, b - a, {"temp": values, "other": values}, t0_us=times[0], dt_us=dt_us)]
        write(store, *made)
        truth += list(zip(times, values, strict=True))
    return truth


def check(folder: Path, truth: Truth, from_us: int, to_us: int, step_us: int) -> None:
    with History(folder / DB) as history:
        found = history.buckets("oven1", ["temp"], from_us, to_us, step_us)["temp"]
    expected: dict[int, list[float]] = {}
    for t, v in truth:
        if from_us <= t < to_us:
            expected.setdefault(t // step_us * step_us, []).append(v)
    assert found.t_us.tolist() == sorted(expected)
    for t, low, high, mean, n in zip(found.t_us.tolist(), found.min, found.max, found.mean, found.n, strict=True):
        assert (low, high, n) == (min(expected[t]), max(expected[t]), len(expected[t]))
        assert math.isclose(mean, math.fsum(expected[t]) / n, rel_tol=1e-9)


def levels(folder: Path) -> dict[int, int]:
    db = sqlite3.connect(folder / DB)
    found = dict(db.execute("SELECT level, count(*) FROM rollup GROUP BY level").fetchall())
    db.close()
    return found


steps = st.sampled_from([1000, 50_000, 100_000, 200_000, 1_000_000, 7_000_000, 10**7, 5 * 10**7, 10**9, 10**10])


@given(
    st.integers(0, 5),
    st.booleans(),
    st.lists(st.tuples(steps, st.integers(-50, 1400), st.integers(1, 1500)), min_size=5, max_size=12),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=12)
def test_buckets_are_what_the_rows_say(
    tmp_path: Path, seed: int, slow: bool, asked: list[tuple[int, int, int]]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    dt_us = 1_000_000 if slow else 1000
    with small_pieces():
        store = open_store(folder)
        truth = fill(store, seed, slow)
        assert len(levels(folder)) >= 2, "rolled up more than once"
        questions = [(T_US + start * dt_us + 7, T_US + (start + n) * dt_us, step) for step, start, n in asked]
        for question in [*questions, (T_US - 10**12, T_US + 10**12, 10**9)]:
            check(folder, truth, *question)
        with store._all_or_nothing():
            rebuild.begin(store._db)
        steps_ = 0
        while store.tend(T_US // 1000, 10**12).more:
            steps_ += 1
            check(folder, truth, *questions[0])
        assert steps_ > 2
        for question in questions:
            check(folder, truth, *question)
        store.close()


def test_a_late_block_is_seen_at_once_at_every_zoom(tmp_path: Path) -> None:
    with small_pieces():
        store = open_store(tmp_path)
        for seq in range(0, 4000, 100):
            if seq != 1000:
                write(store, block(seq, 100, {"temp": [0.0] * 100}))
        write(store, block(1000, 100, {"temp": [9.0] * 100}, late=True))
    for step in (1000, 100_000, 1_000_000, 10_000_000):
        with History(tmp_path / DB) as history:
            found = history.buckets("oven1", ["temp"], T_US, T_US + 4_000_000, step)["temp"]
        assert found.max.max() == 9.0
        assert found.n.sum() == 4000


def test_what_is_rolled_up_is_not_read_again(tmp_path: Path) -> None:
    """Without their bytes, the finished pieces still have their place in a plot."""
    with small_pieces():
        store = open_store(tmp_path)
        write(store, *(block(seq, 100) for seq in range(0, 6400, 100)))
        store.close()
    db = sqlite3.connect(tmp_path / DB)
    db.execute("UPDATE piece SET body = x'00', summary = NULL WHERE level < ? AND seq BETWEEN 100 AND 6300", (OLD,))
    db.commit()
    db.close()
    with History(tmp_path / DB) as history:
        found = history.buckets("oven1", ["temp"], T_US, T_US + 6_400_000, 1_000_000)["temp"]
    assert found.n.sum() == 6400
