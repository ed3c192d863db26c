"""A command's way through an instrument, on a real Mosquitto: once, in order, in time, with one terminal reply."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from broker.agent import Agent
from broker.book import Book
from broker.client import Client, Message
from broker.commands import CommandFailed
from broker.messages import TERMINAL, Argument, Command, CommandSpec, Meta, Reply, Value, decode, encode
from broker.ranges import Ranges
from broker.topics import Kind
from tests.broker.standin import TOPICS, Disk, running
from tests.broker.test_agent import agent, fast_sleep
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

META = Meta(
    name="Stirrer",
    commands={
        "set": CommandSpec(args={"value": Argument(min=0, max=100), "ramp": Argument(default=5)}),
        "slow": CommandSpec(timeout_ms=60_000),
        "quick": CommandSpec(timeout_ms=50),
        "break": CommandSpec(),
    },
)
CMD = TOPICS.of("stirrer1", Kind.CMD)
REPLY = TOPICS.of("stirrer1", Kind.REPLY)


class Device:
    """Executes, and remembers what reached it."""

    def __init__(self) -> None:
        self.done: list[Command] = []
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def execute(self, command: Command, progress: Callable[[float], None]) -> dict[str, Value]:
        self.begun.set()
        match command.name:
            case "slow":
                progress(0.5)
                await self.go.wait()
            case "quick":
                await asyncio.sleep(30)
            case "break":
                raise CommandFailed("interlock", "door open")
        self.done.append(command)
        return {"value": command.args.get("value"), "raw": float("nan")}


class Operator:
    """Sends commands as the bridge (or another user) and collects the replies."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.messages: list[Message] = []

    async def listen(self) -> None:
        async for message in self.client.messages:
            self.messages.append(message)

    def replies(self, id_: str) -> list[Reply]:
        found: list[Reply] = [decode(Kind.REPLY, m.payload) for m in self.messages if m.topic == REPLY]
        return [r for r in found if r.id == id_]

    def send(self, id_: str, name: str, topic: str = CMD, **more: Any) -> None:
        fields = {"ts": int(time.time() * 1000)} | more
        options = {k: fields.pop(k) for k in ("retain", "expiry_s", "correlation", "response_topic") if k in fields}
        self.client.publish(topic, encode(Command(id=id_, name=name, **fields)), **options)

    async def end(self, id_: str, count: int = 1) -> Reply:
        def ends() -> list[Reply]:
            found = [r for r in self.replies(id_) if r.state in TERMINAL]
            return found if len(found) >= count else []

        return (await eventually(ends))[-1]


@asynccontextmanager
async def operator(mosquitto: TestBroker, user: str = "bridge-main") -> AsyncIterator[Operator]:
    async with Client(mosquitto.config(user), user, sleep=fast_sleep) as client:
        client.subscribe(REPLY)
        client.subscribe("answers")
        await client.subscribed()
        one = Operator(client)
        task = asyncio.create_task(one.listen())
        try:
            yield one
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def serving(mosquitto: TestBroker, folder: Path, device: Device) -> AsyncIterator[Agent]:
    async with agent(mosquitto, folder) as edge:
        stirrer = edge.instrument("stirrer1", META, device.execute)
        await eventually(lambda: stirrer.announced)
        yield edge


async def test_accepted_running_done(mosquitto: TestBroker, tmp_path: Path) -> None:
    device = Device()
    device.go.set()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto) as bridge:
        bridge.send("1", "slow", by="alice", correlation=b"\0q", response_topic="answers")
        await bridge.end("1")

        replies = bridge.replies("1")
        assert [r.state for r in replies] == ["accepted", "running", "done"]
        assert {(r.name, r.by, r.via, r.boot) for r in replies} == {("slow", "alice", "bridge", replies[0].boot)}
        assert [r.eseq for r in replies] == [0, 1, 2]
        assert replies[1].progress == 0.5
        assert [m.correlation for m in bridge.messages] == [b"\0q"] * 3
        assert {m.topic for m in bridge.messages} == {REPLY}  # response topics are not honoured


async def test_defaults_reach_the_device_and_results_are_finite(mosquitto: TestBroker, tmp_path: Path) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto) as bridge:
        bridge.send("1", "set", args={"value": 7})
        end = await bridge.end("1")

    assert device.done[0].args == {"value": 7, "ramp": 5}
    assert end.result == {"value": 7, "raw": None}


