"""The store beside real databases: what is in them afterwards, counted by their own queries."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.messages import Data, Event, Status, Value
from broker.topics import Kind
from logger.influx.config import InfluxConfig
from logger.influx.projector import Projector
from logger.store.writer import Store
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import DB, begun, projecting, until
from tests.logger.support import BOOT, T_MS, TOPICS, Packet, block, data, meta, open_store, packet, write
from tests.support.influx import Influx, Process, Victoria
from tests.support.proxy import Proxy


def caught_up(projector: Projector, rows: int) -> None:
    def look() -> bool:
        figures = projector.figures()
        return figures["influx_rows"] == rows and figures["influx_lag_rows"] == 0

    until(look, f"{rows} rows projected")


def test_every_type_with_quality_uncertainty_and_calibration(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    write(store, packet(Kind.META, meta(temp="float", n="int64", big="uint64", on="bool", word="str")))
    values: dict[str, Value] = {
        "temp": 21.5,
        "n": -(2**62),
        "big": "18446744073709551615",
        "on": True,
        "word": 'a "b"\\\nc',
    }
    write(store, data(7, values, us=5, q={"temp": "uncertain"}, u={"temp": 0.25}, cal={"temp": "K-2026-0001"}))

    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        caught_up(projector, 1)

    found = {row["_field"]: row for row in bucket.server.points(bucket.name)}
    assert {name: row["_value"] for name, row in found.items()} == {
        "temp": "21.5",
        "temp_q": "uncertain",
        "temp_u": "0.25",
        "temp_cal": "K-2026-0001",
        "n": str(-(2**62)),
        "big": "18446744073709551615",
        "on": "true",
        "word": 'a "b"\\\nc',
    }
    seconds, ms = divmod(T_MS + 7, 1000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{ms:03d}005007Z"
    assert {row["_time"] for row in found.values()} == {stamp}


@pytest.fixture(params=["influx", "victoria"])
def counted(request: pytest.FixtureRequest) -> tuple[InfluxConfig, Callable[[str], Counter[str]]]:
    """The two databases behind the one endpoint: how to write, and the counts of an instrument's fields."""
    if request.param == "victoria":
        server: Victoria = request.getfixturevalue("victoria")
        return server.config(), server.counts
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.server.config(bucket.name), lambda name: bucket.server.counts(bucket.name, name)


def test_what_comes_while_it_works_arrives_once(
    tmp_path: Path, counted: tuple[InfluxConfig, Callable[[str], Counter[str]]], request: pytest.FixtureRequest
) -> None:
    config, counts = counted
    now_us = int(time.time() * 1000 - 5000) * 1000
    name = f"i{abs(hash(request.node.name + str(now_us)))}"
    store = open_store(tmp_path)
    with projecting(config, tmp_path) as projector:
        until(lambda: projector.figures()["influx_lag_s"] == 0 or (tmp_path / "influx.db").exists())
        begun(tmp_path)
        for k in range(20):
            made = block(k * 50, 50, {"temp": [r / 8 for r in range(50)]}, t0_us=now_us + k * 50_000, dt_us=1000)
            write(store, type(made)(made.topic.replace("oven1", name), made.payload))
        caught_up(projector, 1000)

    until(lambda: counts(name) == {"temp": 1000}, "every row counted")


def test_history_before_the_projection_is_left_to_the_backfill(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 100))
    begun(tmp_path)
    write(store, block(100, 10))

    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        caught_up(projector, 10)

    assert bucket.server.counts(bucket.name) == {"temp": 10}


