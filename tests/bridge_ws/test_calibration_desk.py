"""Calibration runs through the bridge: states to every page, commands of operators to whoever hosts the run."""

from pathlib import Path

from broker.calibration import DueLine
from broker.client import Client
from broker.messages import CalibrationEvent, CalibrationRun, Command, Due, decode, encode
from broker.topics import Kind
from tests.bridge_ws.bench import TOPICS, VIEWER, bridge, now_ms
from tests.support.broker import TestBroker


def host(mosquitto: TestBroker) -> Client:
    return Client(mosquitto.config("calibration-main"), "hosts-a-run")


def run(**more: object) -> CalibrationRun:
    fields = {"run": "pt-1", "ts": now_ms(), "phase": "settling", "item": "sensor1"} | more
    return CalibrationRun(**fields)  # type: ignore[arg-type]


async def test_pages_see_a_run_and_operators_command_it(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with host(mosquitto) as client, bridge(mosquitto, tmp_path) as b:
        client.subscribe(TOPICS.cal_cmd("+"))
        await client.subscribed()
        await client.publish(TOPICS.cal_state("pt-1"), encode(run()), retain=True)
        async with b.page() as page:
            state = await page.until(op="calibration_run", run="pt-1")
            assert (state["phase"], state["item"]) == ("settling", "sensor1")
            await page.send(op="calibration", id="c1", run="pt-1", name="skip", args={"reason": "no ice"})
            sent = await page.until(op="calibration_sent", id="c1")
            message = (await client.batch())[0]
            command: Command = decode(Kind.CAL_CMD, message.payload)
            assert (command.id, command.name, command.by, command.via) == (sent["command"], "skip", "olga", "bridge")
            assert command.args == {"reason": "no ice"}
            answer = CalibrationEvent(ts=now_ms(), kind="answer", text="0 is skipped", id=command.id)
            await client.publish(TOPICS.cal_event("pt-1"), encode(answer))
            told = await page.until(op="calibration_event")
            assert (told["run"], told["text"]) == ("pt-1", "0 is skipped")
            await client.publish(TOPICS.cal_state("pt-1"), b"", retain=True)
            await page.until(op="calibration_gone", run="pt-1")


async def test_a_page_that_comes_later_sees_it_too(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with host(mosquitto) as client, bridge(mosquitto, tmp_path) as b:
        due = Due(ts=now_ms(), lines=[DueLine(id="b", due=now_ms()), DueLine(id="a", due=1), DueLine(id="never")])
        await client.publish(TOPICS.cal_due("main"), encode(due), retain=True)
        await client.publish(TOPICS.cal_state("pt-1"), encode(run(phase="review")), retain=True)
        async with b.page(VIEWER) as first:
            await first.until(op="calibration_run", phase="review")
        async with b.page(VIEWER) as page:
            assert (await page.until(op="calibration_run"))["phase"] == "review"
            lines = (await page.until(op="calibration_due"))["lines"]
            assert [line["id"] for line in lines] == ["a", "b", "never"]


async def test_viewers_and_unknown_runs_are_refused(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        async with b.page(VIEWER) as page:
            await page.send(op="calibration", id="c1", run="pt-1", name="next")
            assert (await page.until(op="calibration_sent"))["error"]["code"] == "forbidden"
        async with b.page() as page:
            for name in ("pt-9", "a/b", "+"):
                await page.send(op="calibration", id=name, run=name, name="next")
                assert (await page.until(op="calibration_sent", id=name))["error"]["code"] == "unknown_run"
