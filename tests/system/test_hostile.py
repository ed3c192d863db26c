"""What anybody may throw at the system: it is counted and logged, and everything else goes on."""

import asyncio
from typing import Any

import aiomqtt
import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.broker import password
from tests.support.waiting import eventually
from tests.system.lab import STREAM, Lab

NAME = "i0"
GARBAGE = {
    "not JSON": b"\xff\xfe{not json",
    "empty": b"",
    "a number": b"42",
    "wrong types": b'{"ts":"now","values":[1]}',
    "NaN": b'{"ts":1795219199123,"values":{"n":NaN}}',
    "deep": b"[" * 100_000,
    "huge number": b'{"ts":1795219199123,"values":{"n":1e999}}',
    "invalid UTF-8 inside": b'{"ts":1795219199123,"values":{"n":"\xc3\x28"}}',
    "block that lies about its rows": b'{"boot":"b","seq":0,"n":5,"t0_us":1,"dt_us":1,"cols":{"n":[1]}}',
    "nanoseconds": b'{"ts":1795219199123456789,"values":{"n":1}}',
}


async def start(lab: Lab) -> None:
    await lab.simulate(f"counter:{NAME}@50")
    await lab.logger()
    await lab.edge(STREAM.format(name=NAME, port=lab.lines / NAME))
    await lab.bridge()
    await eventually(lambda: lab.database.exists() and len(lab.sent(NAME)) > 50, 30, "samples", every=0.2)


def edge_user(lab: Lab, id_: str = "stranger") -> aiomqtt.Client:
    """A broken program that has an edge's password."""
    return aiomqtt.Client(
        "127.0.0.1", lab.broker.port, username="edge-pi", password=password("edge-pi"), identifier=id_,
        protocol=aiomqtt.ProtocolVersion.V5,
    )  # fmt: skip


async def figures(lab: Lab) -> dict[str, Any]:
    """What the logger says of itself."""
    async with aiomqtt.Client(
        "127.0.0.1", lab.broker.port, username="viewer", password=password("viewer"), identifier="viewer"
    ) as client:
        await client.subscribe("lab/_sys/logger/main/status")
        async with asyncio.timeout(40):
            async for message in client.messages:
                found: dict[str, Any] = msgspec.json.decode(bytes(message.payload))["figures"]
                return found
    raise AssertionError("the client was closed")


async def goes_on(lab: Lab) -> None:
    """Samples still arrive in the store, and every program lives."""
    before = len(await lab.stored(NAME))

    async def more() -> bool:
        return len(await lab.stored(NAME)) > before + 50

    await eventually(more, 30, "more samples stored", every=0.5)
    assert all(p.alive for p in lab.programs.values())


async def test_garbage_on_every_topic_is_counted_and_the_rest_goes_on(lab: Lab) -> None:
    await start(lab)
    async with edge_user(lab) as client:
        for kind in ("data", "block", "meta", "status", "reply", "event", "last"):
            for payload in GARBAGE.values():
                await client.publish(f"lab/i1/{kind}", payload, qos=1)

    await goes_on(lab)
    counted = await eventually(lambda: counts(lab), 60, "the garbage counted in the logger's status", every=1)
    assert counted >= 5 * (len(GARBAGE) - 2)
    said = await lab.labwire("log", "-c", str(lab.folder / "logger.toml"), "--topic", "lab/i1/data", "--json")
    assert len(said.splitlines()) == len(GARBAGE)


async def counts(lab: Lab) -> int:
    return int((await figures(lab)).get("undecodable", 0))


async def test_ten_megabytes_end_the_sender_and_nobody_else(lab: Lab) -> None:
    await start(lab)
    client = paho.Client(CallbackAPIVersion.VERSION2, "flood", protocol=paho.MQTTv311)
    client.username_pw_set("edge-pi", password("edge-pi"))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_disconnect(*_: object) -> None:
        loop.call_soon_threadsafe(ended.set)

    client.on_disconnect = on_disconnect
    client.connect("127.0.0.1", lab.broker.port)
    client.loop_start()
    client.publish("lab/i1/data", b"x" * 10_000_000, qos=0)

    async with asyncio.timeout(20):
        await ended.wait()
    await asyncio.to_thread(client.loop_stop)
    await goes_on(lab)


async def test_a_topic_that_is_not_utf8_ends_the_sender_and_nobody_else(lab: Lab) -> None:
    await start(lab)
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.broker.port)
    user, secret = b"edge-pi", password("edge-pi").encode()
    body = b"\0\4MQTT\4\xc2\0\x3c\0\3raw" + b"".join(len(x).to_bytes(2, "big") + x for x in (user, secret))
    writer.write(b"\x10" + bytes([len(body)]) + body)
    assert (await reader.readexactly(4))[3] == 0
    topic = b"lab/i1/\xc3\x28"
    writer.write(b"\x30" + bytes([2 + len(topic) + 1]) + len(topic).to_bytes(2, "big") + topic + b"x")

    assert await asyncio.wait_for(reader.read(1), 20) == b""
    writer.close()
    await goes_on(lab)


async def test_a_client_without_password_gets_nothing(lab: Lab) -> None:
    await start(lab)
    with pytest.raises(aiomqtt.MqttError, match=r"[Nn]ot authori"):
        async with aiomqtt.Client("127.0.0.1", lab.broker.port, protocol=aiomqtt.ProtocolVersion.V5):
            pass
    async with lab.http("victor") as http:
        http.headers.pop("authorization")
        assert (await http.get("/api/instruments")).status_code == 401
