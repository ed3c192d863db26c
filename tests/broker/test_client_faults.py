"""The link goes at every awkward moment: nothing hangs, nothing is lost silently, and the client comes back."""

import asyncio
from typing import Any

import msgspec
import pytest

from broker.client import Client, NotConnected
from tests.broker.test_client import DATA, LAST, Waits, connected, listen, reader, take, writer
from tests.support.broker import TestBroker
from tests.support.proxy import Act, Kind, Proxy, Way
from tests.support.waiting import eventually


def through(proxy: Proxy, mosquitto: TestBroker, user: str = "edge-pi", **settings: Any) -> Client:
    """A client of Mosquitto behind the proxy."""
    return Client(mosquitto.config(user, port=proxy.port), user, **({"sleep": Waits()} | settings))


KEPT: dict[str, Any] = {"clean_start": False, "session_expiry_s": 600}


@pytest.mark.parametrize("act", [Act.CUT_BEFORE, Act.CUT_WITHIN, Act.CUT_AFTER])
@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("up", Kind.CONNECT),
        ("down", Kind.CONNACK),
        ("up", Kind.SUBSCRIBE),
        ("down", Kind.SUBACK),
        ("up", Kind.PUBLISH),
        ("down", Kind.PUBACK),
    ],
)
@pytest.mark.parametrize("kept", [False, True], ids=["clean", "kept"])
async def test_a_cut_at_every_moment(mosquitto: TestBroker, way: Way, kind: Kind, act: Act, kept: bool) -> None:
    """A publish is acknowledged or fails with NotConnected; sent again until acknowledged, it arrives."""
    async with Proxy(mosquitto.port) as proxy, reader(mosquitto) as logger:
        await listen(logger, DATA)
        proxy.on(way, kind, act)
        async with through(proxy, mosquitto, **(KEPT if kept else {})) as edge:
            edge.subscribe(DATA)
            await edge.subscribed()
            failures = await insist(edge, b"first")
            await eventually(lambda: proxy.accepted == 2 and edge.connected)
            await insist(edge, b"second")
            payloads = {m.payload for m in await take(logger, 2)}
            while b"second" not in payloads:
                payloads |= {m.payload for m in await take(logger, 1)}

        unanswered = kind is Kind.PUBLISH or (kind is Kind.PUBACK and act is not Act.CUT_AFTER)
        assert payloads == {b"first", b"second"}
        assert failures == 0 if kept else failures <= 1
        assert failures or kept or not unanswered


async def insist(client: Client, payload: bytes) -> int:
    """Publish until it is acknowledged; returns how often it was not."""
    for failures in range(10):
        await client.room()
        try:
            await client.publish(DATA, payload)
        except NotConnected:
            continue
        return failures
    raise AssertionError("ten times in vain")


async def test_a_kept_session_sends_again_with_dup_in_order(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, reader(mosquitto) as logger:
        await listen(logger, DATA)
        async with through(proxy, mosquitto, max_outstanding=20, **KEPT) as edge:
            await connected(edge)
            proxy.on("up", Kind.PUBLISH, Act.SWALLOW, times=50)
            futures = [edge.publish(DATA, b"%d" % k) for k in range(50)]
            await eventually(lambda: proxy.count("up", Kind.PUBLISH) == 20)
            proxy.trap = None
            proxy.cut()
            await asyncio.gather(*futures)

            assert [int(m.payload) for m in await take(logger, 50)] == list(range(50))
        again = [packet for way, kind, packet in proxy.seen if (way, kind) == ("up", Kind.PUBLISH.value)][20:]
        assert [bool(packet[0] & 0x08) for packet in again] == [True] * 20 + [False] * 30


async def test_a_broker_that_lost_its_sessions_fails_what_was_outstanding(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto, max_outstanding=2, **KEPT) as edge:
        await connected(edge)
        proxy.on("up", Kind.PUBLISH, Act.SWALLOW, times=2)
        futures = [edge.publish(DATA, b"%d" % k) for k in range(4)]
        await eventually(lambda: proxy.count("up", Kind.PUBLISH) == 2)
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()
        results = await asyncio.gather(*futures, return_exceptions=True)

        assert [type(r) for r in results] == [NotConnected] * 4
        await connected(edge)
        await edge.publish(DATA, b"and on")


@pytest.mark.parametrize("kept", [False, True], ids=["clean", "kept"])
async def test_half_open_is_noticed_by_keep_alive(mosquitto: TestBroker, kept: bool) -> None:
    async with Proxy(mosquitto.port) as proxy, reader(mosquitto) as logger:
        await listen(logger, DATA)
        async with through(proxy, mosquitto, keep_alive_s=1, **(KEPT if kept else {})) as edge:
            await connected(edge)
            proxy.stall()
            future = edge.publish(DATA, b"into the void")
            await eventually(lambda: not edge.connected, timeout=5)
            await eventually(lambda: edge.problem)
            proxy.flow()
            if kept:
                await future
            else:
                with pytest.raises(NotConnected):
                    await future
                await connected(edge)
                await edge.publish(DATA, b"again")
            assert edge.connection == 2


async def test_the_sentence_for_a_dead_link(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto, keep_alive_s=1) as edge:
        await connected(edge)
        proxy.stall()
        await eventually(lambda: "has been silent for 1 s: the connection is dead" in edge.problem)
        proxy.flow()


async def test_an_idle_link_is_kept_alive(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto, keep_alive_s=1) as edge:
        await connected(edge)
        await eventually(lambda: proxy.count("down", Kind.PINGRESP) >= 4)

        assert edge.connection == 1


async def test_a_busy_link_needs_no_pings(mosquitto: TestBroker) -> None:
    loop = asyncio.get_running_loop()
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto, keep_alive_s=1) as edge:
        await connected(edge)
        end = loop.time() + 1.2
        while loop.time() < end:
            await edge.publish(DATA, b"")

        assert proxy.count("up", Kind.PINGREQ) == 0


