"""The projection as the logger runs it: a process of its own, beside Mosquitto and a real InfluxDB."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from broker.client import Client
from broker.config import ConfigError
from broker.messages import Data, decode, encode
from broker.topics import Kind
from logger import service
from logger.config import LoggerConfig
from logger.influx.config import InfluxConfig
from logger.influx.host import Projection
from tests.logger.influx.conftest import Bucket
from tests.logger.influx.support import DB, begun
from tests.logger.support import BOOT, T_MS, TOPICS, block, open_store, write
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

STATUS = TOPICS.service_status("logger", "main")


def nobody(_instrument: str, _text: str) -> None:
    pass


async def started(projection: Projection) -> psutil.Process:
    def child() -> psutil.Process | None:
        ours = [p for p in psutil.Process().children() if "logger.influx" in p.cmdline()]
        return ours[0] if ours and projection.figures else None

    found = await eventually(child, 30, "a projection process that reports")
    assert found is not None
    return found


async def test_it_reports_and_is_started_again_when_it_dies(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)

    async def no_wait(_seconds: float) -> None:
        projection.figures = {}

    config = bucket.server.config(bucket.name)
    projection = Projection(config, tmp_path / DB, "lab", nobody, no_wait)
    running = asyncio.create_task(projection.run())
    first = await started(projection)
    write(store, block(0, 100))
    await eventually(lambda: projection.figures.get("influx_rows") == 100, 30)

    first.send_signal(signal.SIGKILL)
    await eventually(lambda: not projection.figures, 30, "noticed that it died")
    second = await started(projection)
    write(store, block(100, 50))
    await eventually(lambda: projection.figures.get("influx_rows") == 50, 30)
    assert first.pid != second.pid
    assert second.nice() > psutil.Process().nice()

    running.cancel()
    await asyncio.wait({running})
    assert not second.is_running()
    assert bucket.server.counts(bucket.name) == {"temp": 150}


async def test_what_is_refused_is_told_once_with_the_number(tmp_path: Path, bucket: Bucket) -> None:
    store = open_store(tmp_path)
    begun(tmp_path)
    assert bucket.server.write(bucket.name, f'data,instrument=x temp="a" {T_MS}000000')[0] == 204
    told: list[tuple[str, str]] = []
    projection = Projection(bucket.server.config(bucket.name), tmp_path / DB, "lab", lambda i, t: told.append((i, t)))
    running = asyncio.create_task(projection.run())
    await started(projection)

    write(store, block(0, 30))
    await eventually(lambda: told, 30)
    running.cancel()
    await asyncio.wait({running})

    assert [(i, t[:61]) for i, t in told] == [
        ("oven1", "InfluxDB refuses 30 points, kept in influx-refused.jsonl: fai"),
    ]


async def test_the_logger_stores_and_says_what_is_wrong_while_the_database_is_away(
    tmp_path: Path, mosquitto: TestBroker
) -> None:
    influx = InfluxConfig(url="http://127.0.0.1:9", timeout_s=1)
    config = LoggerConfig(data_dir=str(tmp_path / "logger"), broker=mosquitto.config("logger-main"), influx=influx)
    viewer, edge = Client(mosquitto.config("viewer"), "viewer"), Client(mosquitto.config("edge-pi"), "edge")
    async with logger(config), viewer, edge:
        viewer.subscribe(STATUS)
        viewer.subscribe(TOPICS.commit("main", "i1"))
        await online(viewer)
        for seq in range(20):
            sample = Data(ts=T_MS + seq, boot=BOOT, seq=seq, values={"temp": 1.0})
            await edge.publish(TOPICS.of("i1", Kind.DATA), encode(sample))
        status, stored = None, -1
        async with asyncio.timeout(40):
            while status is None or status.state != "degraded" or stored < 19:
                for message in await viewer.batch():
                    if message.topic == TOPICS.commit("main", "i1"):
                        stored = decode(Kind.COMMIT, message.payload).boots[BOOT].upto
                    else:
                        status = decode(Kind.SERVICE_STATUS, message.payload)
                    viewer.ack(message)
    assert "http://127.0.0.1:9 does not answer: Connection refused" in status.reason
    assert "influx_lag_rows" in status.figures


async def online(viewer: Client) -> None:
    """Until the logger hears everything."""
    async with asyncio.timeout(40):
        async for message in viewer.messages:
            viewer.ack(message)
            if message.topic == STATUS and decode(Kind.SERVICE_STATUS, message.payload).state in ("online", "degraded"):
                return


@contextlib.asynccontextmanager
async def logger(config: LoggerConfig) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(config, stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_a_token_that_is_not_there_ends_the_start(tmp_path: Path, mosquitto: TestBroker) -> None:
    influx = InfluxConfig(url="http://127.0.0.1:9", token_file=str(tmp_path / "none"))
    config = LoggerConfig(data_dir=str(tmp_path / "logger"), broker=mosquitto.config("logger-main"), influx=influx)
    with pytest.raises(ConfigError, match=r"influx\.token_file names"):
        await service.run(config, asyncio.Event())


@pytest.mark.system
async def test_the_logger_is_killed_in_mid_write_again_and_again(
    tmp_path: Path, mosquitto: TestBroker, bucket: Bucket
) -> None:
    """Every sample set that the broker acknowledged is in the database once; the projection ends with its logger."""
    secret = tmp_path / "token"
    secret.write_text(bucket.server.token)
    (tmp_path / "logger.toml").write_text(
        f'data_dir = "store"\n[broker]\nport = {mosquitto.port}\nuser = "logger-main"\n'
        f'password_file = "{mosquitto.folder}/logger-main.password"\n'
        f'[influx]\nurl = "{bucket.server.url}"\norg = "{bucket.server.org}"\nbucket = "{bucket.name}"\n'
        f'token_file = "{secret}"\nlinger_ms = 20\n'
    )
    program = (sys.executable, "-m", "logger", "run", "-c", str(tmp_path / "logger.toml"))
    seq = 0
    viewer, edge = Client(mosquitto.config("viewer"), "viewer"), Client(mosquitto.config("edge-pi"), "edge")
    async with viewer, edge:
        viewer.subscribe(STATUS)
        for round_ in range(4):
            process = await asyncio.create_subprocess_exec(*program)
            await online(viewer)
            await eventually(lambda: _children(process.pid), 30)  # noqa: B023 - awaited here
            children = _children(process.pid)
            for _ in range(300):
                sample = Data(ts=T_MS + seq, boot=BOOT, seq=seq, values={"temp": 1.0})
                await edge.publish(TOPICS.of("i1", Kind.DATA), encode(sample))
                seq += 1
            if round_ < 3:
                process.kill()
            else:
                await eventually(lambda: bucket.server.counts(bucket.name, "i1")["temp"] >= seq, 50, every=0.1)  # noqa: B023
                process.terminate()
            await process.wait()
            await eventually(lambda: not any(p.is_running() for p in children), 30, "the projection ended too")  # noqa: B023

    assert bucket.server.counts(bucket.name, "i1") == {"temp": seq}


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children()
