"""Our users' own scripts: paho-mqtt and aiomqtt as plain users of the broker."""

import asyncio
import queue
import time

import aiomqtt
import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.broker import password
from tests.support.waiting import eventually
from tests.system.lab import POLL, Lab

NAME = "i0"


async def start(lab: Lab) -> None:
    await lab.simulate(f"counter:{NAME}")
    await lab.edge(POLL.format(name=NAME, port=lab.lines / NAME))
    await eventually(lambda: len(lab.sent(NAME)) > 5, 30, "polls", every=0.1)


def command(text: str) -> bytes:
    message = {"id": f"id-{text}", "ts": int(time.time() * 1000), "name": "set", "args": {"text": text}}
    return msgspec.json.encode(message)


@pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5], ids=["3.1.1", "5"])
@pytest.mark.parametrize("qos", [0, 1])
async def test_paho_reads_data_and_sends_a_command(lab: Lab, version: int, qos: int) -> None:
    await start(lab)

    values, states = await asyncio.to_thread(talk_with_paho, lab.broker.port, version, qos)

    assert values == list(range(values[0], values[0] + 5))
    assert states == ["accepted", "done"]
    assert sum(b"SET paho" in line for line in lab.on_the_line(NAME, "<")) == 1


def talk_with_paho(port: int, version: int, qos: int) -> tuple[list[int], list[str]]:
    """Five values of the counter, and the states of a command."""
    arrived: queue.Queue[paho.MQTTMessage] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2, "script", protocol=MQTTProtocolVersion(version))
    client.username_pw_set("anna", password("anna"))
    client.on_message = lambda _c, _u, message: arrived.put(message)
    client.on_connect = lambda c, *_: c.subscribe([("lab/+/data", qos), ("lab/+/reply", qos)])
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        return conversation(client, arrived, qos)
    finally:
        client.disconnect()
        client.loop_stop()


def conversation(
    client: paho.Client, arrived: "queue.Queue[paho.MQTTMessage]", qos: int
) -> tuple[list[int], list[str]]:
    values: list[int] = []
    states: list[str] = []
    for message in iter(lambda: arrived.get(timeout=20), None):
        said = msgspec.json.decode(message.payload)
        if message.topic.endswith("/data"):
            values.append(said["values"]["n"])
            if len(values) == 5:
                client.publish(f"lab/{NAME}/cmd/anna", command("paho"), qos=qos)
        else:
            states.append(said["state"])
        if "done" in states:
            break
    return values[:5], states


@pytest.mark.parametrize("version", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
async def test_aiomqtt_reads_data_and_sends_a_command(lab: Lab, version: aiomqtt.ProtocolVersion) -> None:
    await start(lab)
    async with aiomqtt.Client(
        "127.0.0.1", lab.broker.port, username="anna", password=password("anna"), protocol=version
    ) as client:
        await client.subscribe("lab/+/data")
        await client.subscribe("lab/+/reply", qos=1)
        await client.publish(f"lab/{NAME}/cmd/anna", command("aiomqtt"), qos=1)
        states: list[str] = []
        values: list[int] = []
        async with asyncio.timeout(20):
            async for message in client.messages:
                said = msgspec.json.decode(bytes(message.payload))
                if message.topic.matches("lab/+/reply"):
                    states.append(said["state"])
                else:
                    values.append(said["values"]["n"])
                if "done" in states and len(values) > 2:
                    break

    assert states == ["accepted", "done"]
    assert values == sorted(values)
