"""Faults that only the whole laboratory shows, planted on a real broker."""

import time

from broker.messages import EdgeStatus, ServiceStatus, Status
from broker.topics import Kind, Topics
from labwire.doctor.__main__ import release
from tests.labwire.doctor.planted import Planted, checks, one, say
from tests.support.broker import TestBroker

TOPICS = Topics()
OURS = {"nobody-stores", "clock", "two-edges", "rights", "versions"}


def now_ms(later_s: float = 0) -> int:
    return int((time.time() + later_s) * 1000)


async def logger_online(mosquitto: TestBroker, state: str = "online", **more: str) -> None:
    status = ServiceStatus(state=state, boot="b", ts=now_ms(), **({"version": release()} | more))  # type: ignore[arg-type]
    await say(mosquitto, "logger-main", TOPICS.service_status("logger", "main"), status)


async def edge_online(mosquitto: TestBroker, edge: str = "pi", **more: object) -> None:
    given = {"ts": now_ms(), "version": release(), "instruments": ["balance1"]} | more
    status = EdgeStatus(state="online", boot="b", **given)  # type: ignore[arg-type]
    await say(mosquitto, f"edge-{edge}", TOPICS.edge_status(edge), status)


async def found(planted: Planted) -> set[str]:
    return checks(await planted.doctor(planted.logger())) & OURS


async def test_a_laboratory_where_all_is_well(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    await edge_online(mosquitto)
    wrong = [f for f in await planted.doctor(planted.logger()) if f.check in OURS and f.level == "error"]
    assert wrong == []


async def test_nobody_stores(planted: Planted, mosquitto: TestBroker) -> None:
    await edge_online(mosquitto)
    assert "logger main is not online" in one(await planted.doctor(planted.logger()), "nobody-stores").text


async def test_a_logger_that_holds_does_not_store(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto, "holding", reason="the disk is full")
    assert "the disk is full" in one(await planted.doctor(planted.logger()), "nobody-stores").text


async def test_samples_that_wait_for_another_logger(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    status = Status(state="online", boot="b", ts=now_ms(), edge="pi", stored_by="kilns")
    await say(mosquitto, "edge-pi", TOPICS.of("balance1", Kind.STATUS), status)
    assert "logger kilns" in one(await planted.doctor(planted.logger()), "nobody-stores").text


async def test_a_clock_that_is_off(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    await edge_online(mosquitto, ts=now_ms(-3600))
    clocks = [f.text for f in await planted.doctor(planted.logger()) if f.check == "clock" and f.level == "error"]
    assert len(clocks) == 1
    assert clocks[0].startswith("the clock of edge pi is 36")
    assert "behind" in clocks[0]


async def test_our_own_clock_is_off(planted: Planted, mosquitto: TestBroker) -> None:
    status = ServiceStatus(state="online", boot="b", ts=now_ms(7200), version=release())
    await say(mosquitto, "logger-main", TOPICS.service_status("logger", "main"), status)
    await edge_online(mosquitto, ts=now_ms(7200))
    clocks = [f.text for f in await planted.doctor(planted.logger()) if f.check == "clock" and f.level == "error"]
    assert len(clocks) == 1
    assert clocks[0].startswith("this machine's clock is -7")


async def test_an_instrument_that_two_edges_serve(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    await edge_online(mosquitto)
    await edge_online(mosquitto, "other")
    text = one(await planted.doctor(planted.logger()), "two-edges").text
    assert text == "instrument balance1 is served by 2 edges: other, pi"


async def test_an_edge_that_stands_back_tells_of_the_other(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    await edge_online(mosquitto)
    reason = "the clock is not synchronised; balance1 is served by edge pi, not here"
    await edge_online(mosquitto, "other", instruments=[], reason=reason)
    assert "other, pi" in one(await planted.doctor(planted.logger()), "two-edges").text


async def test_an_edge_that_was_refused(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    reason = "not authorised to publish on lab/oven1/data"
    await edge_online(mosquitto, reason=reason)
    assert "user edge-pi" in one(await planted.doctor(planted.logger()), "rights").remedy


async def test_versions_that_differ(planted: Planted, mosquitto: TestBroker) -> None:
    await logger_online(mosquitto)
    await edge_online(mosquitto, version="0.0.7")
    text = one(await planted.doctor(planted.logger()), "versions").text
    assert "0.0.7: edge pi" in text
    assert "logger main" in text


async def test_the_doctor_leaves_nothing_behind(planted: Planted, mosquitto: TestBroker) -> None:
    from labwire.survey import gather

    await logger_online(mosquitto)
    before = await gather(mosquitto.config("viewer"), timeout_s=10)
    await found(planted)
    after = await gather(mosquitto.config("viewer"), timeout_s=10)
    assert {k: h.status for k, h in after.services.items()} == {k: h.status for k, h in before.services.items()}
    assert (after.metas, after.edges, after.broken) == ({}, {}, [])
