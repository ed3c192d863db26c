"""Buckets from a real InfluxDB beside those of the store that filled it: they are the same."""

import random
import time
from pathlib import Path

import numpy as np
import pytest

from bridge_ws.past import Past
from broker.topics import Kind
from broker.values import Value
from logger.influx.history import InfluxHistory
from logger.influx.setup import prepare, refresh
from logger.store import Buckets, History
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import DB, begun, projecting, server, until
from tests.logger.support import block, data, meta, open_store, packet, write

ROWS = 4000
US = 1_000_000


@pytest.fixture
def filled(bucket: Bucket, tmp_path: Path) -> int:
    """Rows of a quarter of an hour, some of one stamp; the start in µs. Hours ago: the tasks would be done."""
    start = (int(time.time()) - 4 * 3600) * US
    store = open_store(tmp_path)
    begun(tmp_path, start // 1000 - 1000)
    write(store, packet(Kind.META, meta(temp="float", n="int", on="bool", mode="str")))
    dice = random.Random(5)  # noqa: S311 - repeatable
    for seq in range(0, ROWS, 100):
        cols: dict[str, list[Value]] = {
            "temp": [dice.gauss(20, 3) for _ in range(100)],
            "n": [dice.randrange(1000) for _ in range(100)],
        }
        write(store, block(seq, 100, cols, t0_us=start + seq * 250_000, dt_us=250_000))
    for k in range(50):
        values: dict[str, Value] = {"on": k % 3 == 0, "mode": "ramp", "temp": 50.0 + k}
        stamp = start // 1000 + k // 2 * 1000  # two of each stamp: told apart by fold
        write(store, data(ROWS + k, values, ts=stamp, fold=1 + k % 2))
    store.close()
    with projecting(bucket.server.config(bucket.name), tmp_path):
        until(lambda: bucket.server.counts(bucket.name)["temp"] == ROWS + 50, "all of it in InfluxDB")
    return start


def same(ours: dict[str, Buckets], theirs: dict[str, Buckets]) -> None:
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].t_us.tolist() == theirs[name].t_us.tolist(), name
        assert ours[name].n.tolist() == theirs[name].n.tolist(), name
        for part in ("min", "max", "mean"):
            np.testing.assert_allclose(getattr(ours[name], part), getattr(theirs[name], part), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("step_us", [10_000, 250_000, US, 7 * US, 50 * US, 60 * US, 500 * US, 3600 * US])
def test_every_zoom_is_what_the_store_says(filled: int, bucket: Bucket, tmp_path: Path, step_us: int) -> None:
    config = bucket.server.config(bucket.name)
    for line in prepare(config, server(config)):
        assert line
    assert list(refresh(config, server(config), filled // US - 3600, filled // US + 7200))
    asked = (["temp", "n", "on", "mode", "none"], filled + 333_000, filled + 700 * US + 777_000, step_us)
    with InfluxHistory(tmp_path / DB, config) as theirs, History(tmp_path / DB) as ours:
        found = theirs.buckets("oven1", *asked)
        assert len(found["temp"]) > 0
        assert len(found["on"]) > 0
        same(ours.buckets("oven1", *asked), found)
        assert len(theirs.buckets("nobody", *asked)["temp"]) == 0


def test_while_influxdb_is_away_the_store_answers(filled: int, bucket: Bucket, tmp_path: Path) -> None:
    config = bucket.server.config(bucket.name)
    nowhere = type(config)(url="http://127.0.0.1:9", token="x", timeout_s=1.0)
    asked = ("oven1", ["temp"], filled, filled + 700 * US, US)
    with InfluxHistory(tmp_path / DB, nowhere) as theirs, History(tmp_path / DB) as ours:
        same(ours.buckets(*asked), theirs.buckets(*asked))
    wrong = type(config)(url=config.url, org=config.org, bucket="no-such-bucket", token=config.token)
    with InfluxHistory(tmp_path / DB, wrong) as theirs, History(tmp_path / DB) as ours:
        same(ours.buckets(*asked), theirs.buckets(*asked))


def test_what_the_store_has_let_go_is_still_there(filled: int, bucket: Bucket, tmp_path: Path) -> None:
    """A fresh store beside the same InfluxDB: history before it comes from there."""
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    store = open_store(fresh)
    write(store, packet(Kind.META, meta(temp="float")))
    store.close()
    with InfluxHistory(fresh / DB, bucket.server.config(bucket.name)) as history:
        found = history.buckets("oven1", ["temp"], filled, filled + 1000 * US, 100 * US)
        assert found["temp"].n.sum() == ROWS + 50


async def test_the_bridge_asks_influxdb_for_plots(filled: int, bucket: Bucket, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    open_store(fresh).close()
    past = Past([fresh / DB], bucket.server.config(bucket.name))
    found = await past.ask(lambda h: h.buckets("oven1", ["temp"], filled, filled + 1000 * US, 100 * US))
    assert found["temp"].n.sum() == ROWS + 50
