"""Everything that can be wrong with a connection: one clear sentence each, and the next one is tried.

Real Mosquitto where it can be made to misbehave, else a server that answers from a script.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from broker.client import Client, Refused
from broker.config import BrokerConfig, ConfigError
from tests.broker.test_client import DATA, Waits, connected, writer
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


async def problem(client: Client) -> str:
    return await eventually(lambda: client.problem, what="a problem")


async def test_a_wrong_password_is_one_sentence_and_healed_by_the_right_one(
    mosquitto: TestBroker, caplog: pytest.LogCaptureFixture
) -> None:
    secret = mosquitto.folder / "edge-pi.password"
    right = secret.read_text()
    secret.write_text("hush-hush")
    caplog.set_level(logging.INFO)
    waits = Waits()
    async with writer(mosquitto, sleep=waits) as edge:
        await eventually(lambda: len(waits.seconds) > 4)
        sentence = edge.problem
        assert "does not accept user 'edge-pi'" in sentence
        assert f"127.0.0.1:{mosquitto.port}" in sentence
        assert caplog.text.count(sentence) == 1
        secret.write_text(right)
        await connected(edge)
        assert edge.problem == ""
    assert "hush-hush" not in caplog.text
    assert all(0.5 * 2**k <= s <= 2**k for k, s in enumerate(waits.seconds[:6]))


async def test_nobody_without_a_user_name(mosquitto: TestBroker) -> None:
    config = msgspec.structs.replace(mosquitto.config("edge-pi"), user="", password_file="")
    async with Client(config, "nobody") as client:
        assert "a client without a user name" in await problem(client)


async def test_a_password_that_cannot_be_read_stops_the_start(mosquitto: TestBroker) -> None:
    (mosquitto.folder / "edge-pi.password").unlink()
    with pytest.raises(ConfigError, match="password_file"):
        async with writer(mosquitto):
            pass


async def test_a_password_file_that_goes_later_is_a_problem(mosquitto: TestBroker) -> None:
    secret = mosquitto.folder / "edge-pi.password"
    right = secret.read_text()
    async with writer(mosquitto) as edge:
        await connected(edge)
        secret.unlink()
        await mosquitto.restart()
        await eventually(lambda: "cannot be read" in edge.problem)
        secret.write_text(right)
        await connected(edge)


async def test_a_broker_that_is_not_there(mosquitto: TestBroker, caplog: pytest.LogCaptureFixture) -> None:
    await mosquitto.stop()
    waits = Waits()
    async with writer(mosquitto, sleep=waits) as edge:
        await eventually(lambda: len(waits.seconds) > 3)
        assert edge.problem == f"127.0.0.1:{mosquitto.port} refuses connections: is the broker running there?"
        assert caplog.text.count(edge.problem) == 1
        await mosquitto.start()
        await connected(edge)


async def test_localhost_has_two_addresses_and_one_sentence(mosquitto: TestBroker) -> None:
    await mosquitto.stop()
    config = msgspec.structs.replace(mosquitto.config("edge-pi"), host="localhost")
    async with Client(config, "edge-pi") as edge:
        assert "is the broker running there?" in await problem(edge)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 300])
async def test_a_host_that_does_not_exist(mosquitto: TestBroker, host: str) -> None:
    config = msgspec.structs.replace(mosquitto.config("edge-pi"), host=host)
    async with Client(config, "edge-pi") as edge:
        assert "(broker.host) is not known" in await problem(edge)


async def test_a_port_that_does_not_exist(mosquitto: TestBroker) -> None:
    async with Client(mosquitto.config("edge-pi", port=70_000), "edge-pi") as edge:
        assert "70000 cannot be reached" in await problem(edge)


async def test_two_clients_with_one_id_are_told(mosquitto: TestBroker) -> None:
    one, two = Waits(), Waits()
    async with writer(mosquitto, sleep=one) as edge, writer(mosquitto, sleep=two) as rival:
        await eventually(lambda: 60.0 in one.seconds + two.seconds, what="a long wait")
        await eventually(lambda: any("another client uses this id" in c.problem for c in (edge, rival)))
    assert max(len(one.seconds), len(two.seconds)) >= 3


@asynccontextmanager
async def scripted(
    answer: bytes, *, close: bool = False, heard: list[bytes] | None = None, **settings: Any
) -> AsyncIterator[Client]:
    """A client of a server that answers CONNECT so, and then closes or only listens."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        while not close and (data := await reader.read(1000)):
            if heard is not None:
                heard.append(data)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        config = BrokerConfig(port=server.sockets[0].getsockname()[1])
        async with Client(config, "edge-pi", **({"sleep": Waits()} | settings)) as client:
            yield client


CONNACK = b"\x20\x03\x00\x00\x00"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not MQTT 5: its first word"),
        (b"\x20\x02\x00\x01", "not MQTT 5"),
        (b"\xd0\x00", "not MQTT 5: its first word is not CONNACK"),
        (b"\x20\x03\x00\x89\x00", "server busy"),
        (b"\x20\x03\x00\x85\x00", "client id not valid"),
        (b"", "closed the connection before it answered"),
        (CONNACK, "closed the connection"),
        (CONNACK + b"\xe0\x01\x89", "ended the connection: server busy"),
        (CONNACK + b"\xe0\x01\x98", "an administrator ended it"),
        (CONNACK + b"\x00\x00", "not MQTT 5"),
        (CONNACK + b"\x34\x06\x00\x01a\x00\x01\x00", "QoS 2"),
        (CONNACK + b"\x62\x02\x00\x01", "an unexpected PubRelPacket"),
        (CONNACK + CONNACK, "an unexpected ConnAckPacket"),
    ],
    ids=repr,
)
async def test_a_server_that_says_something_else(answer: bytes, said: str) -> None:
    """A reason each time, and the next connection is tried."""
    waits = Waits()
    async with scripted(answer, close=True, sleep=waits) as edge:
        assert said in await problem(edge)
        await eventually(lambda: len(waits.seconds) > 2)


async def test_a_server_that_says_nothing() -> None:
    async with scripted(b"", connect_timeout_s=0.2) as edge:
        assert "does not answer within 0.2 s" in await problem(edge)


async def test_being_told_that_another_client_uses_this_id() -> None:
    waits = Waits()
    async with scripted(CONNACK + b"\xe0\x01\x8e", sleep=waits) as edge:
        assert "another client uses this id" in await problem(edge)
        await eventually(lambda: waits.seconds[2:3] == [60.0])


async def test_the_brokers_keep_alive_counts() -> None:
    """One that wants to hear us each second hears us."""
    heard: list[bytes] = []
    async with scripted(b"\x20\x06\x00\x00\x03\x13\x00\x01", heard=heard, keep_alive_s=100) as edge:
        await connected(edge)
        await eventually(lambda: b"\xc0\x00" in heard)


async def test_a_subscription_that_is_refused_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with scripted(CONNACK + b"\x90\x04\x00\x01\x00\x97") as edge:
        edge.subscribe(DATA)
        with pytest.raises(Refused, match="quota exceeded"):
            await edge.subscribed()
        assert f"the broker refused the subscription to {DATA}: quota exceeded" in caplog.text


async def test_an_error_nobody_foresaw_ends_the_block(
    mosquitto: TestBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_packets: object) -> None:
        raise ZeroDivisionError

    async def live() -> None:
        async with writer(mosquitto) as edge:
            await connected(edge)
            monkeypatch.setattr(edge._session, "handle", fail)
            edge.publish(DATA, b"")
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as group:
        await live()
    assert group.group_contains(ZeroDivisionError)
    assert "buffer_updated() call failed" in caplog.text
