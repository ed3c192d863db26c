"""An agent on a real Mosquitto, with a small logger: what is announced, what is stored, what happens to a command."""

import asyncio
import errno
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from broker.agent import Agent, AgentConfig
from broker.calibration import Calibration, Correction, Uncertainty
from broker.client import Client
from broker.config import ConfigError
from broker.late import BLOCK
from broker.messages import Block, Channel, Command, Data, EdgeStatus, Hold, Meta, Status, Value, decode, encode
from broker.ranges import Ranges
from broker.topics import Kind
from tests.broker.standin import TOPICS, Disk, running
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

SPEED = 20
META = Meta(name="Balance", channels={"weight": Channel(unit="g")})
MAIN_STATUS = TOPICS.of("balance1", Kind.STATUS)


async def fast_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / SPEED)


def fast_monotonic() -> float:
    return time.monotonic() * SPEED


async def nothing(command: Command, progress: Callable[[float], None]) -> dict[str, Value]:
    return {}


def agent(mosquitto: TestBroker, folder: Path, user: str = "edge-pi", **config: Any) -> Agent:
    return Agent(
        mosquitto.config(user),
        user.removeprefix("edge-"),
        AgentConfig(data_dir=str(folder), **config),
        version="1",
        sleep=fast_sleep,
        monotonic=fast_monotonic,
    )


def reader(mosquitto: TestBroker) -> Client:
    return Client(mosquitto.config("viewer"), "viewer", sleep=fast_sleep)


async def retained(mosquitto: TestBroker) -> dict[str, bytes]:
    """What a newcomer is told."""
    found: dict[str, bytes] = {}
    async with reader(mosquitto) as client:
        client.subscribe(TOPICS.everything())
        await client.subscribed()
        try:
            async with asyncio.timeout(0.3):
                async for message in client.messages:
                    found[message.topic] = message.payload
        except TimeoutError:
            pass
    return found


# --- announcing -------------------------------------------------------------------------------------------------------


async def test_announces_what_it_is_and_how_it_is(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        balance.status("online")
        balance.sample({"weight": 1.5})
        await eventually(lambda: edge.client.connected)

        async def told() -> dict[str, bytes]:
            found = await retained(mosquitto)
            return found if len(found) == 4 else {}

        found = await eventually(told)
        meta: Meta = decode(Kind.META, found[TOPICS.of("balance1", Kind.META)])
        status: Status = decode(Kind.STATUS, found[MAIN_STATUS])
        health: EdgeStatus = decode(Kind.EDGE_STATUS, found[TOPICS.edge_status("pi")])

    assert (meta.edge, bool(meta.rev), meta.channels) == ("pi", True, META.channels)
    assert (status.state, status.conn, status.stored_by) == ("online", 1, "main")
    assert status.hold == [Hold(boot=edge.boot, first=0, next=1)]
    assert decode(Kind.LAST, found[TOPICS.of("balance1", Kind.LAST)])["weight"] == 1.5
    assert (health.state, health.instruments, health.version) == ("online", ["balance1"], "1")
    assert health.figures["lost"] == 0


async def test_announces_again_to_a_broker_that_has_forgotten(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path) as edge:
        edge.instrument("balance1", META, nothing).status("online")
        await eventually(lambda: edge.client.connected)
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()

        async def told() -> bool:
            found = await retained(mosquitto)
            return MAIN_STATUS in found and decode(Kind.STATUS, found[MAIN_STATUS]).conn == 2

        await eventually(told)


async def test_says_goodbye_and_leaves_a_will(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path) as edge:
        edge.instrument("balance1", META, nothing).status("online")
        await eventually(lambda: edge.client.connected)
        will = edge._will(3)

    found = await retained(mosquitto)
    status: Status = decode(Kind.STATUS, found[MAIN_STATUS])
    assert (status.state, status.reason) == ("offline", "the edge was stopped")
    assert decode(Kind.EDGE_STATUS, found[TOPICS.edge_status("pi")]).state == "offline"
    assert decode(Kind.EDGE_STATUS, will.payload) == EdgeStatus(state="lost", boot=edge.boot, conn=3)


async def test_clears_what_left_the_configuration(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path, store="none") as edge:
        for name in ("balance1", "stirrer1"):
            edge.instrument(name, META, nothing).sample({"weight": 1})
        await eventually(lambda: edge.client.connected)
        await eventually(lambda: not edge._outbox.waiting)
    assert TOPICS.of("stirrer1", Kind.META) in await retained(mosquitto)

    async with agent(mosquitto, tmp_path, store="none") as edge:
        edge.instrument("balance1", META, nothing)

        async def cleared() -> bool:
            found = await retained(mosquitto)
            return not [t for t in found if "stirrer1" in t] and TOPICS.of("balance1", Kind.META) in found

        await eventually(cleared)


async def test_what_another_edge_clears_is_announced_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    """An instrument moved: the edge that served it before clears what it had announced, also of the new one."""
    topics = [TOPICS.of("balance1", kind) for kind in (Kind.META, Kind.STATUS)]  # in the order of an edge
    async with (
        agent(mosquitto, tmp_path) as edge,
        Client(mosquitto.config("edge-other"), "edge-other", sleep=fast_sleep) as other,
    ):
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: balance.announced and other.connected)
        for topic in topics:
            await other.publish(topic, b"", retain=True)

        async def there() -> bool:
            return set(topics) <= (await retained(mosquitto)).keys()

        await eventually(there, timeout=5)


