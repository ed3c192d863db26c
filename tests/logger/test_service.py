"""The logger beside a real Mosquitto: in this process where its loop is watched, as its own where it is killed."""

import asyncio
import contextlib
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.client import Client
from broker.config import ConfigError
from broker.messages import Commit, Data, Event, Hold, Request, ServiceStatus, Status, decode, encode
from broker.topics import Kind
from logger import service
from logger.config import LoggerConfig
from logger.store import History
from tests.logger.support import BOOT, T_MS, TOPICS, data, packet
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

STATUS = TOPICS.service_status("logger", "main")
COMMIT = TOPICS.commit("main", "i1")


def sample(seq: int) -> bytes:
    return encode(Data(ts=T_MS + seq, boot=BOOT, seq=seq, values={"temp": seq / 8}))


def held(next_: int, first: int = 0, lost: int = 0) -> bytes:
    return encode(Status(state="online", boot=BOOT, ts=T_MS, hold=[Hold(BOOT, first, next_, lost)]))


def config(mosquitto: TestBroker, folder: Path) -> LoggerConfig:
    return LoggerConfig(data_dir=str(folder / "logger"), broker=mosquitto.config("logger-main"))


@contextlib.asynccontextmanager
async def logger(mosquitto: TestBroker, folder: Path) -> AsyncIterator[LoggerConfig]:
    wanted, stop = config(mosquitto, folder), asyncio.Event()
    running = asyncio.create_task(service.run(wanted, stop))
    try:
        yield wanted
    finally:
        stop.set()
        await running


class Ear:
    """Remembers the last message of every topic, as a viewer hears it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.last: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes]] = []

    async def listen(self) -> None:
        async for message in self._client.messages:
            self.last[message.topic] = message.payload
            self.all.append((message.topic, message.payload))
            self._client.ack(message)

    @property
    def status(self) -> ServiceStatus | None:
        return decode(Kind.SERVICE_STATUS, self.last[STATUS]) if self.last.get(STATUS) else None

    def state(self) -> str:
        return self.status.state if self.status else ""

    def commit(self) -> Commit | None:
        return decode(Kind.COMMIT, self.last[COMMIT]) if self.last.get(COMMIT) else None

    def upto(self) -> int | None:
        """The watermark of BOOT as the present run of the logger says it."""
        commit, status = self.commit(), self.status
        if commit is None or status is None or commit.run != status.boot or BOOT not in commit.boots:
            return None
        return commit.boots[BOOT].upto


@contextlib.asynccontextmanager
async def edge_and_ear(mosquitto: TestBroker) -> AsyncIterator[tuple[Client, Ear]]:
    async with (
        Client(mosquitto.config("edge-pi"), "edge-pi") as edge,
        Client(mosquitto.config("viewer"), "ear") as viewer,
    ):
        viewer.subscribe(TOPICS.everything())
        await viewer.subscribed()
        ear = Ear(viewer)
        listening = asyncio.create_task(ear.listen())
        yield edge, ear
        listening.cancel()
        await asyncio.wait({listening})


def rows(folder: Path, instrument: str = "i1") -> list[tuple[str, int]]:
    """(boot, seq) of every stored row, in the order of time."""
    with History(folder / "logger" / "labwire.db") as history:
        return [
            (r.boot, r.chunk.seq + k) for r in history.rows(instrument, None, 0, 2**62) for k in range(len(r.chunk))
        ]


def events_stored(folder: Path) -> list[str]:
    with History(folder / "logger" / "labwire.db") as history:
        return [mark.state for mark in history.marks(0, 2**52) if mark.kind == "event"]


async def test_samples_are_stored_and_their_sender_is_told(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with edge_and_ear(mosquitto) as (edge, ear), logger(mosquitto, tmp_path):
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(0), retain=True)
        await eventually(lambda: ear.upto() == -1, what="told that nothing is stored")
        count = 3 * service.BATCH  # more than may be unacknowledged
        for seq in range(count):
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
        await eventually(lambda: ear.upto() == count - 1, 20)

        assert rows(tmp_path) == [(BOOT, k) for k in range(count)]
        commits = [p for topic, p in ear.all if topic == COMMIT]
        assert len(commits) <= 8, "about one a second"
        assert commits[0] != commits[-1]
    assert ear.state() == "offline"


async def test_the_broker_may_die_and_forget(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with edge_and_ear(mosquitto) as (edge, ear), logger(mosquitto, tmp_path):
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(1), retain=True)
        edge.publish(TOPICS.of("i1", Kind.DATA), sample(0))
        await eventually(lambda: ear.upto() == 0)
        await mosquitto.kill()
        mosquitto.forget()
        ear.last.clear()
        await mosquitto.start()

        await eventually(lambda: ear.state() == "online", 20)
        await eventually(lambda: ear.upto() == 0, 20, "the retained commit is there again")
        await eventually(lambda: edge.connected, 20)
        edge.publish(TOPICS.of("i1", Kind.DATA), sample(1))
        await eventually(lambda: ear.upto() == 1, 20)


async def test_a_hole_is_asked_for(mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logger.requests.FIRST_WAIT_S", 0.2)
    monkeypatch.setattr("logger.service.LOOK_S", 0.1)
    async with edge_and_ear(mosquitto) as (edge, ear), logger(mosquitto, tmp_path):
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(9), retain=True)
        for seq in (0, 1, 5, 6):
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
        topic = TOPICS.request("main", "i1")
        asked = await eventually(lambda: ear.last.get(topic))
        assert asked is not None

        assert decode(Kind.REQUEST, asked) == Request(boot=BOOT, from_=2, to=4)
        commit = ear.commit()
        assert commit is not None
        assert (commit.boots[BOOT].upto, commit.boots[BOOT].have) == (1, [(5, 6)])
        for seq in (2, 3, 4):
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
        await eventually(lambda: ear.upto() == 6)


async def test_an_edge_that_waits_in_vain_is_an_alarm(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its samples do not come, though it says it has them: raised where everybody sees it, stored, and cleared."""
    monkeypatch.setattr("logger.awaited.AFTER_S", 0.3)
    monkeypatch.setattr("logger.service.LOOK_S", 0.1)
    monkeypatch.setattr("logger.service.STATUS_S", 0.2)
    topic = TOPICS.of("i1", Kind.EVENT)

    def event() -> Event | None:
        return decode(Kind.EVENT, ear.last[topic]) if topic in ear.last else None

    async with edge_and_ear(mosquitto) as (edge, ear), logger(mosquitto, tmp_path):
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(1), retain=True)
        raised = await eventually(event, what="the alarm")
        assert raised is not None
        assert (raised.kind, raised.state, raised.severity, raised.by) == (
            "not-stored",
            "raised",
            "error",
            "logger-main",
        )
        await eventually(lambda: ear.status is not None and ear.status.figures["not_stored"] == 1)
        edge.publish(TOPICS.of("i1", Kind.DATA), sample(0))
        await eventually(lambda: (found := event()) is not None and found.state == "cleared", what="its end")
        await eventually(lambda: ear.status is not None and ear.status.figures["not_stored"] == 0)
        await eventually(lambda: events_stored(tmp_path) == ["raised", "cleared"], what="both in the store")


