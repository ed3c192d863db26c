"""Which topics are read: the rest only while somebody wants it, and no message twice."""

from pathlib import Path

import pytest

from bridge_ws.interest import matches
from bridge_ws.wants import ALWAYS, BY_NEED
from broker.topics import INSTRUMENT_KINDS, Kind
from tests.bridge_ws.bench import TOPICS, bridge, instrument, now_ms
from tests.support.broker import TestBroker


def test_every_kind_is_read_one_way_or_the_other() -> None:
    assert sorted([*ALWAYS, *BY_NEED]) == sorted(Kind)


@pytest.mark.parametrize(
    "topic",
    [
        *(TOPICS.of("oven1", kind) for kind in INSTRUMENT_KINDS),
        TOPICS.cmd_by("oven1", "anna"),
        TOPICS.edge_status("pi"),
        TOPICS.service_status("logger", "main"),
        TOPICS.commit("main", "oven1"),
        TOPICS.request("main", "oven1"),
        TOPICS.audit("bridge", "main"),
        TOPICS.run("melt"),
        TOPICS.note("anna"),
        TOPICS.cal_state("c-1"),
        TOPICS.cal_cmd("c-1"),
        TOPICS.cal_event("c-1"),
        TOPICS.cal_due("main"),
    ],
)
def test_each_message_comes_once(topic: str) -> None:
    filters = [TOPICS.all_of(kind) for kind in (*ALWAYS, *BY_NEED)] + [TOPICS.cmd_by("+", "+")]

    assert sum(matches(filter_, topic) for filter_ in filters) == 1


async def test_what_somebody_wants_comes_and_stops(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/last", encoding="json")
        await page.send(op="sub", id=2, filter="lab/+/data", encoding="json")
        await balance.put(Kind.LAST, {"ts": now_ms(), "weight": 1.0}, retain=True)
        await page.until(op="message", topic="lab/balance1/last")
        await page.send(op="unsub", id=1)
        await page.send(op="unsub", id=99)
        await page.until(op="error")
        await balance.put(Kind.LAST, {"ts": now_ms(), "weight": 2.0}, retain=True)
        await balance.sample(weight=3.0)
        assert (await page.until(op="message"))["topic"] == "lab/balance1/data"
        await page.send(op="sub", id=3, filter="lab/+/last", encoding="json")
        assert (await page.until(op="message"))["payload"]["weight"] == 2.0


async def test_a_deleted_topic_is_not_given_to_those_who_come_later(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await balance.put(Kind.META, b"", retain=True)
        await balance.put(Kind.STATUS, b"", retain=True)
        await page.until(op="gone")
        await page.send(op="sub", id=1, filter="lab/balance1/#", encoding="json")
        await balance.sample(weight=1.0)
        assert (await page.until(op="message"))["topic"] == "lab/balance1/data"