async def test_the_broker_vouches_for_the_user_in_the_topic(mosquitto: TestBroker, tmp_path: Path) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto, "anna") as anna:
        anna.send("1", "set", TOPICS.cmd_by("stirrer1", "anna"), args={"value": 1}, by="the boss", via="bridge")
        end = await anna.end("1")

    assert (end.by, end.via) == ("anna", "mqtt")


@pytest.mark.parametrize(
    ("name", "more", "state", "code"),
    [
        ("set", {"args": {"value": 101}}, "rejected", "out_of_range"),
        ("set", {"args": {}}, "rejected", "missing_argument"),
        ("explode", {}, "rejected", "unknown_command"),
        ("set", {"args": {"value": 1}, "retain": True}, "rejected", "retained"),
        ("set", {"args": {"value": 1}, "ts": 1000}, "expired", "expired"),
        ("set", {"args": {"value": 1}, "ts": 2**42}, "rejected", "clock"),
        ("break", {}, "failed", "interlock"),
        ("quick", {}, "failed", "timeout"),
    ],
)
async def test_what_is_not_done_says_why(
    mosquitto: TestBroker, tmp_path: Path, name: str, more: dict[str, Any], state: str, code: str
) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto) as bridge:
        bridge.send("1", name, **more)
        end = await bridge.end("1")

    assert (end.state, end.error and end.error.code) == (state, code)
    assert device.done == []


async def test_a_retained_command_of_before_is_not_even_looked_at(mosquitto: TestBroker, tmp_path: Path) -> None:
    device = Device()
    async with operator(mosquitto) as bridge:
        bridge.send("1", "set", args={"value": 1}, retain=True)
        await bridge.client.room()
        async with serving(mosquitto, tmp_path, device):
            bridge.send("2", "set", args={"value": 2})
            await bridge.end("2")

    assert [c.id for c in device.done] == ["2"]
    assert bridge.replies("1") == []


