"""The edge with a real broker: pseudo-terminal → edge → Mosquitto → a plain user, and commands back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.client import Client
from broker.messages import TERMINAL, Block, Command, Data, Meta, Reply, Status, Value, decode, encode
from broker.topics import Kind, Topics
from edge.config import read_config
from edge.examples import counter_table
from edge.service import serve
from edge.simulators.i2c_bus import simulating_buses
from edge.simulators.journal import read_journal
from edge.simulators.kinds import parse_word
from edge.simulators.run import Simulated, simulating
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

TOPICS = Topics()


class Heard:
    """What a user of the broker gets to see, decoded."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.data: list[Data] = []
        self.blocks: list[Block] = []
        self.states: list[Status] = []
        self.metas: list[Meta] = []
        self.replies: list[Reply] = []

    async def listen(self) -> None:
        into = {Kind.DATA: self.data, Kind.BLOCK: self.blocks, Kind.STATUS: self.states, Kind.META: self.metas,
                Kind.REPLY: self.replies}  # fmt: skip
        for kind in into:
            self._client.subscribe(TOPICS.all_of(kind))
        async for message in self._client.messages:
            topic = TOPICS.parse(message.topic)
            if topic is not None and message.payload:
                into[topic.kind].append(decode(topic.kind, message.payload))  # type: ignore[attr-defined]
            self._client.ack(message)

    @property
    def state(self) -> str:
        return self.states[-1].state if self.states else ""

    async def command(self, instrument: str, command: Command) -> Reply:
        self._client.publish(TOPICS.cmd_by(instrument, "anna"), encode(command), expiry_s=10)

        def ended() -> list[Reply]:
            return [r for r in self.replies if r.id == command.id and r.state in TERMINAL]

        return (await eventually(ended))[0]


def counts(heard: Heard, name: str = "count") -> list[Value]:
    return [d.values[name] for d in heard.data if name in d.values] + [v for b in heard.blocks for v in b.cols[name]]


def consecutive(values: list[Value]) -> list[Value]:
    """As many numbers from the first on: what came before the broker was reached comes late, as history."""
    first = int(str(values[0]))
    return list(range(first, first + len(values)))


@asynccontextmanager
async def lab(mosquitto: TestBroker, folder: Path, tables: str, words: list[str]) -> AsyncIterator[
    tuple[Heard, dict[str, Simulated]]
]:  # fmt: skip
    broker = mosquitto.config("edge-pi")
    (folder / "edge.toml").write_text(
        f'[edge]\nname = "pi"\ndata_dir = "data"\n[broker]\nport = {broker.port}\nuser = "edge-pi"\n'
        f'password_file = "{broker.password_file}"\n' + tables
    )
    stop = asyncio.Event()
    async with (
        simulating([parse_word(w) for w in words], folder / "lines", folder / "journal") as sims,
        Client(mosquitto.config("anna"), "anna") as client,
        asyncio.TaskGroup() as tasks,
    ):
        heard = Heard(client)
        listening = tasks.create_task(heard.listen())
        serving = tasks.create_task(serve(read_config(folder / "edge.toml"), stop))
        yield heard, sims
        stop.set()
        await serving
        listening.cancel()


async def test_polled_values_arrive_as_data_and_commands_go_back(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with lab(mosquitto, tmp_path, counter_table("i0", tmp_path / "lines", 50), ["counter:i0"]) as (heard, _):
        await eventually(lambda: len(heard.data) > 5)
        reply = await heard.command("i0", Command(id="1", name="set", args={"text": "hello"}))
        refused = await heard.command("i0", Command(id="2", name="set", args={"text": "never\r\nSET x"}))
        wrong = await heard.command("i0", Command(id="3", name="unset"))
    journal = list(read_journal(tmp_path / "journal"))

    assert counts(heard) == consecutive(counts(heard))
    assert heard.metas[-1].channels["count"].type == "int"
    assert {s.state for s in heard.states} >= {"online", "offline"}
    assert (reply.state, reply.result) == ("done", {"text": "hello"})
    assert refused.state == "failed"
    assert wrong.state == "rejected"
    assert [e.data for e in journal if e.direction == "<" and b"SET" in e.data] == [b"SET hello\r\n"]


async def test_a_fast_stream_arrives_complete_and_in_blocks(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with lab(mosquitto, tmp_path, counter_table("i1", tmp_path / "lines"), ["counter:i1@400"]) as (heard, _):
        await eventually(lambda: len(counts(heard)) > 400, timeout=20)
    values = counts(heard)

    assert sum(b.n for b in heard.blocks) > 0.95 * len(values)
    assert values == list(range(int(str(values[0])), int(str(values[0])) + len(values))), (
        "missing, double or disordered"
    )


async def test_unplugged_is_offline_and_a_command_then_fails_without_a_byte(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    tables = counter_table("i0", tmp_path / "lines", 50)
    async with lab(mosquitto, tmp_path, tables, ["counter:i0"]) as (heard, sims):
        await eventually(lambda: heard.data)
        sims["i0"].tell("unplug")
        await eventually(lambda: heard.state == "offline")
        reply = await heard.command("i0", Command(id="1", name="set", args={"text": "meanwhile"}))
        seen = len(heard.data)
        sims["i0"].tell("plug")
        await eventually(lambda: len(heard.data) > seen and heard.state == "online", timeout=20)

    assert reply.error is not None
    assert (reply.state, reply.error.code) == ("failed", "offline")
    assert not [e for e in read_journal(tmp_path / "journal") if b"meanwhile" in e.data and e.direction == "<"]


async def test_a_mistake_of_a_driver_ends_the_edge(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("a typo in a parser")

    monkeypatch.setattr("edge.line.instrument.read", broken)
    with pytest.raises(BaseExceptionGroup) as ended:
        async with lab(mosquitto, tmp_path, counter_table("i0", tmp_path / "lines", 50), ["counter:i0"]):
            await asyncio.sleep(10)
    assert ended.group_contains(ZeroDivisionError, match="a typo in a parser")


SENSOR = """
[[instrument]]
name = "i0"
driver = "sht3x"
port = "i2c:{bus}@0x44"
serial = "2a5b0c11"
simulated = true
options.every_ms = 100
"""


async def test_a_sensor_on_a_bus_arrives_and_is_missed(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with (
        simulating_buses(["i2c1"], tmp_path) as buses,
        lab(mosquitto, tmp_path, SENSOR.format(bus=tmp_path / "i2c1"), []) as (heard, _),
    ):
        await eventually(lambda: len(heard.data) > 3)
        buses["i2c1"].tell("silent", "0x44")
        await eventually(lambda: "nothing answers at 0x44" in heard.states[-1].reason)
        buses["i2c1"].tell("normal")
        await eventually(lambda: heard.state == "online")

    assert heard.metas[-1].serial == "2a5b0c11"
    assert heard.metas[-1].channels["temperature"].unit == "°C"
    assert all(15 < float(str(t)) < 30 for t in counts(heard, "temperature"))