async def test_last_is_published_at_most_twice_a_second(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path) as edge, reader(mosquitto) as client:
        client.subscribe(TOPICS.of("balance1", Kind.LAST))
        await client.subscribed()
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: edge.client.connected)
        start = fast_monotonic()
        for k in range(200):
            balance.sample({"weight": k})
            await asyncio.sleep(0.001)
        values: list[float] = []
        while 199 not in values:
            values += [decode(Kind.LAST, m.payload)["weight"] for m in await client.batch()]

    assert len(values) <= 2 * (fast_monotonic() - start) + 2
    assert len(values) < 150


async def test_another_edge_that_serves_the_instrument_is_left_to_it(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path / "2", "edge-other") as second:
        async with agent(mosquitto, tmp_path / "1") as first:
            first.instrument("balance1", META, nothing).status("online")
            await eventually(lambda: first._instruments["balance1"].announced)
            late = second.instrument("balance1", META, nothing)
            await eventually(lambda: late.rival == "pi")
            late.sample({"weight": 2})

            async def said() -> EdgeStatus | None:
                status: EdgeStatus = decode(Kind.EDGE_STATUS, (await retained(mosquitto))[TOPICS.edge_status("other")])
                return status if status.state == "degraded" else None

            status = await eventually(said)
            assert status is not None
            assert status.reason == "balance1 is served by edge pi, not here"
            assert late.ignored == 1
            assert first._instruments["balance1"].rival == ""
            assert decode(Kind.STATUS, (await retained(mosquitto))[MAIN_STATUS]).edge == "pi"
        await eventually(lambda: late.rival == "")
        await eventually(lambda: late.announced)


async def test_a_newcomer_that_speaks_first_is_answered(mosquitto: TestBroker, tmp_path: Path) -> None:
    status = Status(state="offline", boot="zzzzzzzz-0000", edge="other")
    async with (
        agent(mosquitto, tmp_path) as edge,
        Client(mosquitto.config("edge-other"), "edge-other", sleep=fast_sleep) as other,
    ):
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: balance.announced and other.connected)
        other.publish(MAIN_STATUS, encode(status), retain=True)

        async def ours() -> bool:
            status: Status = decode(Kind.STATUS, (await retained(mosquitto))[MAIN_STATUS])
            return status.edge == "pi"

        await eventually(ours, timeout=1.2)  # the next heartbeat would come after 1.5 s
        assert balance.rival == ""


