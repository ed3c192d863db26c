"""One connection: the greeting, TLS, answers in order, its end."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
import pytest

from broker.mosquitto import free_port
from msr_adapter.enquiry import attended, read_catalog
from msr_adapter.session import Address, LinkLost, connected
from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.wire import Channel, Ping, requests

TLS = Path(__file__).parents[1] / "support" / "tls"
CA = str(TLS / "ca.pem")


@asynccontextmanager
async def scripted(*pieces: bytes) -> AsyncIterator[Address]:
    """A server that sends these pieces to whoever connects, and closes."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Address("127.0.0.1", server.sockets[0].getsockname()[1])
    await asyncio.sleep(0)


async def failure(address: Address) -> str:
    with pytest.raises(LinkLost) as lost:
        async with connected(address):
            pass
    return str(lost.value)


async def test_answers_belong_to_their_question_however_many_are_open() -> None:
    async with simulating(Settings(signals=4)) as server:
        address = Address("127.0.0.1", server.port)
        async with connected(address) as session, attended(session):
            catalog = await read_catalog(session)
            asked = [partial(requests.read_channel, target=s.path) for s in catalog.signals]
            answers = await asyncio.gather(*(session.ask(make) for make in asked))
            nothing = await session.ask(partial(requests.read_channel, target=b"/no/such"))

    names = [[a.name for a in found if isinstance(a, Channel)] for found in answers]
    assert names == [[s.path] for s in catalog.signals]
    assert nothing == []
    assert session.greeting.app == "labwire malting plant"


async def test_what_came_with_the_greeting_is_not_lost() -> None:
    greeting = b'<connected name="MSR" version="393226" app="a" features=""/>\r\n<ping/>\r\n'
    async with scripted(greeting) as address, connected(address) as session:
        assert await session.receive() == [Ping()]
        with pytest.raises(LinkLost, match="has closed the connection"):
            await session.receive()


async def test_the_end_fails_everything_that_is_asked() -> None:
    async with simulating(Settings(signals=1)) as server:
        address = Address("127.0.0.1", server.port)
        async with connected(address) as session:
            asked = [asyncio.create_task(session.ask(requests.ping)) for _ in range(3)]
            await asyncio.sleep(0)
        for task in asked:
            with pytest.raises(LinkLost, match="was closed"):
                await task
        with pytest.raises(LinkLost, match="has closed the connection"):
            await session.ask(requests.ping)


async def test_a_server_that_stops_answering_a_question_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.enquiry.SILENT_S", 0.5)
    async with (
        simulating(Settings(signals=4)) as server,
        connected(Address("127.0.0.1", server.port)) as session,
        attended(session),
    ):
        server.tell("stall 60")
        with pytest.raises(LinkLost, match=r"has not answered for 0\.5 s"):
            await read_catalog(session)


async def test_starttls_with_an_authority() -> None:
    async with simulating(Settings(signals=4, cert=TLS / "server.pem", key=TLS / "server.key")) as server:
        address = Address("localhost", server.port, tls=True, ca_file=CA)
        async with connected(address) as session, attended(session):
            assert len((await read_catalog(session)).signals) > 50

        assert "the certificate of localhost" in await failure(Address("localhost", server.port, tls=True))
        assert "it must name '127.0.0.1'" in await failure(Address("127.0.0.1", server.port, tls=True, ca_file=CA))


async def test_a_server_that_wants_a_certificate_of_ours() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=own)
        context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        writer.write(b"<connected/>\r\n")
        await reader.readline()
        writer.write(b"<tls/>\r\n")
        with suppress(ssl.SSLError, ConnectionError):
            await writer.start_tls(context)
            while words := re.findall(rb'id="(\d+)"', await reader.read(1000)):
                writer.writelines(b'<ack id="%b"/>\r\n' % word for word in words)
        writer.close()

    own, key = str(TLS / "client.pem"), str(TLS / "client.key")
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ours = Address("localhost", server.sockets[0].getsockname()[1], True, CA, own, key)
    async with server:
        async with connected(ours) as session, attended(session):
            assert (await read_catalog(session)).signals == ()
        for cert, key_file, sentence in (
            ("", "", "probably it wants one of ours (msr.cert_file)"),
            (str(TLS / "server.pem"), str(TLS / "server.key"), "probably it does not accept ours (msr.cert_file)"),
            (own, "", "client.pem, which cannot be used"),
            (own, "none.key", "client.pem and none.key, which cannot be used: No such file"),
        ):
            address = msgspec.structs.replace(ours, cert_file=cert, key_file=key_file)
            with pytest.raises(LinkLost, match=re.escape(sentence)):
                async with connected(address) as session, attended(session):
                    await read_catalog(session)


async def test_starttls_without_a_certificate_says_so() -> None:
    async with simulating(Settings(signals=1)) as server:
        said = await failure(Address("localhost", server.port, tls=True, ca_file=CA))

    assert "TLS with localhost" in said
    assert "has it a certificate?" in said


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_an_authority_that_cannot_be_read_says_so(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    async with simulating(Settings(signals=1)) as server:
        said = await failure(Address("localhost", server.port, tls=True, ca_file=str(file)))

    assert f"msr.ca_file names {file}" in said


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        ((), "closed the connection and did not greet: it may have too many clients"),
        ((b"SSH-2.0-OpenSSH_9\r\n",), "is no MSR server, it says b'SSH-2.0-OpenSSH_9"),
        ((b"<html>\r\n",), "closed the connection and did not greet"),
    ],
)
async def test_who_does_not_greet_is_named(pieces: tuple[bytes, ...], sentence: str) -> None:
    async with scripted(*pieces) as address:
        assert sentence in await failure(address)


async def test_nobody_there() -> None:
    assert "refuses connections: is the EtherLab application running there?" in await failure(
        Address("127.0.0.1", free_port())
    )
    assert "the host 'no.such.invalid' (msr.host) is not known" in await failure(Address("no.such.invalid"))


async def test_a_greeting_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.session.GREETING_S", 0.2)
    async with simulating(Settings(signals=1, faults=("late 60",))) as server:
        assert "did not greet within 0.2 s" in await failure(Address("127.0.0.1", server.port))
