"""Every query of the provisioned files, asked of a real InfluxDB that labwire itself has filled: each returns rows."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from broker.messages import Channel, EdgeStatus, Event, Meta, Note, Reply, Run, ServiceStatus, Status, encode, with_rev
from broker.topics import Kind
from logger.grafana import dashboards
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import begun, projecting, until
from tests.logger.support import BOOT, TOPICS, Packet, data, open_store, packet
from tests.support.influx import Influx

DEPLOY = Path(__file__).parents[3] / "deploy" / "grafana"
VARIABLES = {
    "${instrument:regex}": "(oven1|balance1)",
    "${instrument}": "oven1",
    "${channel:regex}": "(temp|door|mode)",
}
OVEN = with_rev(
    Meta(
        name="Oven",
        channels={"temp": Channel(unit="°C"), "door": Channel(type="bool"), "mode": Channel(type="str")},
    )
)


@dataclass(frozen=True)
class Asked:
    """One query: where it stands, and its text."""

    where: str
    flux: str


def provisioned() -> Iterator[Asked]:
    for path in sorted((DEPLOY / "dashboards").glob("*.json")):
        yield from of_board(path.stem, json.loads(path.read_text(encoding="utf-8")))
    alerting = yaml.safe_load((DEPLOY / "provisioning" / "alerting" / "labwire.yaml").read_text(encoding="utf-8"))
    for group in alerting["groups"]:
        for rule in group["rules"]:
            yield Asked(f"alert {rule['uid']}", rule["data"][0]["model"]["query"])


def of_board(name: str, board: dict[str, Any]) -> Iterator[Asked]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield Asked(f"{name}: {panel['title']} {target['refId']}", target["query"])
    for variable in board["templating"]["list"]:
        yield Asked(f"{name}: variable {variable['name']}", variable["query"]["query"])
    for annotation in board["annotations"]["list"]:
        yield Asked(f"{name}: annotation {annotation['name']}", annotation["target"]["query"])


def filled_in(flux: str, bucket: str, now: float) -> str:
    """As Grafana sends it: its variables put in, ``v`` defined after the imports."""
    for name, value in VARIABLES.items():
        flux = flux.replace(name, value)
    start, stop = (datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for t in (now - 900, now + 60))
    times = f"timeRangeStart: {start}, timeRangeStop: {stop}, windowPeriod: 10s"
    imports = re.findall(r"^import .*$", flux, re.MULTILINE)
    rest = re.sub(r"^import .*$", "", flux, flags=re.MULTILINE)
    return "\n".join([*imports, f'option v = {{{times}, defaultBucket: "{bucket}"}}', rest])


def happened(now_ms: int) -> list[Packet]:
    """What a laboratory says within ten minutes."""
    times = range(now_ms - 600_000, now_ms, 6000)
    rows = [
        data(k, {"temp": k / 8, "door": k % 9 == 0, "mode": "ramp"}, ts=t, q={"temp": "uncertain"} if k == 5 else {})
        for k, t in enumerate(times)
    ]
    reply = Reply(id="1", state="done", ts=now_ms - 9000, name="set_temp", by="anna", boot=BOOT, eseq=0)
    hot = Event(ts=now_ms - 8000, kind="limit", text="too hot", severity="warning", state="raised", boot=BOOT, eseq=1)
    note = Note(ts=now_ms - 7000, text="door opened", by="anna", instruments=["oven1"])
    run = Run(run="batch-1", name="batch 1", start=now_ms - 9000, by="anna", instruments=["oven1"])
    status = Status(state="online", boot=BOOT, ts=now_ms - 6000, edge="pi")
    return [
        packet(Kind.META, OVEN, retain=True),
        packet(Kind.STATUS, status, retain=True),
        *rows,
        packet(Kind.REPLY, reply),
        packet(Kind.EVENT, hot),
        Packet(TOPICS.note("anna"), encode(note)),
        Packet(TOPICS.run("batch-1"), encode(run)),
        *(service(name, now_ms - 5000) for name in ("logger", "bridge")),
        Packet(TOPICS.edge_status("pi"), edge_status(now_ms - 5000)),
    ]


FIGURES = {"stored_per_s": 3.0, "lag_ms": 2.0, "db_bytes": 1e6, "set_aside": 0, "gaps": 0, "undecodable": 0}


def service(name: str, ts: int) -> Packet:
    status = ServiceStatus(state="online", boot=BOOT, ts=ts, figures=dict(FIGURES))
    return Packet(TOPICS.service_status(name, "main"), encode(status))


def edge_status(ts: int) -> bytes:
    figures: dict[str, float | int | str | None] = {"waiting": 0, "resent": 0, "lost": 0, "unwritten": 0}
    return encode(EdgeStatus(state="online", boot=BOOT, ts=ts, figures={**figures, "spool_bytes": 4096}))


@pytest.fixture
def laboratory(bucket: Bucket, tmp_path: Path) -> tuple[Influx, str, float]:
    """A bucket that the projection has filled from a store; the hour's own by hand, its task runs once an hour."""
    now = time.time()
    store = open_store(tmp_path)
    begun(tmp_path, round(now * 1000) - 120_000)
    store.write(happened(round(now * 1000)), round(now * 1000) - 60_000)  # heard a minute ago: statuses may settle
    with projecting(bucket.server.config(bucket.name), tmp_path):
        until(lambda: bucket.server.counts(bucket.name)["temp"] == 100, "100 samples in InfluxDB")
        until(lambda: bucket.server.points(bucket.name, "service"), "states of services in InfluxDB")
        until(lambda: bucket.server.points(bucket.name, "run"), "runs in InfluxDB")
    bucket.server.make_bucket(f"{bucket.name}_1h")
    hour = "data,instrument=oven1 temp_min=1,temp_mean=2,temp_max=3,temp_count=4i"
    bucket.server.write(f"{bucket.name}_1h", f"{hour} {round(now - 60)}000000000")
    return bucket.server, bucket.name, now


@pytest.mark.timeout(240)
def test_every_provisioned_query_returns_rows(laboratory: tuple[Influx, str, float]) -> None:
    server, name, now = laboratory
    queries = [*provisioned(), *of_board("of oven1", dashboards.of_instrument("oven1", OVEN))]
    assert len(queries) > 50
    empty = [asked.where for asked in queries if not server.query(filled_in(asked.flux, name, now))]
    assert empty == []


def test_the_alert_knows_how_long_an_instrument_is_silent(laboratory: tuple[Influx, str, float]) -> None:
    server, name, now = laboratory
    (alert,) = [asked for asked in provisioned() if asked.where.startswith("alert")]
    (row,) = server.query(filled_in(alert.flux, name, now))
    assert row["instrument"] == "oven1"
    assert 5 < float(row["_value"]) < 300


def test_presence_begins_with_the_state_from_before(laboratory: tuple[Influx, str, float]) -> None:
    server, name, now = laboratory
    (asked,) = [a for a in provisioned() if a.where == "overview: Instruments A"]
    rows = server.query(filled_in(asked.flux, name, now + 3600))
    assert [(row["_field"], float(row["_value"])) for row in rows] == [("oven1", 1.0)]
