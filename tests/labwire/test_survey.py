import time

from broker import mosquitto as real
from broker.client import Client, Message
from broker.config import BrokerConfig
from broker.messages import EdgeStatus, Meta, Status, encode
from broker.topics import Kind, Topic, Topics
from labwire.survey import Survey, gather
from tests.support.broker import TestBroker

TOPICS = Topics()
PI = Topic(Kind.EDGE_STATUS, "pi")


def heard(survey: Survey, status: EdgeStatus, expiry_s: int | None = None) -> None:
    survey.take(PI, Message(TOPICS.edge_status("pi"), encode(status), expiry_s=expiry_s), 1000.0)


def test_what_is_left_of_a_statuss_life_tells_its_age_and_the_senders_clock() -> None:
    survey = Survey()
    heard(survey, EdgeStatus(state="online", boot="b", ts=950_000), 70)
    found = survey.edges["pi"]
    assert (found.told_s, found.until_s, found.clock_s) == (980.0, 1070.0, 30.0)
    assert found.holds(1069)
    assert not found.holds(1071)


def test_a_will_does_not_expire_and_has_no_clock() -> None:
    survey = Survey()
    heard(survey, EdgeStatus(state="lost", boot="b"))
    assert survey.edges["pi"].clock_s is None
    assert survey.edges["pi"].holds(10**12)


def test_a_will_that_comes_late_is_not_believed() -> None:
    survey = Survey()

    def state() -> str:
        return survey.edges["pi"].status.state

    heard(survey, EdgeStatus(state="online", boot="b", conn=2, ts=1), 90)
    heard(survey, EdgeStatus(state="lost", boot="b", conn=1))
    assert state() == "online"
    heard(survey, EdgeStatus(state="lost", boot="b", conn=2))
    assert state() == "lost"


def test_nothing_forgets_and_nonsense_is_noted() -> None:
    survey, status = Survey(), TOPICS.of("a", Kind.STATUS)
    survey.take(Topic(Kind.STATUS, "a"), Message(status, encode(Status(state="online", boot="b"))), 0)
    survey.take(Topic(Kind.STATUS, "_sys"), Message(status, encode(Status(state="online", boot="b"))), 0)
    assert survey.instruments == ["a"]
    survey.take(Topic(Kind.STATUS, "a"), Message(status, b""), 0)
    assert survey.instruments == []
    survey.take(Topic(Kind.META, "a"), Message(status, b"{"), 0)
    assert "not a valid meta message" in survey.broken[0]


async def test_everything_retained_is_gathered(mosquitto: TestBroker) -> None:
    async with Client(mosquitto.config("edge-pi"), "edge-pi") as client:
        await anext(client.connections())
        for name in ("balance1", "stirrer1"):
            await client.publish(TOPICS.of(name, Kind.META), encode(Meta(edge="pi")), retain=True)
        status = encode(EdgeStatus(state="online", boot="b", ts=int(time.time() * 1000)))
        await client.publish(TOPICS.edge_status("pi"), status, retain=True, expiry_s=90)
    survey = await gather(mosquitto.config("viewer"), timeout_s=20)
    assert survey.instruments == ["balance1", "stirrer1"]
    offset = survey.edges["pi"].clock_s
    assert offset is not None
    assert abs(offset) < 3
    assert survey.problem == ""


async def test_no_broker_is_a_sentence() -> None:
    port = real.free_port()
    assert f"127.0.0.1:{port}" in (await gather(BrokerConfig(port=port), timeout_s=0.5)).problem