def test_pieces_that_melt_meanwhile_go_once_and_none_is_passed_over(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        for k in range(900):
            write(store, data(k))
        caught_up(projector, 900)
        assert projector.figures()["influx_passed_over"] == 0

    assert bucket.server.counts(bucket.name) == {"temp": 900}


def test_only_the_offending_field_is_set_aside(tmp_path: Path, bucket: Bucket) -> None:
    server = bucket.server
    t_ns = (T_MS + 5) * 1_000_000 - 10**12
    assert server.write(bucket.name, f'data,instrument=other temp="text" {t_ns}')[0] == 204
    store = open_store(tmp_path)
    begun(tmp_path)
    write(store, block(0, 500, {"temp": [k / 8 for k in range(500)], "rpm": [float(k) for k in range(500)]}))

    with projecting(server.config(bucket.name), tmp_path) as projector:
        caught_up(projector, 500)
        figures, complaints = projector.figures(), projector.complaints()

    assert server.counts(bucket.name) == {"rpm": 500}
    assert figures["influx_set_aside"] == 500
    assert "already exists as type string" in str(figures["influx_refused"])
    assert [(c[0], c[2]) for c in complaints] == [("oven1", 500)]
    lines = (tmp_path / "influx-refused.jsonl").read_text().splitlines()
    assert len(lines) == 500
    assert "data,instrument=oven1 temp=0.0 " in lines[0]


def test_a_name_with_two_types_is_two_fields(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    write(store, packet(Kind.META, meta(temp="float")), data(0, {"temp": 1.5}))
    write(
        store,
        packet(Kind.META, meta(temp="str"), "i1"),
        packet(Kind.DATA, Data(ts=T_MS, boot=BOOT, seq=0, values={"temp": "hot"}), "i1"),
    )

    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        caught_up(projector, 2)

    assert bucket.server.counts(bucket.name) + bucket.server.counts(bucket.name, "i1") == {"temp": 1, "temp:str": 1}


def test_events_and_changes_of_status(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    status = Status(state="online", boot=BOOT, ts=T_MS, edge="pi")
    lost = Status(state="lost", boot=BOOT, reason="power")
    event = Event(ts=T_MS, kind="alarm", text="too hot", severity="warning", channel="temp", boot=BOOT, eseq=0)
    write(
        store,
        packet(Kind.STATUS, status),
        packet(Kind.EVENT, event),
        packet(Kind.STATUS, status),
        packet(Kind.STATUS, lost),
    )

    with projecting(bucket.server.config(bucket.name), tmp_path):
        until(lambda: len(bucket.server.points(bucket.name, "status")) >= 6, "statuses written")
        until(lambda: bucket.server.points(bucket.name, "event"), "the event written")

    events = {row["_field"]: row for row in bucket.server.points(bucket.name, "event")}
    assert events["text"]["_value"] == "too hot"
    assert events["text"]["severity"] == "warning"
    texts = [row["_value"] for row in bucket.server.points(bucket.name, "status") if row["_field"] == "text"]
    assert sorted(texts) == ["lost: power", "online"]


# --- faults -----------------------------------------------------------------------------------------------------------


def test_the_database_is_killed_in_mid_write(tmp_path: Path, own_influxd: Process) -> None:
    server = Influx(own_influxd.url)
    store = open_store(tmp_path)
    begun(tmp_path)
    killer = threading.Timer(0.3, own_influxd.kill)
    with projecting(server.config(timeout_s=5), tmp_path) as projector:
        killer.start()
        for k in range(60):
            write(store, block(k * 500, 500, {f"c{c}": [float(r) for r in range(500)] for c in range(8)}))
        killer.join()
        until(lambda: projector.problem, "told that the database is away")
        assert "does not answer" in projector.problem
        own_influxd.start()
        caught_up(projector, 30_000)
        assert projector.problem == ""

    assert server.counts("labwire") == {f"c{c}": 30_000 for c in range(8)}


def test_what_was_under_way_when_the_projection_ended_goes_again(tmp_path: Path, bucket: Bucket) -> None:
    """A cursor that is ahead of the database would lose it."""
    store = open_store(tmp_path)
    begun(tmp_path)
    write(store, block(0, 100))
    with projecting(InfluxConfig(url="http://127.0.0.1:9", linger_ms=10), tmp_path) as projector:
        until(lambda: projector.problem, "told that nobody answers")

    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        caught_up(projector, 100)

    assert bucket.server.counts(bucket.name) == {"temp": 100}


@pytest.mark.system
def test_the_projection_is_killed_in_mid_write(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    for k in range(40):
        write(store, block(k * 500, 500, {f"c{c}": [float(r) for r in range(500)] for c in range(8)}))
    program = (
        "import sys, threading, time; from pathlib import Path\n"
        "from logger.influx.config import InfluxConfig; from logger.influx import projector\n"
        "projector.BATCH_BYTES = 20_000\n"
        f"config = InfluxConfig(url={bucket.server.url!r}, bucket={bucket.name!r}, org={bucket.server.org!r},"
        f" token={bucket.server.token!r})\n"
        f"projector.Projector(config, Path({str(tmp_path / DB)!r}), 'lab', threading.Event(), time.time).run()\n"
    )
    for _ in range(4):
        victim = subprocess.Popen([sys.executable, "-c", program])
        _more(bucket, sum(bucket.server.counts(bucket.name).values()))
        victim.kill()
        victim.wait()
    with projecting(bucket.server.config(bucket.name), tmp_path) as projector:
        until(lambda: projector.figures()["influx_lag_rows"] == 0 and bucket.server.counts(bucket.name)["c7"] == 20_000)

    assert bucket.server.counts(bucket.name) == {f"c{c}": 20_000 for c in range(8)}


def _more(bucket: Bucket, than: int) -> None:
    until(lambda: sum(bucket.server.counts(bucket.name).values()) > than or than == 160_000, "more rows")


async def test_answers_that_come_too_late_double_nothing(tmp_path: Path, bucket: Bucket) -> None:
    """The database has the request, its answer comes after timeout_s: the same request again."""
    store = open_store(tmp_path)
    begun(tmp_path)
    write(store, block(0, 200))
    port = int(bucket.server.url.rpartition(":")[2])
    async with Slow(port) as proxy:
        slow = Influx(f"http://127.0.0.1:{proxy.port}", bucket.server.token, bucket.server.org)
        with projecting(slow.config(bucket.name, timeout_s=0.3), tmp_path) as projector:
            proxy.delay = 1.0
            await asyncio.to_thread(until, lambda: projector.problem, "told that no answer comes")
            assert "timeout_s" in projector.problem
            assert bucket.server.counts(bucket.name) == {"temp": 200}  # it had arrived
            proxy.delay = 0.0
            await asyncio.to_thread(caught_up, projector, 200)

    assert bucket.server.counts(bucket.name) == {"temp": 200}


class Slow(Proxy):
    """Passes bytes on as they are, answers after ``delay`` seconds."""

    async def _carry(self, way, reader, writer) -> None:  # type: ignore[no-untyped-def]
        while piece := await reader.read(65536):
            if way == "down":
                await asyncio.sleep(self.delay)
            writer.write(piece)
            await writer.drain()


def test_a_store_put_back_to_yesterday_doubles_nothing_and_loses_nothing(tmp_path: Path, bucket: Bucket) -> None:
    """Also for sample sets without identity, whose numbers the restored store gives out again."""
    server = bucket.server
    store = open_store(tmp_path)
    begun(tmp_path)

    def nameless(k: int) -> Packet:
        return packet(Kind.DATA, Data(ts=T_MS + k, values={"mass": float(k)}), "scale1")

    write(store, block(0, 50), *[nameless(k) for k in range(10)])
    with sqlite3.connect(tmp_path / "backup") as copy:
        store._db.backup(copy)
    copy.close()
    with projecting(server.config(bucket.name), tmp_path) as projector:
        write(store, block(50, 50), *[nameless(k) for k in range(10, 20)])
        caught_up(projector, 120)
    store.close()
    for name in (DB, f"{DB}-wal", f"{DB}-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "backup").rename(tmp_path / DB)

    restored = Store(tmp_path / DB, TOPICS, T_MS)
    write(restored, block(50, 60), *[nameless(k) for k in range(20, 35)])
    with projecting(server.config(bucket.name), tmp_path) as projector:
        until(lambda: server.counts(bucket.name, "scale1")["mass"] == 35, "all nameless rows")
        until(lambda: server.counts(bucket.name)["temp"] == 110, "all rows")
    restored.close()

    assert server.counts(bucket.name) + server.counts(bucket.name, "scale1") == Counter(temp=110, mass=35)
