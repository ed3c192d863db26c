import math
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.topics import Kind
from logger.store import History, HistoryError, choose_step
from logger.store.writer import Store
from tests.logger.support import BOOT, T_MS, T_US, TOPICS, Packet, block, data, meta, open_store, packet, write

DB = "labwire.db"


# --- buckets ----------------------------------------------------------------------------------------------------------

Sent = tuple[str, int, list[float | None]]
values = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=20)
sent: st.SearchStrategy[list[Sent]] = st.lists(
    st.tuples(
        st.sampled_from(["data", "block", "block"]),
        st.integers(-3_600_000, 3_600_000) | st.integers(-1000, 1000),
        st.tuples(values, st.sampled_from([1, 4, 12])).map(lambda v: v[0] * v[1]),
    ),
    min_size=1,
    max_size=8,
)


@given(sent, st.sampled_from([1000, 20_000, 50_000_000, 5_000_000_000]), st.integers(-(10**5), 10**5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
def test_buckets_are_what_the_rows_say(tmp_path: Path, messages: list[Sent], step_us: int, shift_us: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    store = open_store(folder)
    expected: dict[int, list[float]] = {}
    from_us, to_us = T_US + shift_us, T_US + shift_us + 3_000_000_000
    seq = 0
    for kind, at_ms, values in messages:
        start = T_US + at_ms * 1000
        rows = [(start + 700 * k, v) for k, v in enumerate(values)]
        if kind == "block":
            write(store, block(seq, len(rows), {"temp": [v for _, v in rows]}, t0_us=start, dt_us=700))
        else:
            for k, (t, v) in enumerate(rows):
                write(store, data(seq + k, {"temp": v}, ts=t // 1000, us=t % 1000))
        seq += len(rows)
        for t, v in rows:
            if v is not None and from_us <= t < to_us:
                expected.setdefault(t // step_us * step_us, []).append(v)
    store.close()

    with History(folder / DB) as history:
        found = history.buckets("oven1", ["temp", "none"], from_us, to_us, step_us)
    got = found["temp"]
    assert len(found["none"]) == 0
    assert got.t_us.tolist() == sorted(expected)
    for t, low, high, mean, n in zip(got.t_us.tolist(), got.min, got.max, got.mean, got.n, strict=True):
        values_here = expected[t]
        assert (low, high, n) == (min(values_here), max(values_here), len(values_here))
        assert math.isclose(mean, math.fsum(values_here) / n, rel_tol=1e-9, abs_tol=1e-6)


def test_integers_and_bools_have_buckets_and_text_has_none(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, packet(Kind.META, meta(n="int", on="bool", mode="str")))
    write(store, *(data(k, {"n": k, "on": k % 2 == 0, "mode": "x"}) for k in range(4)))

    with History(tmp_path / DB) as history:
        found = history.buckets("oven1", ["n", "on", "mode"], T_US, T_US + 4000, 10_000_000)
        nobody = history.buckets("unknown", ["n"], 0, 2**62, 1000)
    assert (found["n"].min[0], found["n"].max[0], found["n"].mean[0]) == (0, 3, 1.5)
    assert found["on"].mean[0] == 0.5
    assert len(found["mode"]) == 0
    assert len(nobody["n"]) == 0


@pytest.mark.parametrize(
    ("span_us", "points", "step_us"),
    [(600_000_000, 1200, 500_000), (600_000_001, 1200, 1_000_000), (1, 1200, 1000), (0, 1, 1000), (10**12, 1, 10**12)],
)
def test_the_step_is_the_smallest_round_one(span_us: int, points: int, step_us: int) -> None:
    assert choose_step(span_us, points) == step_us


# --- traffic ----------------------------------------------------------------------------------------------------------


def test_the_log_has_every_message_in_order(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    command = packet(Kind.CMD, b'{"id":"c1","name":"tare"}')
    strange = Packet("elsewhere/x", b"\x00\xff", 0, True)
    write(store, packet(Kind.META, meta(temp="float"), retain=True), data(0), at_ms=T_MS)
    write(store, block(1, 3, late=True), command, strange, at_ms=T_MS + 10)
    write(store, data(4, {"temp": True}), at_ms=T_MS + 20)

    with History(tmp_path / DB) as history:
        log = history.log(None, None, None, 100)
        assert [(e.t_ms - T_MS, e.topic, e.qos, e.retain) for e in log] == [
            (0, TOPICS.of("oven1", Kind.META), 1, True),
            (0, TOPICS.of("oven1", Kind.DATA), 1, False),
            (10, TOPICS.of("oven1", Kind.BLOCK), 1, False),
            (10, TOPICS.of("oven1", Kind.CMD), 1, False),
            (10, "elsewhere/x", 0, True),
            (20, TOPICS.of("oven1", Kind.DATA), 1, False),
        ]
        assert (log[2].boot, log[2].seq, log[2].n, log[2].late, log[2].payload) == (BOOT, 1, 3, True, None)
        assert log[1].length == len(data(0).payload)
        assert log[4].payload == b"\x00\xff"
        assert [e.topic for e in history.log(TOPICS.of("+", Kind.DATA), None, None, 100)] == [log[1].topic] * 2
        assert history.log(None, T_MS + 10, T_MS + 10, 100) == log[2:5]
        assert history.log(None, None, None, 2) == log[-2:]
        assert history.log("no/such/topic", None, None, 100) == []


def test_the_log_survives_melting(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for k in range(600):
        write(store, packet(Kind.EVENT, b"event %d" % k), at_ms=T_MS + k)

    with History(tmp_path / DB) as history:
        assert [e.payload for e in history.log(None, None, None, 1000)] == [b"event %d" % k for k in range(600)]
    db = sqlite3.connect(tmp_path / DB)
    assert db.execute("SELECT count(*) FROM segment").fetchone()[0] < 256
    db.close()


# --- who may read, and when -------------------------------------------------------------------------------------------


def test_no_store_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="has the logger ever run here"):
        History(tmp_path / DB)
    (tmp_path / DB).write_text("my diary " * 1000)
    with pytest.raises(HistoryError, match="not a database"):
        History(tmp_path / DB)


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, *(block(k * 40, 40) for k in range(3)))
    with History(tmp_path / DB) as history:
        rows = history.rows("oven1", None, 0, 2**62)
        first = next(rows)
        write(store, block(120, 40))
        assert history.instruments() == ["oven1"]
        assert len(first.chunk) + sum(len(r.chunk) for r in rows) == 120
        assert sum(len(r.chunk) for r in history.rows("oven1", None, 0, 2**62)) == 160


READ = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from logger.store import History
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
with History(Path(sys.argv[1])) as history:
    print(sum(len(r.chunk) for r in history.rows("oven1", None, 0, 2**62)), len(history.log(None, None, None, 9)))
"""


def read_as_nobody(database: Path) -> str:
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", READ, str(database), root]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout.split()[0]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_may_read_while_the_logger_runs_when_it_ended_and_when_it_was_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="labwire-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        store = open_store(folder)
        write(store, block(0, 50), packet(Kind.META, meta(temp="float")))
        (folder / DB).chmod(0o644)
        for suffix in ("-wal", "-shm"):
            (folder / (DB + suffix)).chmod(0o644)
        assert read_as_nobody(folder / DB) == "50"

        store.close()
        assert not (folder / (DB + "-wal")).exists()
        assert read_as_nobody(folder / DB) == "50"

        store = Store(folder / DB, TOPICS, T_MS)
        write(store, data(50))
        assert (folder / (DB + "-shm")).stat().st_mode & 0o777 == 0o644, "as the database's own"
        assert read_as_nobody(folder / DB) == "51"
        copy = folder / "killed"  # the files as a kill leaves them: nobody has them open
        copy.mkdir()
        for file in (DB, DB + "-wal", DB + "-shm"):
            (copy / file).write_bytes((folder / file).read_bytes())
        assert read_as_nobody(copy / DB) == "51"
        (copy / (DB + "-shm")).unlink()
        assert read_as_nobody_fails(copy / DB)
        store.close()


def read_as_nobody_fails(database: Path) -> bool:
    root = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", READ, str(database), root], capture_output=True, text=True, timeout=50)
    return "HistoryError" in done.stderr and "readable?" in done.stderr


def test_a_kept_reader_follows_the_logger(tmp_path: Path) -> None:
    """Opened as immutable while no logger runs (here: by force), it must not stay blind when one starts."""
    store = open_store(tmp_path)
    write(store, data(0))
    store.close()
    with History(tmp_path / DB) as history:
        reader = history._reader
        reader.close()
        reader._immutable, reader._db = True, reader._connect("mode=ro&immutable=1")
        assert history.ledger()[0].stored == [(0, 0)]
        store = open_store(tmp_path)
        write(store, data(1))
        assert history.ledger()[0].stored == [(0, 1)]
        store.close()


def test_a_replaced_store_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, data(0))
    store.close()
    other = tmp_path / "other"
    other.mkdir()
    restored = open_store(other)
    write(restored, block(0, 5))
    restored.close()
    with History(tmp_path / DB) as history:
        (other / DB).replace(tmp_path / DB)
        assert history.ledger()[0].stored == [(0, 4)]


# --- what there is, without the values --------------------------------------------------------------------------------


def test_extents_and_calibrations_without_reading_values(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 40), block(50, 10, cal={"temp": "K-2026-0002"}), data(70, cal={"temp": "K-2026-0001"}))
    store.close()
    with History(tmp_path / DB) as history:
        found = list(history.extents("oven1", T_US, T_US + 60_000))
        assert [(e.boot, e.seq, e.n) for e in found] == [(BOOT, 0, 40), (BOOT, 50, 10)]
        assert (found[0].t_min, found[0].t_max) == (T_US, T_US + 39_000)
        assert history.calibrations("oven1", T_US, T_US + 10**6) == [("temp", "K-2026-0001"), ("temp", "K-2026-0002")]
        assert history.calibrations("oven1", T_US, T_US + 40_000) == []
        assert list(history.extents("nope", 0, 2**60)) == []
