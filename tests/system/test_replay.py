"""The flight recorder: what a laboratory did is shown below another root, by a bridge that knows no difference."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.client import Client
from broker.messages import Block, decode
from broker.topics import Kind, Topics
from tests.bridge_ws.bench import Bridge, PageClient, bridge, points
from tests.support.broker import TestBroker
from tests.support.waiting import eventually
from tests.system.lab import POLL, STREAM, Lab

STAGE = Topics("replay")


@pytest.fixture
async def recorded(lab: Lab) -> Lab:
    """A laboratory that has run for a while: a fast counter, a polled one, a command, a note. Everything is stored."""
    await lab.simulate("counter:i0@200", "counter:i1")
    await lab.logger()
    await lab.edge(STREAM.format(name="i0", port=lab.lines / "i0"), POLL.format(name="i1", port=lab.lines / "i1"))
    await lab.bridge()
    await eventually(lambda: len(lab.sent("i0")) > 200 and len(lab.sent("i1")) > 5, 60, "samples")
    async with lab.http() as http:

        async def there() -> bool:
            return {i["instrument"] for i in (await http.get("/api/instruments")).json() if i["meta"]} == {"i0", "i1"}

        await eventually(there, 30, "both instruments")
        answer = await http.post("/api/instruments/i1/commands", json={"name": "set", "args": {"text": "hello"}})
        assert answer.json()["state"] == "done", answer.text
        await http.post("/api/notes", json={"text": "this was a note"})
    for name in ("i0", "i1"):
        lab.tell(name, "silent")

    async def stored() -> bool:
        lines = [line for name in ("i0", "i1") for line in await lab.ledger(name)]
        return all(line["complete"] for line in lines)

    await eventually(stored, 60, "everything stored", every=0.5)
    for name in ("edge", "bridge", "logger"):
        await lab.programs[name].end()
    replay = f'history_db = "logger/labwire.db"\n[broker]\nport = {lab.broker.port}\nuser = "replay-main"\n'
    secret = lab.broker.config("replay-main").password_file
    (lab.folder / "replay.toml").write_text(f'{replay}password_file = "{secret}"\n')
    return lab


@asynccontextmanager
async def theatre(broker: TestBroker, folder: Path) -> AsyncIterator[Bridge]:
    """A second bridge whose root is the stage."""
    config = msgspec.structs.replace(broker.config("bridge-replay"), root="replay")
    async with bridge(
        broker, folder / "theatre", user="bridge-replay", broker=config, name="replay", stored_by=""
    ) as b:
        yield b


async def replayed(lab: Lab, *args: str) -> None:
    await lab.labwire("replay", "-c", str(lab.folder / "replay.toml"), *args)


def stamps(rows: list[dict[str, str]]) -> list[tuple[float, float]]:
    return sorted((float(r["t_us"]), float(r["n"])) for r in rows)


async def until(page: PageClient, **wanted: object) -> dict[str, object]:
    """The message with these keys, among those that have come and those that will."""
    for message in page.seen:
        if all(message.get(k) == v for k, v in wanted.items()):
            return message
    return await page.until(**wanted)


async def test_a_second_bridge_shows_the_same_samples(recorded: Lab, mosquitto: TestBroker) -> None:
    expected = {name: stamps(await recorded.exported(name)) for name in ("i0", "i1")}
    heard: list[str] = []
    async with (
        Client(mosquitto.config("viewer"), "watches-the-laboratory") as viewer,
        Client(mosquitto.config("bridge-replay"), "watches-the-stage") as watcher,
        theatre(mosquitto, recorded.folder) as b,
        b.page() as page,
    ):
        viewer.subscribe(Topics().everything(), retain_handling=2)
        watcher.subscribe(STAGE.all_of(Kind.CMD))
        await viewer.subscribed()
        await watcher.subscribed()
        for k, kind in enumerate((Kind.DATA, Kind.BLOCK)):
            await page.send(op="sub", id=k, filter=STAGE.all_of(kind), encoding="json")
        await page.send(op="sub", id=9, filter=STAGE.all_of(Kind.DATA), mode="samples")
        await replayed(recorded, "--speed", "max")
        got: dict[str, set[tuple[float, float]]] = {"i0": set(), "i1": set()}  # sets: resent blocks are shown too
        while sum(map(len, got.values())) < sum(map(len, expected.values())):
            _take(got, await page.until(op="message"))
        assert {name: sorted(rows) for name, rows in got.items()} == expected
        await until(page, op="frame")
        drawn = _drawn(page)  # from when the page has heard of the channel
        assert drawn
        assert drawn <= {(name, t, v) for name, rows in expected.items() for t, v in rows}

        shown = await until(page, op="event", kind="command")
        assert (shown["instrument"], shown["by"]) == ("i1", "anna")
        assert shown["text"] == "command shown, not sent: set text hello"
        assert (await until(page, op="reply"))["state"] == "done"
        assert (await until(page, op="note"))["text"] == "this was a note"
        for client in (viewer, watcher):
            heard += await _heard(client)
    assert heard == []


def _take(got: dict[str, set[tuple[float, float]]], message: dict[str, Any]) -> None:
    topic = STAGE.parse(message["topic"])
    assert topic is not None
    said = decode(topic.kind, json.dumps(message["payload"]).encode())
    if isinstance(said, Block):
        got[topic.name].update(zip(map(float, said.times_us()), said.cols["n"], strict=True))  # type: ignore[arg-type]
    else:
        got[topic.name].add((float(said.t_us), said.values["n"]))


def _drawn(page: PageClient) -> set[tuple[str, float, float]]:
    """What came as binary frames: instrument, µs, value."""
    numbers = {n: instrument for (instrument, channel), n in page.channels.items() if channel == "n"}
    parts = [part for m in page.seen if m["op"] == "frame" for part in m["parts"] if part.header.n in numbers]
    return {(numbers[part.header.n], t, v) for part in parts for t, v in points(part)}


async def _heard(client: Client) -> list[str]:
    try:
        async with asyncio.timeout(0.5):
            return [m.topic for m in await client.batch()]
    except TimeoutError:
        return []


async def test_moved_to_now_the_page_takes_it_for_live(recorded: Lab, mosquitto: TestBroker) -> None:
    """Twice: a second replay is no repetition of the first."""
    last = (await recorded.stored("i0"))[-1]
    async with theatre(mosquitto, recorded.folder) as b, b.http() as http:
        for _ in range(2):
            async with b.page() as page:
                await page.send(op="sub", id=1, filter="replay/i0/data")
                await replayed(recorded, "--speed", "20", "--shift-now")
                await page.value("i0", "n", last)
                described = {i["instrument"]: i for i in (await http.get("/api/instruments")).json()}
        assert described["i0"]["meta"]["channels"]["n"]["label"] == "Counter"
        assert described["i0"]["age_ms"] < 60_000


async def test_it_pauses_says_how_far_it_is_and_is_cleared(recorded: Lab, mosquitto: TestBroker) -> None:
    async with Client(mosquitto.config("bridge-replay"), "watches") as watcher:
        watcher.subscribe(STAGE.service_status("replay", "main"))
        await watcher.subscribed()
        program = await recorded.run("replay", "replay", "-c", str(recorded.folder / "replay.toml"), "--speed", "0.01")
        status = await _status(watcher, "online")
        assert status["figures"]["from_ms"] <= status["figures"]["position_ms"] < status["figures"]["to_ms"]  # type: ignore[index]
        assert program.process is not None
        program.process.send_signal(signal.SIGUSR1)
        assert str((await _status(watcher, "online", "paused"))["reason"]).startswith("paused at 20")
        await program.end()
        await _status(watcher, "offline")
    await replayed(recorded, "--clear")
    async with Client(mosquitto.config("bridge-replay"), "looks") as looks:
        looks.subscribe(STAGE.all_of(Kind.META))
        await looks.subscribed()
        assert await _heard(looks) == []


async def _status(client: Client, state: str, reason: str = "") -> dict[str, object]:
    async with asyncio.timeout(20):
        async for message in client.messages:
            status = json.loads(message.payload)
            if status["state"] == state and reason in status.get("reason", ""):
                return dict(status)
    raise AssertionError("the client was closed")


async def test_it_refuses_what_looks_like_a_laboratory(recorded: Lab, mosquitto: TestBroker) -> None:
    for prefix, says in (("lab", "the laboratory itself"), ("lab/x", "the laboratory itself")):
        with pytest.raises(AssertionError, match=says):
            await replayed(recorded, "--prefix", prefix)
    text = (recorded.folder / "replay.toml").read_text()
    (recorded.folder / "replay.toml").write_text(f'{text}root = "other"\n')
    with pytest.raises(AssertionError, match="has recorded a laboratory below it"):
        await replayed(recorded, "--prefix", "lab")
