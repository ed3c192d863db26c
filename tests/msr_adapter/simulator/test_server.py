"""The simulator on its sockets, and every fault that can be switched."""

import asyncio
import ssl
from itertools import pairwise
from pathlib import Path

import pytest

from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.wire import Ack, Connected, Data, Listing, Parameter, ParameterNotice, Ping, Tls, requests
from tests.msr_adapter.simulator.client import Client, connect
from tests.support.waiting import eventually

COUNTER = b"/Counter/C0000"
TLS = Path(__file__).parents[2] / "support" / "tls"


async def greeted(client: Client) -> Connected:
    return await client.next(Connected)


async def test_many_signals_of_all_tasks_without_a_gap() -> None:
    async with simulating(Settings(signals=20)) as server, connect(server.port) as client:
        await greeted(client)
        index = await client.subscribe(COUNTER, blocksize=50)

        stamps, values = await client.numbers(index, 20)

        assert {b - a for a, b in pairwise(values)} == {1.0}
        assert all(900_000 < b - a < 1_100_000 for a, b in pairwise(stamps))


async def test_two_sessions_at_once() -> None:
    async with simulating(Settings(signals=2)) as server:
        async with connect(server.port) as one, connect(server.port) as two:
            await greeted(one)
            await greeted(two)
            index = await one.subscribe(COUNTER)
            await two.subscribe(COUNTER, reduction=10)
            two.layouts = one.layouts

            assert {b - a for a, b in pairwise((await one.numbers(index, 5))[1])} == {1.0}
            assert {b - a for a, b in pairwise((await two.numbers(index, 2))[1])} == {10.0}
        await eventually(lambda: not server.office.sessions)


async def test_fragments_of_one_byte() -> None:
    async with simulating(Settings(signals=2, faults=("fragments 1",))) as server, connect(server.port) as client:
        await greeted(client)
        index = await client.subscribe(COUNTER)

        assert {b - a for a, b in pairwise((await client.numbers(index, 10))[1])} == {1.0}


async def test_a_stall_is_silence_and_then_a_gap() -> None:
    async with simulating(Settings(signals=2)) as server, connect(server.port) as client:
        await greeted(client)
        index = await client.subscribe(COUNTER)
        await client.numbers(index, 3)

        server.tell("stall 0.5")
        client.writer.write(requests.ping("silence"))
        with pytest.raises(TimeoutError):
            await client.next(Ping, timeout=0.3)
        await client.next(Ack, lambda a: a.id == "silence")

        stamps, values = await client.numbers(index, 10)
        steps = [b - a for a, b in pairwise(values)]
        assert server.world.tasks[0].end > values[0]
        assert sorted(steps)[:-1] == [1.0] * (len(steps) - 1)
        assert stamps[-1] - stamps[0] == pytest.approx((values[-1] - values[0]) * 1e6, rel=0.01)


async def test_a_jump_of_the_clock() -> None:
    async with simulating(Settings(signals=2)) as server, connect(server.port) as client:
        await greeted(client)
        index = await client.subscribe(COUNTER)
        (before, *_), _ = await client.numbers(index, 1)

        server.tell("jump -100")
        await client.next(Data, lambda d: d.t_ns[-1] < before - 50 * 10**9)


async def test_restart_with_other_indices_and_a_missing_signal() -> None:
    async with simulating(Settings(signals=4)) as server:
        async with connect(server.port) as client:
            await greeted(client)
            before = await client.index(COUNTER)
            server.tell("hide /Sine/S0001")
            server.tell("restart 0.1")
            with pytest.raises((EOFError, ConnectionError)):
                await client.next(Data)
        port = server.port
        await eventually(lambda: server.listening.is_set() and server.world.model.signal(b"/Sine/S0001") is None)

        async with connect(port) as client:
            await greeted(client)
            assert await client.index(COUNTER) != before


async def test_latin_1_and_unescaped() -> None:
    settings = Settings(signals=2, faults=("latin1", "unescaped"))
    async with simulating(settings) as server, connect(server.port) as client:
        hello = await greeted(client)
        (listing,) = (e for e in await client.ask(requests.read_channels) if isinstance(e, Listing))

        assert hello.app == 'the "malting" <plant>'
        assert [getattr(i, "name", b"") for i in listing.items] == [s.name for s in server.world.model.signals]


async def test_a_late_greeting() -> None:
    async with simulating(Settings(signals=2, faults=("late 0.4",))) as server, connect(server.port) as client:
        with pytest.raises(TimeoutError):
            await client.next(Connected, timeout=0.2)
        await greeted(client)