async def test_a_pipe_that_was_full_goes_on(mosquitto: TestBroker) -> None:
    """QoS 0 waits here while the network takes no more, and nothing but the network wakes it."""
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto) as edge:
        await connected(edge)
        proxy.stall()
        futures = [edge.publish(LAST, bytes(100_000), qos=0) for _ in range(200)]
        assert not futures[-1].done()
        proxy.flow()
        await asyncio.wait_for(asyncio.gather(*futures), 20)
        await edge.publish(DATA, b"")


async def test_only_listening_is_kept_alive_too(mosquitto: TestBroker) -> None:
    """Messages keep coming and nothing goes up: the broker would close after 1.5 × keep-alive."""
    async with (
        Proxy(mosquitto.port) as proxy,
        writer(mosquitto) as edge,
        through(proxy, mosquitto, "logger-main", keep_alive_s=1) as logger,
    ):
        logger.subscribe(DATA, qos=0)
        await logger.subscribed()
        await connected(edge)

        while proxy.count("up", Kind.PINGREQ) < 4:
            await edge.publish(DATA, b"")
            await take(logger, 1)
        assert logger.connection == 1


async def test_a_stall_before_connack_ends_in_time(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, through(proxy, mosquitto, connect_timeout_s=0.3) as edge:
        proxy.stall()
        await eventually(lambda: "does not answer within 0.3 s" in edge.problem)
        proxy.flow()
        await connected(edge)


async def test_leaving_over_a_dead_link_takes_no_longer_than_promised(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy:
        loop = asyncio.get_running_loop()
        async with through(proxy, mosquitto) as edge:
            await connected(edge)
            proxy.stall()
            future = edge.publish(DATA, bytes(500_000))
            begin = loop.time()
        took = loop.time() - begin
        proxy.flow()

    with pytest.raises(NotConnected):
        await future
    assert 2 <= took < 10


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
async def test_everything_in_small_pieces(mosquitto: TestBroker, piece: int) -> None:
    async with Proxy(mosquitto.port) as proxy:
        proxy.piece = piece
        async with through(proxy, mosquitto) as edge, through(proxy, mosquitto, "logger-main") as logger:
            await listen(logger, DATA)
            await connected(edge)
            futures = [edge.publish(DATA, b"%d" % k * 20, expiry_s=60) for k in range(100)]
            messages = await take(logger, 100)
            await asyncio.gather(*futures)

        assert [m.payload for m in messages] == [b"%d" % k * 20 for k in range(100)]


async def test_a_slow_link(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy:
        proxy.delay = 0.02
        async with through(proxy, mosquitto) as edge, through(proxy, mosquitto, "logger-main") as logger:
            await listen(logger, DATA)
            await connected(edge)
            futures = [edge.publish(DATA, b"%d" % k) for k in range(20)]
            messages = await take(logger, 20)
            await asyncio.gather(*futures)

        assert [int(m.payload) for m in messages] == list(range(20))


async def test_a_link_that_is_cut_again_and_again_under_load(mosquitto: TestBroker) -> None:
    """Whoever sends again what failed gets everything through; a kept reader misses nothing."""
    total = 2000
    async with (
        Proxy(mosquitto.port) as proxy,
        through(proxy, mosquitto, max_outstanding=20) as edge,
        through(proxy, mosquitto, "logger-main", **KEPT) as logger,
    ):
        await listen(logger, DATA)
        got: set[int] = set()

        async def send(k: int) -> None:
            while True:
                await edge.room()
                try:
                    return await edge.publish(DATA, b"%d" % k)
                except NotConnected:
                    continue

        async def receive() -> None:
            while len(got) < total:
                for message in await logger.batch():
                    got.add(int(message.payload))
                    logger.ack(message)

        async def cut() -> None:
            for share in range(1, 6):
                await eventually(lambda: len(got) > share * total // 8, timeout=30)  # noqa: B023
                proxy.cut()

        async with asyncio.timeout(45), asyncio.TaskGroup() as group:
            group.create_task(receive(), name="receive")
            group.create_task(cut(), name="cut")
            for begin in range(0, total, 50):
                await asyncio.gather(*(send(k) for k in range(begin, begin + 50)))

        assert got == set(range(total))
        assert edge.connection >= 5
        assert logger.connection >= 5


async def test_a_broker_killed_while_messages_are_outstanding(mosquitto: TestBroker) -> None:
    async with writer(mosquitto, max_outstanding=50) as edge:
        await connected(edge)
        futures = [edge.publish(DATA, bytes(1000)) for _ in range(5000)]
        await futures[10]
        await mosquitto.kill()
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert {type(r) for r in results} <= {type(None), NotConnected}
        assert isinstance(results[-1], NotConnected)
        await mosquitto.start()
        await connected(edge)
        await edge.publish(DATA, b"")


async def test_garbage_from_the_broker_costs_one_connection(mosquitto: TestBroker) -> None:
    async with Proxy(mosquitto.port) as proxy, reader(mosquitto) as logger:
        await listen(logger, DATA)
        garbage = True

        def spoil(way: Way, kind: int, packet: bytes) -> Act:
            nonlocal garbage
            if garbage and (way, kind) == ("down", Kind.PUBACK.value):
                garbage = False
                for other in proxy._writers:
                    other.write(b"\x00\xff\x00")
            return Act.PASS

        proxy.trap = spoil
        async with through(proxy, mosquitto) as edge:
            await connected(edge)
            await asyncio.gather(edge.publish(DATA, b"1"), return_exceptions=True)
            await eventually(lambda: edge.connection == 2 and edge.connected)
            await edge.publish(DATA, b"2")


async def test_reconnecting_does_not_wait_for_messages_nobody_takes(mosquitto: TestBroker) -> None:
    slow: dict[str, Any] = KEPT | {"receive_max": 5}
    async with (
        Proxy(mosquitto.port) as proxy,
        writer(mosquitto) as edge,
        through(proxy, mosquitto, "logger-main", **slow) as logger,
    ):
        await listen(logger, DATA)
        await connected(edge)
        await asyncio.gather(*(edge.publish(DATA, b"%d" % k) for k in range(30)))
        for number in (2, 3):
            await eventually(lambda: len(logger._session.arrived) >= 5)
            proxy.cut()
            await eventually(lambda: logger.connection == number and logger.connected)  # noqa: B023
        got: set[int] = set()
        while len(got) < 30:
            got |= {int(m.payload) for m in await take(logger, 1)}

        assert got == set(range(30))


async def test_the_waits_between_connections(mosquitto: TestBroker) -> None:
    waits = Waits()
    async with Proxy(mosquitto.port) as proxy:
        proxy.refusing = True
        async with through(proxy, mosquitto, sleep=waits, rng=lambda: 0.0) as edge:
            await eventually(lambda: len(waits.seconds) > 8)
            proxy.refusing = False
            await connected(edge)

    assert waits.seconds[:8] == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_the_config_says_where_the_proxy_is(mosquitto: TestBroker) -> None:
    """The sentence names host and port as they were configured."""
    async with Proxy(mosquitto.port) as proxy:
        proxy.refusing = True
        config = msgspec.structs.replace(mosquitto.config("edge-pi", port=proxy.port), host="localhost")
        async with Client(config, "edge-pi") as edge:
            assert (await eventually(lambda: edge.problem)).startswith(f"localhost:{proxy.port} closed the connection")
