"""The broker is told what is in force: at every connection, at every change of the register, as time passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from broker.calibration import Calibration, Due
from broker.client import Client
from broker.messages import decode
from broker.topics import Kind, Topics
from calibration.publish import Publisher, due_lines, messages
from calibration.record import Item, Standard
from calibration.register import Register
from tests.calibration.register.bench import ANNA, register
from tests.calibration.register.test_survey import BEFORE, NOW_MS, PUBLISH, later, ms, released
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

TOPICS = Topics()
OVEN = TOPICS.of("oven1", Kind.CALIBRATION)
DUE = TOPICS.cal_due("main")


async def soon(seconds: float) -> None:
    await asyncio.sleep(seconds / 20)


def calibrated(folder: Path) -> Register:
    made = register(folder)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made, due={"date": "2026-12-01", "agreed_by": "anna"})
    return made


class Heard:
    """What a reader of the broker knows; ``count`` of messages by topic."""

    def __init__(self) -> None:
        self.payloads: dict[str, bytes] = {}
        self.count: dict[str, int] = {}

    def take(self, topic: str, payload: bytes) -> None:
        self.payloads[topic] = payload
        self.count[topic] = self.count.get(topic, 0) + 1

    def status(self) -> str:
        if OVEN not in self.payloads:
            return ""
        found: dict[str, Calibration] = decode(Kind.CALIBRATION, self.payloads[OVEN])
        return found["temp"].status

    def due(self) -> list[tuple[str, str]]:
        if DUE not in self.payloads:
            return []
        found: Due = decode(Kind.CAL_DUE, self.payloads[DUE])
        return [(line.id, line.status) for line in found.lines]


@asynccontextmanager
async def publishing(mosquitto: TestBroker, made: Register) -> AsyncIterator[tuple[Heard, Publisher]]:
    heard = Heard()
    clock = made.clock
    client = Client(mosquitto.config("calibration-main"), "cal", sleep=soon)
    viewer = Client(mosquitto.config("viewer"), "viewer", sleep=soon)

    async def listen() -> None:
        async for message in viewer.messages:
            heard.take(message.topic, message.payload)

    async with client, viewer, asyncio.TaskGroup() as tasks:
        viewer.subscribe(TOPICS.everything())
        publisher = Publisher(client, TOPICS, made.folder, clock=lambda: _seconds(clock()), sleep=soon)
        running = [tasks.create_task(listen()), tasks.create_task(publisher.run())]
        try:
            yield heard, publisher
        finally:
            for task in running:
                task.cancel()


def _seconds(now: datetime) -> float:
    return now.timestamp()


async def test_what_is_in_force_and_what_is_due_are_retained(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    async with publishing(mosquitto, made) as (heard, publisher):
        await eventually(lambda: heard.status() == "due" and heard.due())

        assert heard.due() == [("sensor1", "due"), ("gauge", "ok")]
        assert decode(Kind.CAL_DUE, heard.payloads[DUE]).head == made.head
        made.add_item(Item(id="other"), ANNA)
        await eventually(lambda: decode(Kind.CAL_DUE, heard.payloads[DUE]).head == made.head)
        assert publisher.problem == ""
        assert decode(Kind.CALIBRATION, heard.payloads[OVEN]) == messages(made, NOW_MS)["oven1"]
    async with Client(mosquitto.config("viewer"), "late") as client:
        client.subscribe(OVEN)
        message = (await asyncio.wait_for(client.batch(), 10))[0]
        assert message.retain


async def test_a_removed_sensor_is_told_at_once(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    async with publishing(mosquitto, made) as (heard, _):
        await eventually(lambda: heard.status() == "due")
        made.remove("sensor1", "", ANNA)
        await eventually(lambda: heard.status() == "void")


async def test_a_broker_that_has_forgotten_is_told_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    async with publishing(mosquitto, made) as (heard, _):
        await eventually(lambda: heard.status() == "due")
        before = heard.count[OVEN]
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()
        await eventually(lambda: heard.count[OVEN] > before, timeout=30)


async def test_time_alone_makes_it_overdue(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    async with publishing(mosquitto, made) as (heard, _):
        await eventually(lambda: heard.status() == "due")
        later(made, 12)
        await eventually(lambda: heard.status() == "overdue")
        assert ("sensor1", "overdue") in heard.due()


async def test_nothing_new_is_not_said_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    async with publishing(mosquitto, made) as (heard, publisher):
        await eventually(lambda: heard.status() == "due")
        made.add_item(Item(id="other"), ANNA)
        publisher._seen = publisher._seen[:1]
        await publisher.look()
        assert heard.count[OVEN] == 1


async def test_what_cannot_be_published_is_the_problem_until_it_can(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    file = made.folder / "register.jsonl"
    text = file.read_bytes()
    async with publishing(mosquitto, made) as (heard, publisher):
        await eventually(lambda: heard.status() == "due")
        file.write_bytes(text + b"{}\n")
        await eventually(lambda: "register.jsonl cannot be read" in publisher.problem)
        file.write_bytes(text)
        await eventually(lambda: publisher.problem == "")


async def test_one_damaged_record_keeps_no_other_from_being_told(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    made.add_item(Item(id="sensor2"), ANNA)
    made.install("sensor2", "bath1", "temp", BEFORE, ANNA)
    text = PUBLISH.replace('title = "Sensor"', 'title = "Another"')
    done = released(made, text, item={"id": "sensor2", "d": "0.01"})
    (made.folder / "procedures" / f"{done.procedure.sha256}.toml").write_text("changed")
    async with publishing(mosquitto, made) as (heard, publisher):
        await eventually(lambda: heard.status() == "due")
        assert f"{done.id} cannot be published" in publisher.problem
        assert "what is due cannot be said" in publisher.problem
        assert TOPICS.of("bath1", Kind.CALIBRATION) not in heard.payloads


def test_what_was_never_done_is_first_and_what_has_no_date_is_left_out(tmp_path: Path) -> None:
    made = calibrated(tmp_path)
    made.add_item(Item(id="balance", serial="B-1"), ANNA, months=12)
    made.add_standard(Standard(id="endless", U="1"), ANNA)

    lines = due_lines(made)
    assert [(x.id, x.kind, x.status, x.due) for x in lines] == [
        ("balance", "item", "never", None),
        ("sensor1", "item", "due", ms("2026-12-02") - 1),
        ("gauge", "standard", "ok", ms("2027-01-11") - 1),
    ]
    assert (lines[0].name, lines[1].instrument, lines[1].channel, lines[2].certificate) == (
        "B-1",
        "oven1",
        "temp",
        "L-77",
    )
