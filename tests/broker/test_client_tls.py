"""TLS to a real Mosquitto, and what is said when it fails.

The certificates of tests/support/tls are valid from 2020 to 2120: an authority, a server named ``localhost`` that it
vouches for, and another authority that vouches for nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from broker.client import Client
from broker.config import BrokerConfig, ConfigError
from broker.mosquitto import free_port
from tests.broker.test_client import DATA, Waits, connected, listen, take
from tests.broker.test_client_problems import problem
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

CERTIFICATES = Path(__file__).parent.parent / "support" / "tls"


@pytest_asyncio.fixture
async def tls(tmp_path: Path) -> AsyncIterator[TestBroker]:
    """Mosquitto with a listener for TLS on ``port``."""
    broker = TestBroker(tmp_path / "tls")
    broker.prepare()
    port = free_port()
    conf = broker.folder / "mosquitto.conf"
    lines = [
        f"listener {port} 127.0.0.1",
        f"certfile {CERTIFICATES / 'server.pem'}",
        f"keyfile {CERTIFICATES / 'server.key'}",
    ]
    conf.write_text(conf.read_text() + "\n" + "\n".join(lines) + "\n")
    await broker.start()
    broker.port = port
    yield broker
    await broker.stop()


def config(broker: TestBroker, user: str = "edge-pi", host: str = "localhost", ca: str = "ca.pem") -> BrokerConfig:
    return msgspec.structs.replace(broker.config(user), host=host, tls=True, ca_file=str(CERTIFICATES / ca))


async def test_messages_through_tls(tls: TestBroker) -> None:
    async with Client(config(tls), "edge-pi") as edge, Client(config(tls, "logger-main"), "logger-main") as logger:
        await listen(logger, DATA)
        await connected(edge)
        payloads = [b"%d" % k for k in range(500)] + [bytes(500_000)]
        futures = [edge.publish(DATA, payload) for payload in payloads]

        assert [m.payload for m in await take(logger, 501)] == payloads
        await asyncio.gather(*futures)


async def test_tls_survives_a_restart(tls: TestBroker) -> None:
    async with Client(config(tls), "edge-pi", sleep=Waits()) as edge:
        await connected(edge)
        await tls.kill()
        await eventually(lambda: not edge.connected)
        await tls.start()
        await connected(edge)
        await edge.publish(DATA, b"")


async def test_an_authority_that_does_not_vouch(tls: TestBroker) -> None:
    async with Client(config(tls, ca="other-ca.pem"), "edge-pi") as edge:
        sentence = await problem(edge)

        assert f"the certificate of localhost:{tls.port} is not accepted" in sentence
        assert "broker.ca_file" in sentence


async def test_a_certificate_for_another_name(tls: TestBroker) -> None:
    async with Client(config(tls, host="127.0.0.1"), "edge-pi") as edge:
        assert "it must name '127.0.0.1'" in await problem(edge)


async def test_without_a_file_the_computers_own_authorities_count(tls: TestBroker) -> None:
    plain = msgspec.structs.replace(config(tls), ca_file="")
    async with Client(plain, "edge-pi") as edge:
        assert "this computer's list of authorities must vouch for it" in await problem(edge)


async def test_tls_to_a_port_that_speaks_none(mosquitto: TestBroker) -> None:
    async with Client(config(mosquitto), "edge-pi") as edge:
        assert "does this port speak TLS?" in await problem(edge)


async def test_no_tls_to_a_port_that_speaks_it(tls: TestBroker) -> None:
    async with Client(tls.config("edge-pi"), "edge-pi") as edge:
        assert "does it want broker.tls?" in await problem(edge)


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
async def test_an_authority_that_cannot_be_read_stops_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=r"broker\.ca_file names .*ca\.pem, which cannot be used"):
        async with Client(BrokerConfig(tls=True, ca_file=str(file)), "edge-pi"):
            pass
