"""Plain paho-mqtt (3.1.1 and 5) and aiomqtt on the same broker: what users write their own clients with."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from broker.topics import Kind, Topics
from tests.broker.test_client import DATA, LAST, connected, listen, reader, take, writer
from tests.support.broker import TestBroker, password
from tests.support.waiting import eventually

CMD = Topics().of("balance1", Kind.CMD)
REPLY = Topics().of("balance1", Kind.REPLY)

PAHO = pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
QOS = pytest.mark.parametrize("qos", [0, 1])


@contextmanager
def paho_peer(mosquitto: TestBroker, user: str, version: MQTTProtocolVersion) -> Iterator[paho.Client]:
    """A paho client in its own thread; what it hears collects in ``user_data_get()``."""
    heard: list[paho.MQTTMessage] = []
    peer = paho.Client(CallbackAPIVersion.VERSION2, f"paho-{user}", userdata=heard, protocol=version)
    peer.username_pw_set(user, password(user))
    peer.on_message = lambda _client, userdata, message: userdata.append(message)
    peer.connect("127.0.0.1", mosquitto.port)
    peer.loop_start()
    try:
        yield peer
    finally:
        peer.disconnect()
        peer.loop_stop()


def heard(peer: paho.Client) -> list[paho.MQTTMessage]:
    found = peer.user_data_get()
    assert isinstance(found, list)
    return found


async def paho_listens(peer: paho.Client, filter_: str, qos: int) -> None:
    granted: list[int | None] = []
    peer.on_subscribe = lambda _c, _u, mid, *_rest: granted.append(mid)
    await eventually(peer.is_connected)
    _, mid = peer.subscribe(filter_, qos)
    await eventually(lambda: mid in granted)


@PAHO
@QOS
async def test_paho_hears_labwire(mosquitto: TestBroker, version: MQTTProtocolVersion, qos: int) -> None:
    async with writer(mosquitto) as edge:
        with paho_peer(mosquitto, "logger-main", version) as peer:
            await paho_listens(peer, Topics().all_of(Kind.DATA), qos)
            await connected(edge)
            for k in range(300):
                edge.publish(DATA, b"%d \xc2\xb0C" % k, qos=qos, expiry_s=60, correlation=b"\0")
            await eventually(lambda: len(heard(peer)) == 300)

            assert [m.payload for m in heard(peer)] == [b"%d \xc2\xb0C" % k for k in range(300)]
            assert {(m.topic, m.qos, m.retain) for m in heard(peer)} == {(DATA, qos, False)}


@PAHO
@QOS
async def test_labwire_hears_paho(mosquitto: TestBroker, version: MQTTProtocolVersion, qos: int) -> None:
    async with reader(mosquitto) as logger:
        await listen(logger, Topics().all_of(Kind.DATA))
        with paho_peer(mosquitto, "edge-pi", version) as peer:
            await eventually(peer.is_connected)
            for k in range(300):
                peer.publish(DATA, b"%d" % k, qos)
            messages = await take(logger, 300)

    assert [int(m.payload) for m in messages] == list(range(300))
    assert {(m.topic, m.qos, m.retain, m.expiry_s) for m in messages} == {(DATA, qos, False, None)}


@PAHO
async def test_retained_messages_both_ways(mosquitto: TestBroker, version: MQTTProtocolVersion) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await connected(edge)
        await edge.publish(LAST, b"ours", retain=True)
        with paho_peer(mosquitto, "logger-main", version) as peer:
            await paho_listens(peer, LAST, 1)
            await eventually(lambda: heard(peer))
            assert [(m.payload, m.retain) for m in heard(peer)] == [(b"ours", True)]
        with paho_peer(mosquitto, "edge-pi", version) as peer:
            await eventually(peer.is_connected)
            peer.publish(LAST, b"theirs", 1, retain=True).wait_for_publish(10)
        await listen(logger, LAST)
        assert [(m.payload, m.retain) for m in await take(logger, 1)] == [(b"theirs", True)]


async def test_a_command_from_paho_and_its_answer(mosquitto: TestBroker) -> None:
    """Expiry, response topic and correlation data as MQTT 5 has them."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = 5
    properties.ResponseTopic = REPLY
    properties.CorrelationData = b"\x00\xff"
    async with writer(mosquitto) as edge:
        await listen(edge, CMD)
        with paho_peer(mosquitto, "bridge-main", MQTTProtocolVersion.MQTTv5) as peer:
            await paho_listens(peer, REPLY, 1)
            peer.publish(CMD, b"tare", 1, properties=properties)
            (command,) = await take(edge, 1)
            assert (command.response_topic, command.correlation) == (REPLY, b"\x00\xff")
            assert command.expiry_s in (4, 5)
            await edge.publish(REPLY, b"done", correlation=command.correlation, expiry_s=30)
            await eventually(lambda: heard(peer))

            (answer,) = heard(peer)
            assert answer.payload == b"done"
            assert answer.properties is not None
            assert answer.properties.CorrelationData == b"\x00\xff"  # type: ignore[attr-defined]


@QOS
async def test_aiomqtt_both_ways(mosquitto: TestBroker, qos: int) -> None:
    user = "bridge-main"
    peer = aiomqtt.Client("127.0.0.1", mosquitto.port, username=user, password=password(user), identifier="aiomqtt")
    async with writer(mosquitto) as edge, peer:
        await listen(edge, CMD)
        await peer.subscribe(DATA, qos)
        for k in range(100):
            edge.publish(DATA, b"%d" % k, qos=qos)
            await peer.publish(CMD, b"%d" % k, qos)
        commands = await take(edge, 100)
        data: list[bytes] = []
        async for message in peer.messages:
            assert isinstance(message.payload, bytes)
            data.append(message.payload)
            if len(data) == 100:
                break

    assert data == [m.payload for m in commands] == [b"%d" % k for k in range(100)]
    assert {m.qos for m in commands} == {qos}
