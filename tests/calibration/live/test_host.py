"""Runs on a real broker: samples in, states and answers out, again after the broker forgot everything."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from broker.calibration_run import CalibrationEvent, CalibrationRun
from broker.client import Client
from broker.messages import Channel, Command, Data, Meta, decode, encode
from broker.topics import Kind, Topics
from calibration.live.host import Host
from calibration.live.hosted import Hosted
from calibration.live.keep import Keep
from calibration.live.plan import Source
from tests.calibration.live.bench import setup
from tests.calibration.live.lab import register
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

TOPICS = Topics()


@dataclass
class World:
    """A host with one run, an edge that can send samples, and somebody who watches."""

    host: Host
    run: Hosted
    edge: Client
    bridge: Client
    now: Callable[[], float]
    states: list[tuple[bool, CalibrationRun]] = field(default_factory=list)
    events: list[CalibrationEvent] = field(default_factory=list)
    sent: int = 0

    async def watch(self) -> None:
        async for message in self.bridge.messages:
            topic = TOPICS.parse(message.topic)
            assert topic is not None
            if topic.kind is Kind.CAL_STATE and message.payload:
                self.states.append((message.retain, decode(topic.kind, message.payload)))
            elif topic.kind is Kind.CAL_EVENT:
                self.events.append(decode(topic.kind, message.payload))
            self.bridge.ack(message)

    async def order(self, name: str, id_: str = "c1", **more: Any) -> None:
        command = Command(id=id_, name=name, **{"by": "anna", "via": "bridge", **more})
        await self.bridge.publish(TOPICS.cal_cmd("r1"), encode(command))

    async def answer(self, id_: str = "c1") -> CalibrationEvent:
        found = await eventually(lambda: [e for e in self.events if e.id == id_], 20, f"the answer to {id_}")
        return found[0]

    async def sample(self, value: float, **more: Any) -> None:
        self.sent += 10
        data = Data(ts=int(self.now() * 1000) + self.sent, values={"temp": value}, **more)
        await self.edge.publish(TOPICS.of("i0", Kind.DATA), encode(data))


@asynccontextmanager
async def world(mosquitto: TestBroker, folder: Path) -> AsyncIterator[World]:
    made = register(folder / "cal")
    clock = asyncio.get_running_loop().time
    start = clock()

    def now() -> float:
        return 1_795_219_200 + clock() - start

    fixed = setup(source=Source("i0", "temp", 3), reference=Source())
    async with (
        Client(mosquitto.config("calibration-main"), "calibration-main") as client,
        Client(mosquitto.config("edge-pi"), "edge-pi") as edge,
        Client(mosquitto.config("bridge-main"), "bridge-main") as bridge,
        asyncio.TaskGroup() as group,
    ):
        host = Host(client, TOPICS, now, asyncio.sleep)
        for filter_ in (TOPICS.cal_state("+"), TOPICS.cal_event("+")):
            bridge.subscribe(filter_)
        run = Hosted.new(fixed, Keep(made.folder), made, now)
        host.take(run)
        await asyncio.gather(client.subscribed(), bridge.subscribed())
        here = World(host, run, edge, bridge, now)
        tasks = [group.create_task(work) for work in (host.read(), host.beat(), here.watch())]
        yield here
        for task in tasks:
            task.cancel()


async def test_a_state_is_told_and_retained(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        _, state = (await eventually(lambda: here.states, 20, "a state"))[0]
        assert (state.run, state.phase, state.instrument) == ("r1", "prepare", "i0")
        async with Client(mosquitto.config("viewer"), "viewer") as viewer:
            viewer.subscribe(TOPICS.cal_state("+"))
            async for message in viewer.messages:
                assert message.retain
                break


async def test_a_decision_is_answered_and_shown(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        await here.order("next")
        answer = await here.answer()
        assert (answer.done, answer.by, answer.kind) == (True, "anna", "answer")
        await eventually(lambda: here.states[-1][1].phase == "set", 20, "the next phase")
        assert here.run.keep.load("r1").progress.stage == "set"
        await here.order("accept", "c2")
        refused = await here.answer("c2")
        assert (refused.done, refused.severity) == (False, "warning")


@pytest.mark.parametrize("ts", [1_795_219_000_000])
async def test_what_comes_too_late_is_not_done(mosquitto: TestBroker, tmp_path: Path, ts: int) -> None:
    async with world(mosquitto, tmp_path) as here:
        await here.order("next", ts=ts, ttl_ms=5000)
        answer = await here.answer()
        assert not answer.done
        assert "came too late" in answer.text
        assert here.run.machine.stage == "prepare"


async def test_a_retained_command_is_nobodys(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with Client(mosquitto.config("bridge-main"), "before") as bridge:
        bridge.subscribe(TOPICS.cal_event("r1"))
        await bridge.subscribed()
        command = Command(id="old", name="next", by="anna", via="bridge")
        await bridge.publish(TOPICS.cal_cmd("r1"), encode(command), retain=True)
    async with world(mosquitto, tmp_path) as here:
        await here.order("abort", "c2", args={"reason": "enough"})
        await here.answer("c2")
        assert [e.id for e in here.events if e.id] == ["c2"]


async def test_what_is_no_command_is_left_alone(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        await here.bridge.publish(TOPICS.cal_cmd("r1"), b"{")
        await here.bridge.publish(TOPICS.cal_cmd("other"), encode(Command(id="x", name="next")))
        await here.order("next")
        assert (await here.answer()).done


async def test_samples_come_in_and_the_last_ones_are_shown(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        await here.sample(20.0)
        await here.sample(20.5, q={"temp": "bad"})
        await here.sample(21.25)
        await eventually(lambda: len(here.states[-1][1].pairs if here.states else []) == 2, 20, "two samples")
        assert [pair[1] for pair in here.states[-1][1].pairs] == [20.0, 21.25]


async def test_what_instruments_say_of_themselves(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        meta = Meta(name="Pt100", channels={"temp": Channel(unit="°C")})
        await here.edge.publish(TOPICS.of("i1", Kind.META), encode(meta), retain=True)
        asking = asyncio.ensure_future(here.host.facts(["i1"], 20))
        for k in range(200):
            data = Data(ts=int(here.now() * 1000), values={"temp": k, "temp_raw": k}, cal={"temp": "K-1"})
            await here.edge.publish(TOPICS.of("i1", Kind.DATA), encode(data))
            if asking.done():
                break
            await asyncio.sleep(0.1)
        facts = await asking
        assert facts.metas["i1"].name == "Pt100"
        assert facts.marks["i1"] == {"temp": "K-1"}
        assert (await here.host.facts(["i9"], 0.3)).metas == {}


async def test_a_broker_that_forgot_is_told_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    """Also of a run that is over, whose state does not change any more."""
    async with world(mosquitto, tmp_path) as here:
        await here.order("abort", args={"reason": "enough"})
        await eventually(lambda: [s for _, s in here.states if s.end is not None], 20, "its end")
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()
        before = len(here.states)
        await eventually(lambda: len(here.states) > before, 30, "the state again")


async def test_an_aborted_run_is_told_with_its_end(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with world(mosquitto, tmp_path) as here:
        await here.order("abort", args={"reason": "enough"})
        assert (await here.answer()).done
        last = await eventually(lambda: [s for _, s in here.states if s.end is not None], 20, "its end")
        assert (last[0].phase, last[0].can) == ("aborted", [])