async def test_a_wedge_holds_greetings_and_writes() -> None:
    async with simulating(Settings(signals=2)) as server, connect(server.port) as client:
        await greeted(client)
        await client.ask(lambda i: requests.remote_host(i, name="t", application="t", write=True))
        server.tell("wedge 30")
        async with connect(server.port) as other:
            with pytest.raises(TimeoutError):
                await other.next(Connected, timeout=0.2)
        client.writer.write(b'<wp name="/Test/Param/Gain" value="3" id="w"/>')
        with pytest.raises(TimeoutError):
            await client.next(Ack, timeout=0.2)
        server.tell("normal")
        await client.next(Ack)


async def test_the_connection_limit_closes_without_a_byte() -> None:
    settings = Settings(signals=2, faults=("limit 1",))
    async with simulating(settings) as server, connect(server.port) as client:
        await greeted(client)
        async with connect(server.port) as refused:
            with pytest.raises((EOFError, ConnectionError)):
                await refused.next(Connected)


async def test_refused_writes() -> None:
    async with simulating(Settings(signals=2, faults=("refuse",))) as server, connect(server.port) as client:
        await greeted(client)
        await client.ask(lambda i: requests.remote_host(i, name="t", application="t", write=True))
        (gain,) = await client.ask(lambda i: requests.read_parameter(i, b"/Test/Param/Gain", short=False))
        assert isinstance(gain, Parameter)
        assert gain.layout is not None
        layout = gain.layout
        await client.ask(lambda i: requests.write_parameter(i, gain.index, layout, [3.0]))
        await client.next(ParameterNotice)

        (after,) = await client.ask(lambda i: requests.read_parameter(i, gain.index))
        assert isinstance(after, Parameter)
        assert (after.hexvalue, after.mtime_us) == (gain.hexvalue, 0)


async def test_a_login_that_must_be() -> None:
    async with simulating(Settings(signals=2, faults=("login",))) as server, connect(server.port) as client:
        hello = await greeted(client)

        assert hello.login == "mandatory"
        assert await client.ask(requests.read_channels) == []


async def test_starttls() -> None:
    settings = Settings(signals=2, cert=TLS / "server.pem", key=TLS / "server.key")
    async with simulating(settings) as server, connect(server.port) as client:
        await greeted(client)
        client.writer.write(requests.starttls("s"))
        await client.next(Tls)
        await client.starttls(ssl.create_default_context(cafile=str(TLS / "ca.pem")))

        assert await client.next(Ack) == Ack("s")
        assert client.writer.get_extra_info("ssl_object") is not None
        index = await client.subscribe(COUNTER)
        assert {b - a for a, b in pairwise((await client.numbers(index, 5))[1])} == {1.0}


async def test_starttls_without_a_certificate_is_the_end() -> None:
    async with simulating(Settings(signals=2)) as server, connect(server.port) as client:
        await greeted(client)
        client.writer.write(requests.starttls())
        await client.next(Tls)

        with pytest.raises((EOFError, ConnectionError)):
            await client.next(Ack)


async def test_a_client_that_does_not_read_loses_samples_and_nobody_else_does() -> None:
    async with simulating(Settings(signals=40, rate=10_000.0)) as server, connect(server.port) as slow:
        await greeted(slow)
        async with connect(server.port) as quick:
            await greeted(quick)
            (listing,) = (e for e in await slow.ask(requests.read_channels) if isinstance(e, Listing))
            fast = [i.index for i in listing.items if getattr(i, "task", 1) == 0]  # type: ignore[union-attr]
            index = await quick.subscribe(COUNTER, blocksize=400)
            await slow.ask(lambda i: requests.subscribe(i, fast, reduction=1, blocksize=400))
            await eventually(lambda: any(c.congested for c in server._connections), timeout=40)

            assert {b - a for a, b in pairwise((await quick.numbers(index, 20))[1])} == {1.0}
            slow.layouts = quick.layouts
            steps = {b - a for a, b in pairwise((await slow.numbers(index, 100))[1])}
            while steps == {1.0}:
                steps = {b - a for a, b in pairwise((await slow.numbers(index, 100))[1])}
            assert min(steps) == 1.0


async def test_what_kills_the_real_server_restarts_this_one() -> None:
    async with simulating(Settings(signals=2)) as server:
        world = server.world
        async with connect(server.port) as client:
            await greeted(client)
            client.writer.write(b'<xsad channels="0" reduction="1" blocksize="4294967295"/>')
            with pytest.raises((EOFError, ConnectionError)):
                await client.next(Data)
        await eventually(lambda: server.world is not world)


async def test_a_too_long_element_closes_the_session() -> None:
    async with simulating(Settings(signals=2)) as server, connect(server.port) as client:
        await greeted(client)
        client.writer.write(b'<ping x="' + b"a" * 9000 + b'"/>')

        with pytest.raises((EOFError, ConnectionError)):
            await client.next(Ping)


async def test_unknown_words_are_explained() -> None:
    async with simulating(Settings(signals=2)) as server:
        with pytest.raises(ValueError, match="stall SECONDS"):
            server.tell("explode")
        await asyncio.sleep(0)
