"""What the writer makes of answers: real ones from InfluxDB, and those of a stand-in where it gives none on demand."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from logger.influx.aside import Aside
from logger.influx.config import InfluxConfig
from logger.influx.writer import SLOWLY_S, Stopped, Writer, retry_after_s
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import server
from tests.support.standin import Request, Said, answering

T_NS = 1_795_219_199_000_000_000


class Waits:
    """Waits without waiting; ends the work after ``most``."""

    def __init__(self, most: int = 1000) -> None:
        self.waited: list[float] = []
        self._most = most

    def __call__(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) >= self._most


def writer(
    config: InfluxConfig, folder: Path, waits: Waits | None = None, clock: Callable[[], float] = lambda: 0.0
) -> Writer:
    return Writer(config, server(config), Aside(folder / "refused"), waits or Waits(), clock)


def refused(folder: Path) -> str:
    return (folder / "refused").read_text() if (folder / "refused").exists() else ""


def scripted(*said: Said) -> Callable[[Request], Said]:
    """Each answer once, then 204."""
    left = list(said)
    return lambda _request: left.pop(0) if left else Said(204)


# --- InfluxDB's own answers -------------------------------------------------------------------------------------------


def test_one_line_that_cannot_be_read_leaves_the_others_alone(tmp_path: Path, bucket: Bucket) -> None:
    made = writer(bucket.server.config(bucket.name), tmp_path)
    lines = [f"data,instrument=oven1 temp={k} {T_NS + k}".encode() for k in range(100)]
    lines[37] = b"data,instrument=oven1 temp= 5"

    made.write(lines)

    assert bucket.server.counts(bucket.name) == {"temp": 99}
    assert made.figures.set_aside == 1
    assert "missing field value" in refused(tmp_path)
    assert made.figures.complaints[("oven1", made.figures.refused)] == 1


def test_a_refused_field_is_learnt_and_offered_again_later(tmp_path: Path, bucket: Bucket) -> None:
    now = 0.0
    assert bucket.server.write(bucket.name, f'data,instrument=x temp="a" {T_NS}')[0] == 204
    made = writer(bucket.server.config(bucket.name), tmp_path, clock=lambda: now)

    for k in range(3):
        made.write([f"data,instrument=oven1 temp=1.5,rpm={k} {T_NS + k}".encode()])
    asked = made.figures.requests
    now = 10_000.0
    made.write([f"data,instrument=oven1 temp=1.5,rpm=3 {T_NS + 3}".encode()])

    assert asked == 4  # refused once, then known
    assert made.figures.requests == 6
    assert bucket.server.counts(bucket.name) == {"rpm": 4}
    assert made.figures.set_aside == 4


def test_points_before_the_buckets_retention_are_counted_and_no_more(tmp_path: Path, bucket: Bucket) -> None:
    found = bucket.server.api("GET", f"/api/v2/buckets?name={bucket.name}")["buckets"][0]["id"]
    rules = [{"type": "expire", "everySeconds": 3600, "shardGroupDurationSeconds": 3600}]
    bucket.server.api("PATCH", f"/api/v2/buckets/{found}", {"retentionRules": rules})
    made = writer(bucket.server.config(bucket.name), tmp_path)

    made.write([b"data,instrument=oven1 temp=1 1000000000", b"data,instrument=oven1 temp=1 2000000000"])

    assert (made.figures.too_old, made.figures.set_aside, made.figures.written) == (2, 0, 0)
    assert refused(tmp_path) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"token": "wrong"}, r"401.*influx\.token is not accepted"),
        ({"bucket": "none-such"}, r"404.*influx\.bucket 'none-such'.*init-influx"),
        ({"org": "none-such"}, r"404.*influx\.org is 'none-such'"),
    ],
)
def test_a_mistaken_configuration_is_told_and_tried_slowly(
    tmp_path: Path, bucket: Bucket, change: dict[str, str], said: str
) -> None:
    waits = Waits(most=2)
    made = writer(bucket.server.config(**{"bucket": bucket.name} | change), tmp_path, waits)

    with pytest.raises(Stopped):
        made.write([b"data temp=1 5"])

    assert waits.waited == [SLOWLY_S, SLOWLY_S]
    assert re.search(said, made.figures.problem)


# --- answers on demand ------------------------------------------------------------------------------------------------


def test_busy_and_broken_servers_are_tried_again_as_they_ask(tmp_path: Path) -> None:
    waits = Waits()
    script = scripted(Said(429, headers={"Retry-After": "17"}), Said(503), Said(500, b'{"message":"no space left"}'))
    with answering(script) as (url, seen):
        made = writer(InfluxConfig(url=url), tmp_path, waits)
        made.write([b"data temp=1 5"])

    assert [r.body for r in seen] == [b"data temp=1 5"] * 4
    assert waits.waited[0] == 17
    assert all(0 < w < 5 for w in waits.waited[1:])
    assert (made.figures.written, made.figures.retries, made.figures.problem) == (1, 3, "")


def test_a_request_that_is_too_large_is_cut(tmp_path: Path) -> None:
    with answering(lambda r: Said(413 if len(r.body) > 40 else 204)) as (url, seen):
        made = writer(InfluxConfig(url=url), tmp_path)
        made.write([b"data temp=1 %d" % k for k in range(10)] + [b"data " + b"x" * 60 + b"=1 5"])

    taken = [line for r in seen if len(r.body) <= 40 for line in r.body.split(b"\n")]
    assert sorted(taken) == [b"data temp=1 %d" % k for k in range(10)]
    assert made.figures.set_aside == 1


def test_a_forbidden_bucket_names_the_right_that_is_missing(tmp_path: Path) -> None:
    with answering(lambda _: Said(403, b'{"message":"insufficient permissions"}')) as (url, _):
        made = writer(InfluxConfig(url=url, token="t"), tmp_path, Waits(1))
        with pytest.raises(Stopped):
            made.write([b"data temp=1 5"])

    assert "give it the right to write the bucket 'labwire'" in made.figures.problem


def test_when_to_come_again() -> None:
    assert retry_after_s("17", 0) == 17
    assert retry_after_s("99999999", 0) == 3600
    assert retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 20.0) == 40
    assert retry_after_s("soon", 0) == retry_after_s("", 0) == 0
