"""init-influx on a real InfluxDB, and what its tasks make."""

import time
from pathlib import Path

import pytest

from broker.config import ConfigError
from logger.influx import setup
from logger.influx.config import InfluxConfig
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import server
from tests.support import influx

MINUTE_NS = 60_000_000_000


def told(config: InfluxConfig) -> list[str]:
    return list(setup.prepare(config, server(config)))


def kept(bucket: Bucket, suffix: str = "") -> int:
    (found,) = bucket.server.api("GET", f"/api/v2/buckets?name={bucket.name}{suffix}")["buckets"]
    return int(found["retentionRules"][0]["everySeconds"])


def test_the_first_time_makes_everything_the_second_changes_nothing(bucket: Bucket) -> None:
    config = bucket.server.config(bucket.name, keep_1m_days=30)

    first, second = told(config), told(config)

    assert first == [
        f"bucket {bucket.name}: is there, keeps for ever",
        f"bucket {bucket.name}_1m: made, keeps 30 days",
        f"task 'labwire {bucket.name}_1m': made, every 1m",
        f"bucket {bucket.name}_1h: made, keeps for ever",
        f"task 'labwire {bucket.name}_1h': made, every 1h",
    ]
    assert [line.partition(":")[2][:10] for line in second] == [
        " is there,",
        " is there,",
        " is there",
        " is there,",
        " is there",
    ]
    assert (kept(bucket), kept(bucket, "_1m"), kept(bucket, "_1h")) == (0, 30 * 86_400, 0)


@pytest.mark.parametrize("days", [1, 30, 400])
def test_another_retention_is_mended_and_taken_back(bucket: Bucket, days: int) -> None:
    told(bucket.server.config(bucket.name))

    mended = told(bucket.server.config(bucket.name, keep_days=days))
    assert mended[0] == f"bucket {bucket.name}: keeps {days} days now (was 0 days; 0 is for ever)"
    assert kept(bucket) == days * 86_400
    told(bucket.server.config(bucket.name))
    assert kept(bucket) == 0


def test_a_task_that_somebody_changed_is_brought_up_to_date(bucket: Bucket) -> None:
    config = bucket.server.config(bucket.name)
    told(config)
    tasks = bucket.server.api("GET", f"/api/v2/tasks?name=labwire%20{bucket.name}_1m")["tasks"]
    bucket.server.api("PATCH", f"/api/v2/tasks/{tasks[0]['id']}", {"flux": tasks[0]["flux"].replace("3m", "9m")})

    assert f"task 'labwire {bucket.name}_1m': brought up to date" in told(config)
    assert f"task 'labwire {bucket.name}_1m': is there" in told(config)


def test_the_points_of_a_minute_and_of_an_hour(bucket: Bucket) -> None:
    """Numbers only, whatever else is in the bucket."""
    config = bucket.server.config(bucket.name)
    told(config)
    start = int(time.time()) // 3600 * 3600 - 7200
    lines = [
        f'data,instrument=oven1 temp={k},n={k}i,on=true,word="x",temp_q="bad" {start * 10**9 + k * MINUTE_NS // 10}'
        for k in range(20)
    ]
    assert bucket.server.write(bucket.name, *lines)[0] == 204

    assert len(list(setup.refresh(config, server(config), start, start + 120))) == 2

    minutes = {(r["_field"], r["_time"][11:16]): float(r["_value"]) for r in bucket.server.points(f"{bucket.name}_1m")}
    first, second = (time.strftime("%H:%M", time.gmtime(start + s)) for s in (0, 60))
    assert {k: v for k, v in minutes.items() if k[1] == first} == {
        ("temp_min", first): 0,
        ("temp_mean", first): 4.5,
        ("temp_max", first): 9,
        ("temp_count", first): 10,
        ("n_min", first): 0,
        ("n_mean", first): 4.5,
        ("n_max", first): 9,
        ("n_count", first): 10,
    }
    assert minutes["temp_mean", second] == 14.5
    hours = {r["_field"]: float(r["_value"]) for r in bucket.server.points(f"{bucket.name}_1h")}
    assert (hours["temp_min"], hours["temp_mean"], hours["temp_max"], hours["temp_count"]) == (0, 9.5, 19, 20)


def test_the_database_itself_runs_the_task(bucket: Bucket) -> None:
    config = bucket.server.config(bucket.name)
    told(config)
    minute = int(time.time()) // 60 * 60 - 60
    assert bucket.server.write(bucket.name, f'data,instrument=oven1 temp=1.5,word="x" {minute * 10**9}')[0] == 204
    task = bucket.server.api("GET", f"/api/v2/tasks?name=labwire%20{bucket.name}_1m")["tasks"][0]["id"]

    bucket.server.api("POST", f"/api/v2/tasks/{task}/runs", {})
    end = time.monotonic() + 40
    while not (found := bucket.server.points(f"{bucket.name}_1m")):
        assert time.monotonic() < end, bucket.server.api("GET", f"/api/v2/tasks/{task}/logs")
        time.sleep(0.1)

    assert {r["_field"] for r in found} == {"temp_min", "temp_mean", "temp_max", "temp_count"}


def test_what_a_person_must_mend_is_one_sentence(bucket: Bucket) -> None:
    for change, said in (
        ({"org": "none-such"}, r"influx\.org is 'none-such'"),
        ({"token": "wrong"}, r"401.*an all-access token"),
    ):
        with pytest.raises(ConfigError, match=said):
            told(bucket.server.config(bucket.name, **change))


def test_a_server_that_nobody_has_set_up(tmp_path: Path) -> None:
    fresh = influx.influxd(tmp_path / "influxd")
    fresh.start()
    try:
        with pytest.raises(ConfigError, match="is not set up yet: run 'influx setup'"):
            told(InfluxConfig(url=fresh.url, token="t"))
    finally:
        fresh.stop()
