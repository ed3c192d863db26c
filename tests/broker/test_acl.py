import asyncio
import contextlib

import pytest

from broker.acl import User, acl_text
from broker.client import Client, Refused
from broker.topics import INSTRUMENT_KINDS, Kind, Topics
from tests.support.broker import TestBroker

TOPICS = Topics()


def section(text: str, user: str) -> list[str]:
    return next(s for s in text.split("\n\n") if s.startswith(f"user {user}\n")).splitlines()[1:]


def test_an_edge_writes_its_own_topics_and_reads_its_commands() -> None:
    lines = section(acl_text([User("edge-pi", "edge", ("oven1",))]), "edge-pi")

    assert "topic write lab/oven1/data" in lines
    assert "topic read lab/oven1/cmd" in lines
    assert "topic read lab/oven1/cmd/+" in lines
    assert "topic readwrite lab/_edge/pi/status" in lines
    assert not [line for line in lines if "write" in line and "cmd" in line]
    assert not [line for line in lines if "lab/+" in line or "lab/#" in line]


def test_a_viewer_writes_nothing() -> None:
    assert section(acl_text([User("viewer", "viewer")]), "viewer") == ["topic read lab/#"]


def test_an_operator_commands_under_the_own_name_only() -> None:
    lines = section(acl_text([User("anna", "operator")]), "anna")

    assert [line for line in lines if "write" in line] == ["topic write lab/+/cmd/anna"]


def test_another_root() -> None:
    assert "topic read uni/#" in acl_text([User("v", "viewer")], root="uni")


# --- by delivery: Mosquitto grants every subscription and answers some refused publishes with success -----------------


async def delivered(mosquitto: TestBroker, user: str, topic: str, payload: bytes = b"{}") -> bool:
    """Whether a message of ``user`` on ``topic`` arrives at a viewer, ahead of one that certainly does."""
    fence = TOPICS.cal_event("fence")
    viewer = Client(mosquitto.config("viewer"), "viewer")
    writer = Client(mosquitto.config(user), f"writer-{user}")
    sure = Client(mosquitto.config("calibration-main"), "fence")
    async with viewer, writer, sure:
        viewer.subscribe(TOPICS.everything(), retain_handling=2)
        await viewer.subscribed()
        with contextlib.suppress(Refused):
            await writer.publish(topic, payload)
        await sure.publish(fence, b"{}")
        found: list[str] = []
        while fence not in found:
            found += [m.topic for m in await asyncio.wait_for(viewer.batch(), 10)]
    return topic in found


@pytest.mark.parametrize(
    "topic",
    [
        TOPICS.of("i0", Kind.CALIBRATION),
        TOPICS.cal_state("c-1"),
        TOPICS.cal_cmd("c-1"),
        TOPICS.cal_event("c-1"),
        TOPICS.cal_due("main"),
        TOPICS.service_status("calibration", "main"),
    ],
)
async def test_the_calibration_service_may_write_what_is_its_own(mosquitto: TestBroker, topic: str) -> None:
    assert await delivered(mosquitto, "calibration-main", topic)


@pytest.mark.parametrize(
    "topic",
    [
        TOPICS.of("i0", Kind.DATA),
        TOPICS.of("i0", Kind.META),
        TOPICS.of("i0", Kind.CMD),
        TOPICS.cal_due("other"),
        TOPICS.service_status("logger", "main"),
        TOPICS.commit("main", "i0"),
        TOPICS.run("r1"),
    ],
)
async def test_the_calibration_service_may_write_nothing_else(mosquitto: TestBroker, topic: str) -> None:
    assert not await delivered(mosquitto, "calibration-main", topic)


@pytest.mark.parametrize("user", ["edge-pi", "logger-main", "bridge-main", "anna", "viewer"])
async def test_nobody_else_may_write_a_calibration(mosquitto: TestBroker, user: str) -> None:
    assert not await delivered(mosquitto, user, TOPICS.of("i0", Kind.CALIBRATION))
    assert not await delivered(mosquitto, user, TOPICS.cal_state("c-1"))
    assert not await delivered(mosquitto, user, TOPICS.cal_due("main"))


async def test_the_bridge_alone_of_the_others_sends_commands_to_a_run(mosquitto: TestBroker) -> None:
    topic = TOPICS.cal_cmd("c-1")

    assert [user for user in ("bridge-main", "anna", "edge-pi") if await delivered(mosquitto, user, topic)] == [
        "bridge-main"
    ]


@pytest.mark.parametrize(
    ("user", "reads"),
    [("edge-pi", ["i0"]), ("edge-other", ["other1"]), ("calibration-main", ["i0", "other1"])],
)
async def test_an_edge_reads_the_calibrations_of_its_own_instruments(
    mosquitto: TestBroker, user: str, reads: list[str]
) -> None:
    writer = Client(mosquitto.config("calibration-main"), "writer")
    reader = Client(mosquitto.config(user), "reader")
    async with writer, reader:
        for name in ("i0", "other1"):
            reader.subscribe(TOPICS.of(name, Kind.CALIBRATION))
        await reader.subscribed()
        await writer.publish(TOPICS.of("i0", Kind.CALIBRATION), b"{}")
        await writer.publish(TOPICS.of("other1", Kind.CALIBRATION), b"{}")
        found: list[str] = []
        with contextlib.suppress(TimeoutError):
            while len(found) < 2:
                found += [m.topic for m in await asyncio.wait_for(reader.batch(), 1)]

    assert found == [TOPICS.of(name, Kind.CALIBRATION) for name in reads]


async def test_a_replay_shows_on_its_stage_and_commands_nothing(mosquitto: TestBroker) -> None:
    stage = Topics("replay")
    shown = [stage.of("i0", kind) for kind in INSTRUMENT_KINDS] + [
        stage.run("r"),
        stage.note("n"),
        stage.edge_status("pi"),
    ]
    orders = [stage.of("i0", Kind.CMD), stage.commit("main", "i0"), stage.request("main", "i0")]
    heard = set()
    async with Client(mosquitto.config("bridge-replay"), "watcher") as watcher:
        watcher.subscribe(stage.everything())
        await watcher.subscribed()
        async with Client(mosquitto.config("replay-main"), "replay-main") as client:
            await anext(aiter(client.connections()))
            for topic in (*shown, *orders, TOPICS.of("i0", Kind.DATA)):
                with contextlib.suppress(Refused):
                    await client.publish(topic, b"{}")
            await client.publish(stage.service_status("replay", "main"), b"{}")
        while stage.service_status("replay", "main") not in heard:
            heard |= {m.topic for m in await asyncio.wait_for(watcher.batch(), 10)}
    assert heard == {*shown, stage.service_status("replay", "main")} - {stage.of("i0", Kind.CMD)}