async def test_a_full_disk_holds_everything_until_there_is_room(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel refuses to let files grow: to SQLite that is a disk error, and it goes away again."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with edge_and_ear(mosquitto) as (edge, ear), logger(mosquitto, tmp_path) as wanted:
        await eventually(lambda: ear.state() == "online")
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(1), retain=True)
        edge.publish(TOPICS.of("i1", Kind.DATA), sample(0))
        await eventually(lambda: ear.upto() == 0)
        wal = wanted.database.with_name("labwire.db-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, old[1]))
        try:
            for seq in range(1, 200):
                edge.publish(TOPICS.of("i1", Kind.DATA), sample(seq))
            await eventually(lambda: ear.state() == "holding")
            assert ear.status is not None
            assert ear.status.reason
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        await eventually(lambda: ear.upto() == 199, 30)
        await eventually(lambda: ear.state() == "online")

    assert rows(tmp_path) == [(BOOT, k) for k in range(200)]


async def test_garbage_is_counted_and_the_rest_goes_on(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with edge_and_ear(mosquitto) as (edge, ear):
        async with logger(mosquitto, tmp_path):
            await eventually(lambda: ear.state() == "online")
            edge.publish(TOPICS.of("i1", Kind.STATUS), held(1), retain=True)
            for garbage in (b"not json", b"\xff", b'{"ts":"now"}', b"x" * 1_000_000):
                edge.publish(TOPICS.of("i1", Kind.DATA), garbage)
            edge.publish(TOPICS.of("i1", Kind.DATA), sample(0))
            await eventually(lambda: ear.upto() == 0)
        assert ear.status is not None
        assert ear.status.figures["undecodable"] == 4


async def test_two_loggers_on_one_folder(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with logger(mosquitto, tmp_path) as wanted:
        await eventually(wanted.database.exists)
        with pytest.raises(ConfigError, match="in use by another process"):
            await service.run(wanted, asyncio.Event())


async def test_a_database_that_is_no_database(mosquitto: TestBroker, tmp_path: Path) -> None:
    wanted = config(mosquitto, tmp_path)
    wanted.database.parent.mkdir()
    wanted.database.write_text("my diary, " * 1000)

    with pytest.raises(ConfigError, match=r"labwire\.db cannot be used: file is not a database"):
        await service.run(wanted, asyncio.Event())


# --- killed -----------------------------------------------------------------------------------------------------------

KILLED_AT = """
import asyncio, os, sys
from pathlib import Path
from broker import runtime
from logger import config, service
from logger.store import writer

where, count = sys.argv[2], int(sys.argv[3])

class Doomed(writer.Store):
    calls = 0

    def _flush(self, now_ms):
        super()._flush(now_ms)
        if where == "inside" and self._has_samples():
            os.kill(os.getpid(), 9)

    def write(self, batch, now_ms):
        outcome = super().write(batch, now_ms)
        if where == "after" and outcome.count.samples:
            Doomed.calls += 1
            if Doomed.calls >= count:
                os.kill(os.getpid(), 9)
        return outcome

    def _has_samples(self):
        if self._samples.count.samples:
            Doomed.calls += 1
        return Doomed.calls >= count

service.Store = Doomed
wanted = config.read(Path(sys.argv[1]))
sys.exit(runtime.run(lambda stop: service.run(wanted, stop)))
"""


async def start(file: Path, *args: str) -> asyncio.subprocess.Process:
    command = ("-c", KILLED_AT, str(file), *args) if args else ("-m", "logger", "run", "-c", str(file))
    return await asyncio.create_subprocess_exec(sys.executable, *command)


def written(mosquitto: TestBroker, folder: Path) -> Path:
    secret = mosquitto.config("logger-main").password_file
    file = folder / "logger.toml"
    file.write_text(
        f'data_dir = "logger"\n[broker]\nport = {mosquitto.port}\nuser = "logger-main"\npassword_file = "{secret}"\n'
    )
    return file


@pytest.mark.parametrize("where", ["inside", "after"])
async def test_killed_around_the_transaction_nothing_is_lost_or_doubled(
    mosquitto: TestBroker, tmp_path: Path, where: str
) -> None:
    """Not acknowledged, so the broker still has it; stored but not acknowledged, so it comes twice."""
    file = written(mosquitto, tmp_path)
    async with edge_and_ear(mosquitto) as (edge, ear):
        sent = 0
        for round_ in range(3):
            process = await start(file, where, str(1 + round_))
            await eventually(lambda: ear.state() == "online", 20)
            edge.publish(TOPICS.of("i1", Kind.STATUS), held(sent), retain=True)
            while process.returncode is None and sent < 3000 * (round_ + 1):
                for _ in range(20):
                    edge.publish(TOPICS.of("i1", Kind.DATA), sample(sent))
                    sent += 1
                await asyncio.sleep(0.01)
            assert await process.wait() == -signal.SIGKILL
            await eventually(lambda: ear.state() == "lost")
        process = await start(file)
        await eventually(lambda: ear.upto() == sent - 1, 20)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

    assert rows(tmp_path) == [(BOOT, k) for k in range(sent)]


async def test_a_damaged_message_cannot_stop_a_process(mosquitto: TestBroker, tmp_path: Path) -> None:
    process = await start(written(mosquitto, tmp_path))
    async with edge_and_ear(mosquitto) as (edge, ear):
        await eventually(lambda: ear.state() == "online", 20)
        for kind in (Kind.DATA, Kind.BLOCK, Kind.META, Kind.STATUS, Kind.REPLY, Kind.EVENT):
            for payload in (b"", b"{}", b"[]", b"null", b'{"boot":"b","seq":9e99,"eseq":-1}', b'"' * 70_000):
                edge.publish(TOPICS.of("i1", kind), payload)
        edge.publish(TOPICS.of("i1", Kind.STATUS), held(1))
        edge.publish(TOPICS.of("i1", Kind.DATA), sample(0))
        await eventually(lambda: ear.upto() == 0)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


def test_support_is_the_same_message() -> None:
    assert data(3).payload == sample(3)
    assert packet(Kind.DATA, sample(3)).payload == sample(3)
