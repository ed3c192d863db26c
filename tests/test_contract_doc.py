"""docs/contract.md says what the code does: topics, fields, codes, keys; and its examples run."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from broker.client import Client, Message
from broker.config import BrokerConfig
from broker.messages import TYPES, Command, Data, Reply, decode, encode
from broker.schema import channels
from broker.topics import Kind, Topics
from tests.support.broker import TestBroker, password
from tests.support.waiting import eventually

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
ENDS = ("failed", "rejected", "expired")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """From one heading to the next."""
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/contract.md has no heading {title!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    rules = [k for k, line in enumerate(cells) if set("".join(line)) <= set("-")]
    heads = {k - 1 for k in rules} | set(rules)
    return [line for k, line in enumerate(cells) if k not in heads]


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def fields_of(type_: Any, where: str = "") -> Iterator[str]:
    """Every field of a message as the page names it: ``hold[].boot``, ``channels.*.unit``."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        for field in msgspec.structs.fields(type_):
            name = f"{where}.{field.encode_name}" if where else field.encode_name
            yield name
            yield from fields_of(field.type, name)
        return
    step = {list: "[]", dict: ".*" if where else "*"}.get(getattr(type_, "__origin__", type_), "")
    for inner in get_args(type_):
        yield from fields_of(inner, where + step)


def test_the_table_of_topics() -> None:
    expected = [
        [
            f"`{c.address}`",
            str(c.kind),
            f"{c.sender} → {c.reader}",
            str(c.qos),
            "yes" if c.retain else "no",
            c.expiry,
            c.what,
        ]
        for c in channels(Topics())
    ]

    assert rows(section("Topics")) == expected


@pytest.mark.parametrize("kind", list(Kind))
def test_every_field_of_a_message_and_no_other(kind: Kind) -> None:
    tables = [row for row in rows(section(str(kind))) if row[0] not in ENDS]
    told = {name for row in tables for name in quoted(row[0])}

    assert told == set(fields_of(TYPES[kind]))


@pytest.mark.parametrize("kind", list(Kind))
def test_the_examples_in_json_are_messages(kind: Kind) -> None:
    examples = re.findall(r"^```json\n(.*?)^```$", section(str(kind)), re.MULTILINE | re.DOTALL)

    for example in examples:
        decode(kind, example.encode())
    if kind in (Kind.DATA, Kind.BLOCK, Kind.LAST, Kind.META, Kind.STATUS, Kind.CMD, Kind.REPLY, Kind.COMMIT):
        assert examples


def test_every_reason_for_not_executing_a_command() -> None:
    sources = [ROOT / "broker" / "commands.py", ROOT / "broker" / "execution.py", *(ROOT / "edge").rglob("*.py")]
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    codes = set(re.findall(r'(?:_rejected\(|code=|CommandFailed\()"(\w+)"', text))

    told = {name for row in rows(section("cmd")) if row[0] in ENDS for name in quoted(row[1])}
    assert len(codes) >= 18
    assert codes - told == set()


def test_every_key_of_the_broker_and_its_default() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in rows(section("Connecting"))}

    defaults = {key: getattr(BrokerConfig(), key) for key in BrokerConfig.__struct_fields__}
    assert told == {key: "false" if value is False else str(value) for key, value in defaults.items()}


# --- the small clients ------------------------------------------------------------------------------------------------


class Program:
    """One example of the page as a process of its own, with a broker and a user in its environment."""

    def __init__(self, code: str, broker: TestBroker, user: str) -> None:
        self._code = code
        self._env = os.environ | {
            "LABWIRE_BROKER_PORT": str(broker.port),
            "LABWIRE_BROKER_USER": user,
            "LABWIRE_BROKER_PASSWORD": password(user),
        }

    async def __aenter__(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", self._code, env=self._env, stdout=asyncio.subprocess.PIPE
        )
        return self._process

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()


def test_there_are_three_small_clients() -> None:
    assert len(PROGRAMS) == 3


async def test_the_client_that_prints_every_value(mosquitto: TestBroker) -> None:
    edge = Client(mosquitto.config("edge-pi"), "edge-pi")
    async with edge, Program(PROGRAMS[0], mosquitto, "viewer") as process:
        printed = asyncio.create_task(line(process))

        def said() -> bool:
            """Published again and again: the program does not tell when it has subscribed."""
            edge.publish(Topics().of("i0", Kind.DATA), encode(Data(ts=5, values={"t": 1.5})))
            return printed.done()

        await eventually(said, timeout=30, every=0.1)
        assert await printed == "lab/i0/data 5 {'t': 1.5}"


async def test_the_client_that_sends_a_command(mosquitto: TestBroker) -> None:
    topics = Topics()
    async with Client(mosquitto.config("edge-pi"), "edge-pi") as edge:
        edge.subscribe(topics.cmd_by("stirrer1", "+"), retain_handling=2)
        await edge.subscribed()
        async with Program(PROGRAMS[1], mosquitto, "anna") as process:
            message = (await asyncio.wait_for(edge.batch(), 30))[0]
            command: Command = decode(Kind.CMD, message.payload)
            accepted = Reply(id=command.id, state="accepted", ts=command.ts or 0)
            done = Reply(id=command.id, state="done", ts=command.ts or 0, result={"value": 450.0})
            for reply in (accepted, done):
                await edge.publish(topics.of("stirrer1", Kind.REPLY), encode(reply))

            assert await line(process) == "accepted"
            assert await line(process) == "done {'value': 450.0}"
            assert await process.wait() == 0
    assert (message.topic, message.retain, message.expiry_s) == ("lab/stirrer1/cmd/anna", False, 5)
    assert command.args == {"value": 450}


async def test_the_client_that_is_an_instrument(mosquitto: TestBroker) -> None:
    topics = Topics()
    async with Client(mosquitto.config("viewer"), "viewer") as viewer:
        viewer.subscribe(topics.all_of(Kind.DATA))
        viewer.subscribe(topics.all_of(Kind.META))
        await viewer.subscribed()
        async with Program(PROGRAMS[2], mosquitto, "edge-pi") as process:
            assert await asyncio.wait_for(process.wait(), 30) == 0
        found: list[Message] = []
        while len(found) < 4:
            found += await asyncio.wait_for(viewer.batch(), 10)

    meta = [decode(Kind.META, m.payload) for m in found if m.topic == topics.of("i0", Kind.META)]
    data = [decode(Kind.DATA, m.payload) for m in found if m.topic == topics.of("i0", Kind.DATA)]
    assert [m.name for m in meta] == ["Thermometer"]
    assert [d.values for d in data] == [{"temp": 21.4}, {"temp": 21.41}, {"temp": 21.42}]
