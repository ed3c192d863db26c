"""Commands through the whole system: the bytes on the line, the reply, and what never gets there."""

import asyncio
import time

import aiomqtt
import httpx
import msgspec
import pytest

from broker.messages import Command, Reply
from tests.support.broker import password
from tests.support.waiting import eventually
from tests.system.lab import POLL, Lab

NAME = "i0"


async def start(lab: Lab) -> None:
    await lab.simulate(f"counter:{NAME}")
    await lab.logger()
    await lab.edge(POLL.format(name=NAME, port=lab.lines / NAME))
    await lab.bridge()
    await eventually(lambda: known(lab), 30, "the instrument online at the bridge", every=0.1)


async def known(lab: Lab) -> bool:
    async with lab.http() as http:
        return [i["state"] for i in (await http.get("/api/instruments")).json() if i["instrument"] == NAME] == [
            "online"
        ]


async def send(lab: Lab, text: str, who: str = "anna", **more: object) -> httpx.Response:
    async with lab.http(who) as http:
        body = {"name": "set", "args": {"text": text}, **more}
        return await http.post(f"/api/instruments/{NAME}/commands", json=body)


def received(lab: Lab, text: str) -> int:
    """How often the bytes of a command were on the line."""
    return sum(text.encode() in line for line in lab.on_the_line(NAME, "<"))


async def test_a_command_reaches_the_line_and_its_reply_comes_back(lab: Lab) -> None:
    await start(lab)

    answer = await send(lab, "hello")

    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "done"
    assert received(lab, "SET hello") == 1
    replies = await eventually(lambda: terminal_replies(lab), 20, "the reply in the log", every=0.2)
    assert [(r.name, r.by, r.args) for r in replies] == [("set", "anna", {"text": "hello"})]


async def terminal_replies(lab: Lab) -> list[Reply]:
    said = await lab.labwire("log", "-c", str(lab.folder / "logger.toml"), "--topic", f"lab/{NAME}/reply", "--json")
    replies = [msgspec.convert(e, LogLine) for e in map(msgspec.json.decode, said.splitlines())]
    found = [msgspec.json.decode(e.payload, type=Reply) for e in replies]
    return [r for r in found if r.state == "done"]


class LogLine(msgspec.Struct):
    topic: str
    payload: str


async def test_a_viewer_cannot_command(lab: Lab) -> None:
    await start(lab)

    answer = await send(lab, "forbidden", who="victor")

    assert answer.status_code == 403
    assert received(lab, "forbidden") == 0


async def test_wrong_arguments_are_rejected_by_the_edge(lab: Lab) -> None:
    await start(lab)
    async with lab.http() as http:
        answer = await http.post(f"/api/instruments/{NAME}/commands", json={"name": "set", "args": {"text": 5}})

    assert answer.json()["state"] == "rejected"
    assert "text" in answer.json()["error"]["message"]


async def test_a_command_while_the_edge_was_away_ends_as_no_answer_and_never_runs(lab: Lab) -> None:
    await start(lab)
    lab.proxy.refusing = True
    lab.proxy.cut()

    answer = await send(lab, "too-late", ttl_ms=1000)
    lab.proxy.refusing = False
    marker = await eventually(lambda: sent_after(lab), 60, "a command that works again", every=0.5)

    assert answer.json()["state"] == "no_answer"
    assert marker
    assert received(lab, "too-late") == 0


async def sent_after(lab: Lab) -> bool:
    answer = await send(lab, "marker", ttl_ms=2000)
    return answer.status_code == 200 and answer.json()["state"] == "done"


def command(text: str, id_: str, **more: object) -> bytes:
    message = Command(id=id_, ts=int(time.time() * 1000), name="set", args={"text": text})
    return msgspec.json.encode(msgspec.structs.replace(message, **more))


def person(lab: Lab, user: str = "anna") -> aiomqtt.Client:
    """Somebody's own script, on a library of their choice."""
    return aiomqtt.Client(
        "127.0.0.1", lab.broker.port, username=user, password=password(user), protocol=aiomqtt.ProtocolVersion.V5
    )


async def next_reply(client: aiomqtt.Client, id_: str) -> Reply:
    """The terminal reply to a command; the messages before it are passed over."""
    async with asyncio.timeout(20):
        async for message in client.messages:
            reply = msgspec.json.decode(bytes(message.payload), type=Reply)
            if reply.id == id_ and reply.state in ("done", "failed", "rejected", "expired"):
                return reply
    raise AssertionError("the client was closed")


async def test_a_repeated_command_runs_once_and_gets_the_same_answer(lab: Lab) -> None:
    await start(lab)
    async with person(lab) as client:
        await client.subscribe(f"lab/{NAME}/reply", qos=1)
        states = []
        for _ in range(3):
            await client.publish(f"lab/{NAME}/cmd/anna", command("once", "id-1"), qos=1)
            states.append((await next_reply(client, "id-1")).state)

    assert states == ["done"] * 3
    assert received(lab, "SET once") == 1


@pytest.mark.parametrize(
    ("payload", "retain", "code"),
    [
        (lambda: command("kept", "id-2"), True, "retained"),
        (lambda: command("old", "id-3", ts=int(time.time() * 1000) - 10_000), False, "expired"),
        (lambda: command("future", "id-4", ts=int(time.time() * 1000) + 10_000), False, "clock"),
        (lambda: command("unknown", "id-5", name="explode"), False, "unknown"),
    ],
    ids=["retained", "old", "future", "unknown"],
)
async def test_refused_commands_say_why_and_never_reach_the_line(
    lab: Lab, payload: object, retain: bool, code: str
) -> None:
    await start(lab)
    data = payload() if callable(payload) else b""
    id_ = msgspec.json.decode(data)["id"]
    async with person(lab) as client:
        await client.subscribe(f"lab/{NAME}/reply", qos=1)
        await client.publish(f"lab/{NAME}/cmd/anna", data, qos=1, retain=retain)
        reply = await next_reply(client, id_)

    assert reply.state in ("rejected", "expired")
    assert reply.error is not None
    assert code in f"{reply.state} {reply.error.code}"
    assert received(lab, "SET") == 0


async def test_by_is_the_authenticated_name_whatever_the_message_claims(lab: Lab) -> None:
    await start(lab)
    async with person(lab) as client:
        await client.subscribe(f"lab/{NAME}/reply", qos=1)
        await client.publish(f"lab/{NAME}/cmd/anna", command("whose", "id-6", by="the boss"), qos=1)
        reply = await next_reply(client, "id-6")

    assert (reply.by, reply.via) == ("anna", "mqtt")


async def test_an_interrupted_command_is_told_after_the_restart(lab: Lab) -> None:
    """The edge is killed while the instrument owes the answer: the outcome is unknown, and said so."""
    await start(lab)
    lab.tell(NAME, "silent")
    async with person(lab) as client:
        await client.subscribe(f"lab/{NAME}/reply", qos=1)
        await client.publish(f"lab/{NAME}/cmd/anna", command("half", "id-7"), qos=1)
        await eventually(lambda: received(lab, "SET half"), 20, "the bytes on the line")
        await lab.programs["edge"].kill()
        await lab.programs["edge"].restart()
        reply = await next_reply(client, "id-7")

    assert (reply.state, reply.error and reply.error.code) == ("failed", "interrupted")
    assert received(lab, "SET half") == 1
