"""What a labwire MQTT client promises, shown on a real Mosquitto.

The conformance suite: whatever stands behind ``broker.client.Client`` has to pass it.
"""

import asyncio
import gc
import itertools
import time
from typing import Any

import msgspec
import pytest

from broker.client import Client, Message, NotConnected, Refused, Will, WindowFull
from broker.topics import Kind, Topics
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

TOPICS = Topics()
DATA = TOPICS.of("balance1", Kind.DATA)
LAST = TOPICS.of("balance1", Kind.LAST)
EDGE = TOPICS.edge_status("pi")


class Waits:
    """Stands in for sleeping between two connections: remembers the seconds, waits a moment only."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0.02)


def writer(mosquitto: TestBroker, **settings: Any) -> Client:
    """Somebody who may publish the data of balance1."""
    return Client(mosquitto.config("edge-pi"), "edge-pi", **({"sleep": Waits()} | settings))


def reader(mosquitto: TestBroker, **settings: Any) -> Client:
    """Somebody who may read everything."""
    return Client(mosquitto.config("logger-main"), "logger-main", **({"sleep": Waits()} | settings))


async def connected(client: Client) -> None:
    await eventually(lambda: client.connected, what="connected")


async def listen(client: Client, *filters: str) -> None:
    for filter_ in filters:
        client.subscribe(filter_)
    await client.subscribed()


async def take(client: Client, count: int) -> list[Message]:
    """The next ``count`` messages, acknowledged."""
    found: list[Message] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            for message in await client.batch(count - len(found)):
                client.ack(message)
                found.append(message)
    return found


# --- publishing and receiving ---


@pytest.mark.parametrize("qos", [0, 1])
async def test_messages_arrive_once_in_order_with_all_they_carry(mosquitto: TestBroker, qos: int) -> None:
    began_ms = time.time_ns() // 1_000_000
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        futures = [
            edge.publish(DATA, b"%d" % k, qos=qos, expiry_s=60, response_topic="answers", correlation=b"\0%d" % k)
            for k in range(2000)
        ]
        messages = await take(logger, 2000)
        await asyncio.gather(*futures)

    assert [int(m.payload) for m in messages] == list(range(2000))
    assert {(m.topic, m.qos, m.retain, m.duplicate, m.response_topic) for m in messages} == {
        (DATA, qos, False, False, "answers")
    }
    assert all(m.expiry_s in (59, 60) for m in messages)
    assert [m.correlation for m in messages] == [b"\0%d" % k for k in range(2000)]
    stamps = [m.arrived_ms for m in messages]
    assert stamps == sorted(stamps)
    assert began_ms <= stamps[0] <= stamps[-1] <= time.time_ns() // 1_000_000


async def test_messages_one_by_one(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        for k in range(5):
            await edge.publish(DATA, b"%d" % k)
        got: list[int] = []
        async for message in logger.messages:
            logger.ack(message)
            got.append(int(message.payload))
            if len(got) == 5:
                break

    assert got == list(range(5))


async def test_a_payload_of_any_bytes_and_the_largest_that_fits(mosquitto: TestBroker) -> None:
    payloads = [b"", bytes(range(256)), bytes(1_048_576 - 100)]
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        await asyncio.gather(*(edge.publish(DATA, payload) for payload in payloads))

        assert [m.payload for m in await take(logger, 3)] == payloads


async def test_a_batch_is_at_least_one_and_at_most_the_limit(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        await asyncio.gather(*(edge.publish(DATA, b"%d" % k) for k in range(10)))
        await eventually(lambda: len(logger._session.arrived) == 10)

        assert [len(await logger.batch(4)) for _ in range(3)] == [4, 4, 2]


async def test_giving_up_waiting_for_messages_loses_none(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        got: list[int] = []
        for k in range(300):
            edge.publish(DATA, b"%d" % k)
            try:
                async with asyncio.timeout(0.0005 * (k % 5)):
                    got += [int(m.payload) for m in await logger.batch()]
            except TimeoutError:
                pass
        while len(got) < 300:
            got += [int(m.payload) for m in await logger.batch()]

    assert got == list(range(300))


async def test_several_consumers_share_the_messages(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        got: list[int] = []

        async def consume() -> None:
            async for message in logger.messages:
                logger.ack(message)
                got.append(int(message.payload))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(consume(), name=f"consumer {k}") for k in range(3)]
            for k in range(100):
                edge.publish(DATA, b"%d" % k)
            await eventually(lambda: len(got) == 100)
            for task in tasks:
                task.cancel()

    assert sorted(got) == list(range(100))


# --- what is refused ---


async def test_what_one_may_not_publish_is_said_and_changes_nothing_else(mosquitto: TestBroker) -> None:
    topic = TOPICS.of("oven1", Kind.CMD)
    async with writer(mosquitto) as edge:
        await connected(edge)
        with pytest.raises(Refused, match=f"^not authorised to publish on {topic}$") as refusal:
            await edge.publish(topic, b"{}")
        await edge.publish(DATA, b"still here")

        assert refusal.value.code == 0x87
        assert edge.connection == 1


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    "topic",
    ["", "a/+", "#", "a\0b", "a\nb", "a\x7f", "\ud800", "\ufffe", "\ufdd0", "x" * 65_536, "/" * 201],
    ids=ascii,
)
async def test_an_impossible_topic_is_refused_and_the_connection_untouched(
    mosquitto: TestBroker, topic: str, qos: int
) -> None:
    async with writer(mosquitto) as edge:
        await connected(edge)
        with pytest.raises(Refused) as refusal:
            await edge.publish(topic, b"", qos=qos)
        with pytest.raises(Refused):
            await edge.publish(DATA, b"", qos=qos, response_topic=topic)
        await edge.publish(DATA, b"still here")

        assert refusal.value.code == 0x90
        assert edge.connection == 1


@pytest.mark.parametrize(
    "topic", ["x" * 65_535, "/" * 200, "$SYS/x", "$share/a/b", " ", "°C/µ/日本/\U0001f52c"], ids=ascii
)
async def test_a_strange_topic_is_judged_by_the_broker(mosquitto: TestBroker, topic: str) -> None:
    async with writer(mosquitto) as edge:
        await connected(edge)
        with pytest.raises(Refused, match="not authorised"):
            await edge.publish(topic, b"")
        await edge.publish(DATA, b"still here")

        assert edge.connection == 1


@pytest.mark.parametrize("size", [1_048_576, 3_000_000])
async def test_what_is_too_large_for_the_broker_is_refused_here(mosquitto: TestBroker, size: int) -> None:
    async with writer(mosquitto) as edge:
        await connected(edge)
        with pytest.raises(Refused, match="takes at most 1048576") as refusal:
            await edge.publish(DATA, bytes(size))
        await edge.publish(DATA, b"still here")

        assert refusal.value.code == 0x95
        assert edge.connection == 1


async def test_a_filter_that_is_none_is_refused_at_once(mosquitto: TestBroker) -> None:
    async with reader(mosquitto) as logger:
        with pytest.raises(Refused, match="a/#/b"):
            logger.subscribe("a/#/b")
        await listen(logger, DATA)

        assert logger.connection == 1


# --- windows ---


async def test_beyond_the_window_messages_wait_and_beyond_that_they_fail(mosquitto: TestBroker) -> None:
    async with writer(mosquitto, max_outstanding=2, max_waiting=3) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        futures = [edge.publish(DATA, b"%d" % k) for k in range(6)]
        with pytest.raises(WindowFull):
            await futures.pop()
        await asyncio.gather(*futures)

        assert [int(m.payload) for m in await take(logger, 5)] == list(range(5))


async def test_room_keeps_a_fast_producer_within_the_window(mosquitto: TestBroker) -> None:
    async with writer(mosquitto, max_outstanding=10, max_waiting=0) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        futures = []
        for k in range(500):
            await edge.room()
            futures.append(edge.publish(DATA, b"%d" % k))
        await asyncio.gather(*futures)

        assert [int(m.payload) for m in await take(logger, 500)] == list(range(500))


async def test_messages_not_acknowledged_hold_the_broker_back(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto, receive_max=5) as logger:
        await listen(logger, DATA)
        await connected(edge)
        await asyncio.gather(*(edge.publish(DATA, b"%d" % k) for k in range(10)))
        held = await logger.batch()
        while len(held) < 5:
            held += await logger.batch()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await logger.batch()
        assert [int(m.payload) for m in held] == list(range(5))

        # Mosquitto may send more than the receive maximum once it goes on, and that is no error.
        for message in held:
            logger.ack(message)
        assert [int(m.payload) for m in await take(logger, 5)] == list(range(5, 10))


async def test_acknowledging_twice_lets_nothing_slip(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto, receive_max=1) as logger:
        await listen(logger, DATA)
        await connected(edge)
        await asyncio.gather(*(edge.publish(DATA, b"%d" % k) for k in range(3)))
        (first,) = await logger.batch()
        logger.ack(first)
        logger.ack(first)
        (second,) = await logger.batch()
        logger.ack(first)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await logger.batch()
        logger.ack(second)

        assert [int(m.payload) for m in await logger.batch()] == [2]


@pytest.mark.parametrize("batches", [True, False])
async def test_a_flood_of_qos_0_waits_outside_and_an_answer_gets_through(mosquitto: TestBroker, batches: bool) -> None:
    """Who does not take messages does not drown in them, and its own publishes are still acknowledged."""
    config = mosquitto.config("edge-pi")
    async with writer(mosquitto) as flood, Client(config, "edge-pi-too", receive_max=50, keep_alive_s=2) as slow:
        await listen(slow, TOPICS.of("balance1", Kind.STATUS))
        await connected(flood)
        for _ in range(20):
            for _ in range(500):
                flood.publish(TOPICS.of("balance1", Kind.STATUS), bytes(2000), qos=0)
            await flood.publish(DATA, b"")
        await eventually(lambda: slow._link is not None and slow._link._paused, what="paused")
        assert 100 < len(slow._session.arrived) < 1000

        await asyncio.wait_for(slow.publish(DATA, b"through"), 10)
        assert len(slow._session.arrived) <= 1100
        assert slow.connection == 1

        await flood.publish(TOPICS.of("balance1", Kind.STATUS), b"last")
        payload = b""
        async with asyncio.timeout(20):
            while payload != b"last":
                payload = (await slow.batch(100))[-1].payload if batches else (await anext(slow)).payload
        assert slow.connection == 1


async def test_being_deaf_by_choice_is_not_a_dead_link(mosquitto: TestBroker) -> None:
    """Keep-alive goes on while reading is paused: the broker hears us, and we do not judge what we cannot hear."""
    config = mosquitto.config("edge-pi")
    topic = TOPICS.of("balance1", Kind.STATUS)
    async with writer(mosquitto) as flood, Client(config, "edge-pi-too", receive_max=10, keep_alive_s=1) as slow:
        await listen(slow, topic)
        await connected(flood)
        for _ in range(3000):
            flood.publish(topic, bytes(1000), qos=0)
        await flood.publish(DATA, b"")
        await eventually(lambda: slow._link is not None and slow._link._paused, what="paused")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await anext(aiter(flood.messages))
        assert slow.connected
        assert slow.connection == 1


# --- subscriptions, retained messages ---


async def test_a_retained_message_is_told_from_a_live_one(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await connected(edge)
        await edge.publish(LAST, b"kept", retain=True)
        await listen(logger, LAST)
        await edge.publish(LAST, b"live", retain=True)
        await edge.publish(LAST, b"plain")

        assert [(m.payload, m.retain) for m in await take(logger, 3)] == [
            (b"kept", True),
            (b"live", True),
            (b"plain", False),
        ]


async def test_retained_messages_can_be_left_out(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await connected(edge)
        await edge.publish(LAST, b"kept", retain=True)
        logger.subscribe(LAST, retain_handling=2, retain_as_published=False)
        await logger.subscribed()
        await edge.publish(LAST, b"live", retain=True)

        assert [(m.payload, m.retain) for m in await take(logger, 1)] == [(b"live", False)]


async def test_a_subscription_with_qos_0_gets_qos_0(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        logger.subscribe(DATA, qos=0)
        await logger.subscribed()
        await connected(edge)
        await edge.publish(DATA, b"")

        assert [m.qos for m in await take(logger, 1)] == [0]


async def test_after_unsubscribing_nothing_comes(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA, LAST)
        await connected(edge)
        logger.unsubscribe(DATA)
        await logger.subscribed()
        await edge.publish(DATA, b"unheard")
        await edge.publish(LAST, b"heard")

        assert [m.payload for m in await take(logger, 1)] == [b"heard"]


async def test_many_subscriptions(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, *(f"elsewhere/{k}" for k in range(500)), DATA)
        await connected(edge)
        await edge.publish(DATA, b"heard")

        assert [m.payload for m in await take(logger, 1)] == [b"heard"]


async def test_granted_is_no_proof(mosquitto: TestBroker) -> None:
    """The broker grants every subscription; what may not be read simply does not come."""
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(edge, DATA, "#")
        await listen(logger, DATA)
        await edge.publish(DATA, b"")
        await take(logger, 1)
        await edge.publish(DATA, b"")
        await take(logger, 1)

        assert not edge._session.arrived


# --- connections ---


async def test_subscriptions_and_messages_survive_a_restart_of_the_broker(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto) as logger:
        await listen(logger, DATA)
        await connected(edge)
        for round_ in (1, 2, 3):
            await mosquitto.kill()
            await eventually(lambda: not edge.connected and not logger.connected)
            await mosquitto.start()
            await eventually(lambda: edge.connection == logger.connection == round_ + 1)  # noqa: B023
            await logger.subscribed()
            await edge.publish(DATA, b"%d" % round_)
            assert [m.payload for m in await take(logger, 1)] == [b"%d" % round_]


async def test_connections_are_numbered_and_the_latest_wins(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge:
        numbers = aiter(edge.connections())
        assert await anext(numbers) == 1
        for _ in range(2):
            await mosquitto.restart()
            await eventually(lambda: edge.connected)
        assert await anext(numbers) == 3
        assert await anext(aiter(edge.connections())) == 3


async def test_a_kept_session_gets_what_was_sent_meanwhile(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge:
        for begin in (0, 5):
            async with reader(mosquitto, clean_start=False, session_expiry_s=600) as logger:
                await listen(logger, DATA)
                if begin:
                    assert [int(m.payload) for m in await take(logger, 5)] == list(range(5))
            for k in range(begin, begin + 5):
                await edge.publish(DATA, b"%d" % k)


async def test_what_was_not_acknowledged_comes_again_marked_as_duplicate(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge:
        async with reader(mosquitto, clean_start=False, session_expiry_s=600) as logger:
            await listen(logger, DATA)
            await edge.publish(DATA, b"acknowledged")
            await edge.publish(DATA, b"not acknowledged")
            await eventually(lambda: len(logger._session.arrived) == 2)
            logger.ack((await logger.batch())[0])
        async with reader(mosquitto, clean_start=False, session_expiry_s=600) as logger:
            assert [(m.payload, m.duplicate) for m in await take(logger, 1)] == [(b"not acknowledged", True)]


async def test_a_kept_session_forgets_what_was_unsubscribed_while_away(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge, reader(mosquitto, clean_start=False, session_expiry_s=600) as logger:
        await listen(logger, DATA, LAST)
        await mosquitto.stop()
        await eventually(lambda: not logger.connected)
        logger.unsubscribe(DATA)
        await mosquitto.start()
        await logger.subscribed()
        await connected(edge)
        await edge.publish(DATA, b"unheard")
        await edge.publish(LAST, b"heard")

        assert [m.payload for m in await take(logger, 1)] == [b"heard"]


async def test_without_a_connection_a_publish_fails_and_nobody_has_to_look(
    mosquitto: TestBroker, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(mosquitto.config("edge-pi", port=1), "edge-pi") as edge:
        with pytest.raises(NotConnected, match=r"no connection to 127\.0\.0\.1:1"):
            await edge.publish(DATA, b"")
        for _ in range(10):
            edge.publish(DATA, b"")
    gc.collect()

    assert "never retrieved" not in caplog.text


# --- leaving ---


async def test_leaving_waits_for_acknowledgements(mosquitto: TestBroker) -> None:
    async with reader(mosquitto) as logger:
        await listen(logger, DATA)
        async with writer(mosquitto, max_outstanding=3) as edge:
            await connected(edge)
            futures = [edge.publish(DATA, b"%d" % k) for k in range(100)]

        assert all(f.done() and f.exception() is None for f in futures)
        assert len(await take(logger, 100)) == 100


async def test_after_leaving_everything_ends(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge:
        await connected(edge)

    assert not edge.connected
    with pytest.raises(NotConnected):
        await edge.publish(DATA, b"")
    with pytest.raises(NotConnected):
        await edge.batch()
    with pytest.raises(NotConnected):
        await edge.room()
    with pytest.raises(NotConnected):
        await edge.subscribed()
    assert [m async for m in edge.messages] == []
    assert [n async for n in edge.connections()] == []


async def test_leaving_at_once(mosquitto: TestBroker) -> None:
    async with writer(mosquitto) as edge:
        pass

    with pytest.raises(NotConnected):
        await edge.batch()


async def test_an_error_of_the_block_stays_as_it_is(mosquitto: TestBroker) -> None:
    async def fail() -> None:
        async with writer(mosquitto) as edge:
            await connected(edge)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_a_cancelled_block_leaves_properly(mosquitto: TestBroker) -> None:
    inside = asyncio.Event()
    made: list[Client] = []

    async def live() -> None:
        async with writer(mosquitto) as edge:
            made.append(edge)
            await connected(edge)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(live())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not made[0].connected


async def test_a_surprise_inside_ends_the_block(mosquitto: TestBroker) -> None:
    def will(_number: int) -> Will:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as group:
        async with writer(mosquitto, will=will):
            await asyncio.Event().wait()
    assert group.group_contains(ZeroDivisionError)


# --- the last will ---


async def test_the_will_is_sent_when_the_process_dies_and_only_then(mosquitto: TestBroker) -> None:
    asked: list[int] = []

    def will(number: int) -> Will:
        asked.append(number)
        return Will(EDGE, b"lost %d" % number, expiry_s=90)

    async with reader(mosquitto) as logger:
        await listen(logger, EDGE)
        async with writer(mosquitto, will=will) as edge:
            await connected(edge)
            assert edge._link is not None
            edge._link._abort()
            await eventually(lambda: edge.connection == 2 and edge.connected)
            (lost,) = await take(logger, 1)
            await edge.publish(EDGE, b"offline")

        assert (lost.payload, lost.qos, lost.retain) == (b"lost 1", 1, True)
        assert lost.expiry_s in (89, 90)
        assert [m.payload for m in await take(logger, 1)] == [b"offline"]
        async with writer(mosquitto) as other:
            await connected(other)
            await other.publish(EDGE, b"after")
        assert [m.payload for m in await take(logger, 1)] == [b"after"]
    assert asked == [1, 2]


def test_the_numbers_of_messages_are_plain() -> None:
    """A message is what a database or a JSON encoder can take as it is."""
    message = Message("a", b"")

    assert all(type(x) in (str, bytes, int, bool, type(None)) for x in msgspec.structs.astuple(message))
    assert list(itertools.islice(Message.__struct_fields__, 8)) == [
        "topic",
        "payload",
        "qos",
        "retain",
        "duplicate",
        "expiry_s",
        "response_topic",
        "correlation",
    ]
