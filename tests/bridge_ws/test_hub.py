"""The broker's side: nothing that comes from there can stop the bridge."""

import json
from pathlib import Path
from typing import Any

from broker.client import Client
from broker.messages import encode
from broker.topics import Kind
from tests.bridge_ws.bench import TOPICS, bridge, instrument, now_ms
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

BROKEN: list[bytes] = [
    b"not json",
    b"",
    b"{}",
    b"null",
    b"[]",
    b"\xff\xfe\x00",
    b'{"ts":1e400,"values":{}}',
    b'{"ts":NaN,"values":{"weight":NaN}}',
    b'{"ts":-5,"values":{"weight":1}}',
    b'{"ts":5,"values":{"weight":' + b"9" * 400 + b"}}",
    b'{"ts":5,"values":{"we ight":1}}',
    b'{"ts":5,"values":{"weight":[1]}}',
    b'{"ts":5,"boot":"b","values":{"weight":1}}',
    b'{"ts":5,"values":{"weight":1},"more":"\xff"}',
    b"[" * 100_000,
    b"x" * 900_000,
]


async def test_garbage_on_every_topic_is_counted_and_everything_goes_on(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with (
        bridge(mosquitto, tmp_path) as b,
        instrument(mosquitto) as balance,
        b.page() as page,
        Client(mosquitto.config("bridge-main"), "watcher") as watcher,
    ):
        watcher.subscribe(TOPICS.service_status("bridge", "main"))
        await page.send(op="sub", id=1, filter="lab/#", encoding="json")
        await page.send(op="sub", id=2, filter="lab/+/data", mode="samples")
        for kind in (Kind.DATA, Kind.BLOCK, Kind.LAST, Kind.META, Kind.STATUS, Kind.REPLY, Kind.EVENT):
            for payload in BROKEN:
                await balance.put(kind, payload)
        await balance.appear()
        await balance.sample(weight=1.0)
        await page.until(op="message", topic="lab/balance1/data")
        await eventually(lambda: b.url)
        async with b.http() as http:
            assert (await http.get("/healthz")).json()["broker"] == "up"
        async for message in watcher.messages:
            figures = json.loads(message.payload).get("figures", {})
            if message.payload and figures.get("undecodable", 0) > 50:
                break


async def test_a_value_of_the_wrong_type_is_set_aside_and_the_rest_shown(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await page.send(op="sub", id=1, filter="lab/+/data")
        await balance.sample(weight="heavy", stable=1.5, mode="ramp")
        await page.value("balance1", "mode", "ramp")
        shown = [v for m in page.seen if m["op"] == "values" for v in m["v"].values()]
        assert [v[1] for v in shown] == ["ramp"]


async def test_a_retained_sample_is_not_now(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with instrument(mosquitto) as balance:
        await balance.appear()
        old = {"ts": now_ms() - 3_600_000, "values": {"weight": 1.0}}
        await balance.put(Kind.DATA, old, retain=True)  # nobody should, somebody will
        async with bridge(mosquitto, tmp_path) as b, b.page() as page:
            await page.send(op="sub", id=1, filter="lab/+/data")
            await balance.sample(weight=2.0)
            await page.value("balance1", "weight", 2.0)
            shown = [v[1] for m in page.seen if m["op"] == "values" for v in m["v"].values()]
            assert shown == [2.0]


async def test_events_are_told_once_with_their_instrument(mosquitto: TestBroker, tmp_path: Path) -> None:
    event: dict[str, Any] = {"ts": now_ms(), "kind": "interlock", "text": "door open", "boot": "b", "eseq": 3}
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        for k in (3, 3, 4):
            await balance.put(Kind.EVENT, event | {"eseq": k})
        await balance.put(Kind.EVENT, event | {"eseq": 1, "ts": now_ms() - 3_600_000, "text": "long ago"})
        await balance.put(Kind.EVENT, event | {"eseq": 5, "text": "last"})
        told = [await page.until(op="event") for _ in range(3)]
        assert [(e["instrument"], e["text"], e["eseq"]) for e in told] == [
            ("balance1", "door open", 3),
            ("balance1", "door open", 4),
            ("balance1", "last", 5),
        ]


async def test_answers_to_anybodys_command_are_told_to_all(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await balance.put(Kind.REPLY, {"id": "x", "state": "accepted", "ts": now_ms(), "name": "tare", "by": "anna"})
        await balance.put(Kind.REPLY, {"id": "x", "state": "done", "ts": now_ms(), "name": "tare", "by": "anna"})
        told = await page.until(op="reply")
        assert (told["instrument"], told["state"], told["by"]) == ("balance1", "done", "anna")


async def test_the_bridge_says_how_it_is(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with Client(mosquitto.config("viewer"), "watcher") as watcher:
        watcher.subscribe(TOPICS.service_status("bridge", "main"))
        states: list[tuple[str, bool]] = []
        async with bridge(mosquitto, tmp_path):
            message = (await watcher.batch())[0]
            status = json.loads(message.payload)
            states.append((status["state"], message.retain))
            assert {"clients", "dropped_frames", "undecodable", "duplicates"} <= set(status["figures"])
            assert status["stored_by"] == "main"
            assert message.expiry_s is not None
            assert message.expiry_s <= 90
        while states[-1][0] != "offline":
            states += [(json.loads(m.payload)["state"], m.retain) for m in await watcher.batch()]
        assert states[0] == ("online", True)
        assert all(retained for _, retained in states)


async def test_a_calibration_is_described_also_when_it_was_there_first(mosquitto: TestBroker, tmp_path: Path) -> None:
    in_force = {"weight": {"id": "K-1", "status": "due", "U": [{"x": 0, "U": 0.1}]}}
    topic = TOPICS.of("balance1", Kind.CALIBRATION)
    async with Client(mosquitto.config("calibration-main"), "cal") as cal, bridge(mosquitto, tmp_path) as b:
        async for _ in cal.connections():
            break
        await cal.publish(topic, encode(in_force), retain=True)
        async with instrument(mosquitto) as balance, b.page() as page:
            await balance.appear()
            assert (await page.until(op="describe", calibration=in_force))["instrument"] == "balance1"
            await cal.publish(topic, encode({"weight": {"id": "K-1", "status": "void"}}), retain=True)
            await page.until(op="describe", calibration={"weight": {"id": "K-1", "status": "void"}})
            await cal.publish(topic, b"", retain=True)
            await page.until(op="describe", calibration={})
            await page.send(op="sub", id=1, filter="lab/+/data", mode="latest")
            sample = {"ts": now_ms(), "values": {"weight": 1.5}, "u": {"weight": 0.05}}
            await balance.put(Kind.DATA, sample)
            assert (await page.value("balance1", "weight", 1.5))[2:] == [None, 0.05]