async def test_what_was_spooled_before_the_instrument_moved_is_delivered(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    await mosquitto.stop()
    async with agent(mosquitto, tmp_path / "1") as first:
        first.instrument("balance1", META, nothing).sample({"weight": 1})
    await mosquitto.start()
    async with agent(mosquitto, tmp_path / "2", "edge-other") as other:
        new = other.instrument("balance1", META, nothing)
        await eventually(lambda: new.announced)
        new.status("online")
        async with agent(mosquitto, tmp_path / "1") as first, running(mosquitto, disk) as logger:
            old = first.instrument("balance1", META, nothing)
            await eventually(lambda: old.rival == "other")
            held = first._spool.hold("balance1", "samples")
            logger.holds["balance1"] = (held + other._spool.hold("balance1", "samples"), [])

            await eventually(lambda: disk.rows("balance1") == 1)


async def test_two_agents_cannot_share_a_folder(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path):
        with pytest.raises(ConfigError, match="in use"):
            async with agent(mosquitto, tmp_path):
                pass


async def test_a_bad_password_file_leaves_nothing_behind(mosquitto: TestBroker, tmp_path: Path) -> None:
    (mosquitto.folder / "edge-pi.password").unlink()

    for _ in range(2):
        with pytest.raises(ConfigError, match="cannot be read"):
            async with agent(mosquitto, tmp_path):
                pass


# --- samples ----------------------------------------------------------------------------------------------------------


async def test_samples_and_blocks_are_stored_with_their_quality(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with running(mosquitto, disk) as logger, agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        balance.sample({"weight": float("nan"), "stable": True}, q={"stable": "uncertain"}, t_us=1_795_000_000_000_123)
        balance.block({"weight": [1.0, float("inf"), 3.0]}, t0_us=1_795_000_000_000_200, dt_us=1000)
        balance.block({"weight": [4.0, 5.0]}, t_us=[1_795_000_000_001_000, 1_795_000_000_009_000])
        await eventually(lambda: disk.complete("balance1", 6))

        data: Data = decode(Kind.DATA, logger.of(Kind.DATA, "balance1")[0].payload)
        first, second = [decode(Kind.BLOCK, m.payload) for m in logger.of(Kind.BLOCK, "balance1")]
        await eventually(lambda: not edge._outbox.waiting)

    assert (data.ts, data.us, data.values) == (1_795_000_000_000, 123, {"weight": None, "stable": True})
    assert data.q == {"weight": "nan", "stable": "uncertain"}
    assert data.rev == balance.meta.rev == first.rev
    assert (first.cols, first.q, first.fold) == ({"weight": [1.0, None, 3.0]}, {"weight": {"1": "+inf"}}, 0)
    assert (second.seq, second.fold) == (4, 1)  # its first stamp is not after the last one


async def test_what_was_measured_without_a_broker_is_stored_later(mosquitto: TestBroker, tmp_path: Path) -> None:
    await mosquitto.stop()
    disk = Disk()
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        for k in range(3000):
            balance.sample({"weight": k, "odd": bool(k % 2)} if k % 3 else {"weight": k})
        balance.event("power", "it came back")
        await mosquitto.start()
        async with running(mosquitto, disk) as logger:
            await eventually(lambda: disk.complete("balance1", 3000), timeout=20)
            await eventually(lambda: disk.events[("balance1", edge.boot)] == Ranges([(0, 1)]))
            await eventually(lambda: not edge._outbox.waiting)

            assert len(logger.late_blocks) < 20
            assert all(len(encode(b)) <= 64 * 1024 for b in logger.late_blocks)
            assert disk.values[("balance1", edge.boot, 7)] == {"weight": 7, "odd": True}


async def test_an_ended_run_is_delivered_by_the_next(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    for _ in range(2):
        async with agent(mosquitto, tmp_path) as edge:
            balance = edge.instrument("balance1", META, nothing)
            for k in range(100):
                balance.sample({"weight": k})
    async with agent(mosquitto, tmp_path) as edge, running(mosquitto, disk):
        edge.instrument("balance1", META, nothing).sample({"weight": 0})

        await eventually(lambda: disk.complete("balance1", 201))
        assert len(disk.samples) == 3


async def test_what_an_instrument_that_left_has_spooled_is_still_delivered(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    disk = Disk()
    async with agent(mosquitto, tmp_path) as edge:
        edge.instrument("stirrer1", META, nothing).sample({"weight": 1})
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
    async with running(mosquitto, disk) as logger, agent(mosquitto, tmp_path):
        logger.holds.clear()
        await eventually(lambda: disk.complete("stirrer1", 1))
        topic = TOPICS.of("stirrer1", Kind.META)
        await eventually(lambda: _gone(mosquitto, topic))


async def _gone(mosquitto: TestBroker, topic: str) -> bool:
    return topic not in await retained(mosquitto)


async def test_nothing_is_missing_after_the_broker_was_killed_again_and_again(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    disk = Disk()
    async with running(mosquitto, disk), agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        for k in range(3000):
            balance.sample({"weight": k})
            if k % 10 == 0:
                await asyncio.sleep(0.001)
            if k in (700, 1900):
                await mosquitto.kill()
            if k in (900, 2300):
                await mosquitto.start()

        await eventually(lambda: disk.complete("balance1", 3000), timeout=30)


async def test_a_logger_that_crashed_or_went_back_gets_everything_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        async with running(mosquitto, disk, "r1"):
            for k in range(500):
                balance.sample({"weight": k})
            await eventually(lambda: disk.complete("balance1", 500))
            await eventually(lambda: not edge._outbox.waiting)
        yesterday = Disk()
        for k in range(500, 600):
            balance.sample({"weight": k})

        async with running(mosquitto, yesterday, "r2"):
            await eventually(lambda: yesterday.complete("balance1", 600))


async def test_a_logger_that_takes_everything_and_stores_nothing_is_not_flooded(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    async with running(mosquitto, Disk()) as logger, agent(mosquitto, tmp_path) as edge:
        logger.storing = False
        balance = edge.instrument("balance1", META, nothing)
        for k in range(20_000):
            balance.sample({"weight": k})
        await eventually(lambda: len(logger.late_blocks) >= 4, timeout=20)
        start = fast_monotonic()
        await eventually(lambda: fast_monotonic() - start > 40)

        assert len(logger.late_blocks) <= 4 * 5  # at 0, 5, 15, 35 s, and one round before the measuring began


async def test_what_did_not_fit_into_the_window_is_sent_again_at_once(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    slow = Agent(mosquitto.config("edge-pi"), "pi", AgentConfig(data_dir=str(tmp_path)), version="1")
    async with running(mosquitto, disk), slow as edge:
        balance = edge.instrument("balance1", META, nothing)
        while not balance.announced:
            balance.sample({"weight": 0})
            await asyncio.sleep(0.001)
        await eventually(lambda: edge._outbox.logger_ready)
        await eventually(lambda: not edge._outbox.waiting)
        before = disk.rows("balance1")
        for k in range(12_000):
            balance.sample({"weight": k})

        # The turn of the tail would come after 60 s.
        await eventually(lambda: disk.complete("balance1", before + 12_000), timeout=30)
        assert edge._outbox.resent >= 1000
        await eventually(lambda: edge._outbox.refused == "")


async def test_what_is_measured_while_a_connection_begins_is_sent_soon(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    slow = Agent(mosquitto.config("edge-pi"), "pi", AgentConfig(data_dir=str(tmp_path)), version="1")
    async with running(mosquitto, disk), slow as edge:
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: balance.announced and edge._outbox.logger_ready)
        await mosquitto.restart()
        await eventually(lambda: not edge.client.connected)
        rows = 0
        while not (edge.client.connected and edge._outbox._is_open("balance1")):
            balance.sample({"weight": rows})
            rows += 1
            await asyncio.sleep(0)

        # The turn of the tail would come after 60 s.
        await eventually(lambda: disk.complete("balance1", rows), timeout=30)


async def test_a_request_is_answered(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with running(mosquitto, disk) as logger, agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        for k in range(100):
            balance.sample({"weight": k})
        await eventually(lambda: disk.complete("balance1", 100))
        logger.late_blocks.clear()
        disk.samples[("balance1", edge.boot)].remove(40, 50)
        await eventually(lambda: edge._spool.marked("balance1", "samples", edge.boot) == 40)

        logger.request("balance1", edge.boot, 40, 49)

        await eventually(lambda: disk.complete("balance1", 100))
        assert [(b.seq, b.n) for b in logger.late_blocks] == [(40, 10)]


async def test_a_logger_with_a_new_store_gets_what_it_wants_and_hears_that_the_rest_will_not_come(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    disk = Disk()
    now = int(time.time())
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        for k in range(100):
            balance.sample({"weight": k}, t_us=(now - 100 + k) * 1_000_000)
        async with running(mosquitto, disk) as logger:
            logger.want_since = (now - 40) * 1000

            await eventually(lambda: disk.rows("balance1") == 40)
            await eventually(lambda: logger.holds["balance1"][0][0].first == 60)
            await eventually(lambda: not edge._outbox.waiting)


async def test_without_a_logger_the_acknowledged_is_done_with(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with agent(mosquitto, tmp_path, store="none") as edge:
        balance = edge.instrument("balance1", META, nothing)
        for k in range(500):
            balance.sample({"weight": k})
        balance.event("power", "on")
        await eventually(lambda: not edge._outbox.waiting)
        status: Status = decode(Kind.STATUS, (await retained(mosquitto))[MAIN_STATUS])

    assert status.stored_by == ""
    assert edge._outbox.resent >= 500  # made before there was a connection


async def test_a_full_spool_says_what_was_lost_and_the_rest_is_stored(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with agent(mosquitto, tmp_path, spool_bytes=100_000) as edge:
        balance = edge.instrument("balance1", META, nothing)
        for k in range(5000):
            balance.sample({"weight": k})
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        hold = edge._spool.hold("balance1", "samples")[0]
        assert hold.lost == hold.first > 3000

        async with running(mosquitto, disk):
            await eventually(lambda: disk.samples.get(("balance1", edge.boot)) == Ranges([(hold.first, 5000)]))
            await eventually(lambda: not edge._outbox.waiting)
            assert edge._spool.lost == hold.lost


async def test_a_record_the_broker_refuses_for_its_size_is_set_aside(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with running(mosquitto, disk), agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        balance.sample({"weight": 0})
        balance.sample({"text": "x" * 2_000_000})
        balance.sample({"weight": 2})

        await eventually(lambda: not edge._outbox.waiting)
        assert edge._spool.lost == 1
        assert disk.samples[("balance1", edge.boot)] == Ranges([(0, 1), (2, 3)])


async def test_a_full_disk_is_said_and_the_samples_are_still_published(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    async with running(mosquitto, disk), agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        balance.status("online")
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", _no_space)
            for k in range(10):
                balance.sample({"weight": k})

            async def degraded() -> bool:
                status: Status = decode(Kind.STATUS, (await retained(mosquitto))[MAIN_STATUS])
                return status.state == "degraded" and "No space left" in status.reason

            await eventually(degraded)
        balance.sample({"weight": 10})

        await eventually(lambda: disk.complete("balance1", 11))
        await eventually(lambda: not edge._outbox.waiting)
        assert edge._spool.failed == 10
        assert edge._spool.lost == 0


def _no_space(fd: int, data: bytes, offset: int) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_long_blocks_are_cut(mosquitto: TestBroker, tmp_path: Path) -> None:
    disk = Disk()
    async with running(mosquitto, disk) as logger, agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        await eventually(lambda: all(i.announced for i in edge._instruments.values()))
        balance.block({"weight": [k + 0.123 for k in range(30_000)]}, t0_us=10**15, dt_us=100)

        await eventually(lambda: disk.complete("balance1", 30_000))
        blocks = [decode(Kind.BLOCK, m.payload) for m in logger.of(Kind.BLOCK, "balance1")]
        assert len(blocks) > 4
        assert max(len(m.payload) for m in logger.of(Kind.BLOCK, "balance1")) <= 64 * 1024
        assert all(b.t0_us == 10**15 + 100 * b.seq and b.fold == 0 for b in blocks)


# --- calibrations -----------------------------------------------------------------------------------------------------

TENTH = Correction(type="poly", coef=[0.1])


async def publish_calibration(
    mosquitto: TestBroker, calibration: Calibration | None = None, instrument: str = "balance1"
) -> None:
    payload = encode({"weight": calibration}) if calibration else b""
    async with Client(mosquitto.config("calibration-main"), "cal", sleep=fast_sleep) as client:
        await eventually(lambda: client.connected)
        await client.publish(TOPICS.of(instrument, Kind.CALIBRATION), payload, retain=True)


def spooled(edge: Agent) -> list[Data | Block]:
    records = edge._spool.read("balance1", "samples", edge.boot, 0, 10**9, 10**9) or ()
    return [decode(Kind.BLOCK if r.kind == BLOCK else Kind.DATA, r.body) for r in records]


async def test_a_calibration_in_force_is_applied_to_samples_and_blocks(mosquitto: TestBroker, tmp_path: Path) -> None:
    await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH, U=[Uncertainty(x=0, U=0.02)]))
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing, correct=True)
        balance.sample({"weight": 1.5})
        await eventually(lambda: "weight_raw" in balance.meta.channels)
        balance.sample({"weight": 1.5})
        balance.block({"weight": [1.5, 2.5]}, t0_us=5_000_000, dt_us=1000)

        raw, one, many = spooled(edge)
        assert isinstance(raw, Data)
        assert isinstance(one, Data)
        assert (raw.values, raw.cal) == ({"weight": 1.5}, {})
        assert (one.values, one.u, one.cal) == ({"weight": 1.6, "weight_raw": 1.5}, {"weight": 0.01}, {"weight": "K-1"})
        assert (raw.rev, one.rev) != (None, raw.rev)
        assert isinstance(many, Block)
        assert (many.cols, many.u, many.cal) == (
            {"weight": [1.6, 2.6], "weight_raw": [1.5, 2.5]},
            {"weight": 0.01},
            {"weight": "K-1"},
        )


async def test_without_being_told_to_an_edge_corrects_nothing(mosquitto: TestBroker, tmp_path: Path) -> None:
    for name in ("balance1", "stirrer1"):
        await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH), instrument=name)
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        stirrer = edge.instrument("stirrer1", META, nothing, correct=True)
        await eventually(lambda: stirrer._calibrations.correctors)
        balance.sample({"weight": 1.5})

        assert [m.cal for m in spooled(edge)] == [{}]


async def test_a_correction_outlives_the_broker_and_the_edge(mosquitto: TestBroker, tmp_path: Path) -> None:
    await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH))
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing, correct=["weight"])
        await eventually(lambda: "weight_raw" in balance.meta.channels)
    await mosquitto.kill()

    async with agent(mosquitto, tmp_path) as edge:
        edge.instrument("balance1", META, nothing, correct=["weight"]).sample({"weight": 1.5})
        assert [m.cal for m in spooled(edge)] == [{"weight": "K-1"}]


async def test_one_that_vanishes_is_degraded_and_applied_a_void_one_is_raw_again(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    async def status() -> Status:
        found: Status = decode(Kind.STATUS, (await retained(mosquitto))[MAIN_STATUS])
        return found

    await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH))
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing, correct=True)
        balance.status("online")
        await eventually(lambda: "weight_raw" in balance.meta.channels)
        await publish_calibration(mosquitto)
        found = await eventually(lambda: _state(status, "degraded"))
        assert found is not None
        assert "K-1 has vanished from the broker" in found.reason
        balance.sample({"weight": 1.5})

        await publish_calibration(mosquitto, Calibration(id="K-1", status="void", reason="moved"))
        await eventually(lambda: _state(status, "online"))
        balance.sample({"weight": 1.5})
        assert [m.cal for m in spooled(edge)] == [{"weight": "K-1"}, {}]
        events = edge._spool.read("balance1", "events", edge.boot, 0, 10**9, 10**9) or ()
        assert b"K-1 is void (moved): raw values again" in b"".join(r.body for r in events)


async def _state(look: Callable[[], Awaitable[Status]], state: str) -> Status | None:
    found = await look()
    return found if found.state == state else None


async def test_a_broker_that_has_forgotten_it_makes_the_instrument_degraded(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH))
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing, correct=True)
        await eventually(lambda: "weight_raw" in balance.meta.channels)
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()

        await eventually(lambda: "vanished" in balance._calibrations.problem, timeout=30)
        balance.sample({"weight": 1.5})
        assert spooled(edge)[-1].cal == {"weight": "K-1"}


async def test_a_driver_that_corrects_itself_is_not_corrected(mosquitto: TestBroker, tmp_path: Path) -> None:
    await publish_calibration(mosquitto, Calibration(id="K-1", correction=TENTH))
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing, correct=True)
        await eventually(lambda: "weight_raw" in balance.meta.channels)
        balance.sample({"weight": 1.5}, cal={"weight": "K-own"})
        balance.block({"weight": [1.5]}, cal={"weight": "K-own"})

        assert [m.cal for m in spooled(edge)] == [{"weight": "K-own"}] * 2
        assert "the driver has corrected it already" in balance._calibrations.problem