async def test_a_known_id_is_answered_with_its_last_state_and_not_executed(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    device = Device()
    async with operator(mosquitto) as bridge:
        async with serving(mosquitto, tmp_path, device):
            for count in (1, 2):
                bridge.send("1", "set", args={"value": 1})
                await bridge.end("1", count)
        async with serving(mosquitto, tmp_path, device):
            bridge.send("1", "set", args={"value": 1})
            await bridge.end("1", 3)

        ends = [r for r in bridge.replies("1") if r.state == "done"]
    assert len(device.done) == 1
    assert len({(r.boot, r.eseq) for r in ends}) == 1  # one record, told three times


async def test_malformed_commands_are_counted_and_answered_when_they_have_an_id(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device) as edge, operator(mosquitto) as bridge:
        for payload in (b"", b"no json", b'{"name":"set"}', b'{"id":"1","name":7}', b'{"id":"2"}' + b" " * 70_000):
            bridge.client.publish(CMD, payload)
        end = await bridge.end("1")
        bridge.send("3", "set", args={"value": 1})
        await bridge.end("3")

        assert end.error is not None
        assert (end.state, end.error.code) == ("rejected", "malformed")
        assert edge._commands["stirrer1"].malformed == 5


async def test_one_instrument_does_one_thing_at_a_time_and_others_go_on(mosquitto: TestBroker, tmp_path: Path) -> None:
    device, other = Device(), Device()
    async with serving(mosquitto, tmp_path, device) as edge, operator(mosquitto) as bridge:
        balance = edge.instrument("balance1", META, other.execute)
        await eventually(lambda: balance.announced)
        bridge.send("1", "slow")
        await device.begun.wait()
        bridge.send("2", "set", args={"value": 2})
        bridge.send("3", "set", TOPICS.of("balance1", Kind.CMD), args={"value": 3})
        await eventually(lambda: other.done)
        await eventually(lambda: bridge.replies("2"))
        assert device.done == []

        device.go.set()
        await bridge.end("2")

    assert [c.id for c in device.done] == ["1", "2"]


async def test_a_command_that_waited_too_long_behind_another_is_not_executed(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto) as bridge:
        bridge.send("1", "slow")
        await device.begun.wait()
        bridge.send("2", "set", args={"value": 2}, ttl_ms=300)
        await eventually(lambda: bridge.replies("2"))
        await eventually(lambda: bridge.messages and time.time() * 1000 > bridge.replies("2")[0].ts + 400)
        device.go.set()
        end = await bridge.end("2")

    assert [r.state for r in bridge.replies("2")] == ["accepted", "expired"]
    assert end.error is not None
    assert [c.id for c in device.done] == ["1"]


async def test_too_many_waiting_commands_are_refused(mosquitto: TestBroker, tmp_path: Path) -> None:
    device = Device()
    async with serving(mosquitto, tmp_path, device), operator(mosquitto) as bridge:
        bridge.send("0", "slow", ttl_ms=60_000)
        await device.begun.wait()
        for k in range(1, 34):
            bridge.send(str(k), "set", args={"value": 1}, ttl_ms=60_000)
        end = await bridge.end("33")
        device.go.set()
        await bridge.end("32")

    assert end.error is not None
    assert end.error.code == "busy"
    assert len(device.done) == 33


# --- interrupted ------------------------------------------------------------------------------------------------------


async def test_a_proper_stop_answers_what_it_interrupts(mosquitto: TestBroker, tmp_path: Path) -> None:
    device, disk = Device(), Disk()
    async with running(mosquitto, disk), operator(mosquitto) as bridge:
        async with serving(mosquitto, tmp_path, device):
            bridge.send("1", "slow")
            bridge.send("2", "set", args={"value": 2})
            await eventually(lambda: bridge.replies("2"))
        for id_ in ("1", "2"):
            end = await bridge.end(id_)
            assert end.error is not None
            assert (end.state, end.error.code) == ("failed", "interrupted")
        async with serving(mosquitto, tmp_path, device) as edge:
            await eventually(lambda: not edge._outbox.waiting)

        assert _ends(bridge) == {"1": 1, "2": 1}


def _ends(bridge: Operator) -> Counter[str]:
    """Terminal replies by id; the same record twice is one."""
    replies: list[Reply] = [decode(Kind.REPLY, m.payload) for m in bridge.messages]
    return Counter(id_ for id_, _, _ in {(r.id, r.boot, r.eseq) for r in replies if r.state in TERMINAL})


async def test_what_a_kill_interrupted_is_answered_by_the_next_run(mosquitto: TestBroker, tmp_path: Path) -> None:
    with Book(tmp_path / "commands-stirrer1.log") as book:
        book.accept(Reply(id="1", state="accepted", ts=1, name="set", by="alice"))

    disk = Disk()
    async with running(mosquitto, disk), operator(mosquitto) as bridge:
        for _ in range(2):
            async with serving(mosquitto, tmp_path, Device()) as edge:
                await bridge.end("1")
                await eventually(lambda: not edge._outbox.waiting)

        end = bridge.replies("1")[0]
        assert end.error is not None
        assert (end.state, end.error.code, end.name, end.by) == ("failed", "interrupted", "set", "alice")
        assert "outcome is unknown" in end.error.message
        assert _ends(bridge) == {"1": 1}


async def test_killed_between_the_reply_and_the_book_there_is_still_one_end(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    device = Device()
    await mosquitto.stop()
    async with agent(mosquitto, tmp_path) as edge:
        stirrer = edge.instrument("stirrer1", META, device.execute)
        accepted = Reply(id="1", state="accepted", ts=1, name="set")
        edge._commands["stirrer1"]._book.accept(accepted)
        stirrer.reply(Reply(id="1", state="done", ts=2, name="set"))  # spooled; then the kill

    await mosquitto.start()
    disk = Disk()
    async with (
        running(mosquitto, disk),
        operator(mosquitto) as bridge,
        serving(mosquitto, tmp_path, device) as again,
    ):
        await eventually(lambda: not again._outbox.waiting)
        end = await bridge.end("1")

    assert end.state == "done"
    assert _ends(bridge) == {"1": 1}


async def test_every_state_is_stored_even_with_the_broker_away(mosquitto: TestBroker, tmp_path: Path) -> None:
    device, disk = Device(), Disk()
    async with running(mosquitto, disk), serving(mosquitto, tmp_path, device) as edge:
        async with operator(mosquitto) as bridge:
            bridge.send("1", "slow")
            await device.begun.wait()
        await mosquitto.kill()
        device.go.set()
        await eventually(lambda: device.done)
        await mosquitto.start()

        await eventually(lambda: disk.events.get(("stirrer1", edge.boot)) == Ranges([(0, 3)]))
