"""The adapter with a real broker: simulator → adapter → Mosquitto → a plain user, and commands back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from broker.calibration import Calibration, Correction
from broker.client import Client
from broker.messages import TERMINAL, Block, Command, Data, Event, Meta, Reply, Status, Value, decode, encode
from broker.topics import Kind, Topics
from msr_adapter.remembered import Remembered
from msr_adapter.service import serve
from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.tables import MsrFile
from tests.msr_adapter.support import instrument, parsed
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

TOPICS = Topics()
PLANT = """
[[instrument]]
name = "plant"
signals = ["/Plant/Kiln/AirOnTemperature", "/Special/NonFinite"]
rate = { per_second = 10 }
[[instrument.set]]
signals = ["/Counter/*", "/Types/TULINT"]
[[instrument.parameter]]
path = "/Plant/Kiln/HeaterSetpoint"
min = 20
max = 110
unit = "°C"
"""


class Heard:
    """What a user of the broker gets to see, decoded."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.data: list[Data] = []
        self.blocks: list[Block] = []
        self.states: list[Status] = []
        self.metas: list[Meta] = []
        self.replies: list[Reply] = []
        self.events: list[Event] = []

    async def listen(self) -> None:
        into = {Kind.DATA: self.data, Kind.BLOCK: self.blocks, Kind.STATUS: self.states, Kind.META: self.metas,
                Kind.REPLY: self.replies, Kind.EVENT: self.events}  # fmt: skip
        for kind in into:
            self._client.subscribe(TOPICS.of("plant", kind))
        async for message in self._client.messages:
            topic = TOPICS.parse(message.topic)
            if topic is not None and message.payload:
                into[topic.kind].append(decode(topic.kind, message.payload))  # type: ignore[attr-defined]
            self._client.ack(message)

    @property
    def state(self) -> str:
        return self.states[-1].state if self.states else ""

    def values(self, channel: str) -> list[Value]:
        return [d.values[channel] for d in self.data if channel in d.values]

    async def command(self, name: str, **args: Value) -> Reply:
        command = Command(id=f"c{time.monotonic_ns()}", name=name, args=args, ts=int(time.time() * 1000))
        self._client.publish(TOPICS.cmd_by("plant", "anna"), encode(command), expiry_s=10)

        def ended() -> list[Reply]:
            return [r for r in self.replies if r.id == command.id and r.state in TERMINAL]

        return (await eventually(ended, 20))[0]


def config(mosquitto: TestBroker, folder: Path, port: int) -> MsrFile:
    file = parsed(PLANT)
    msr = msgspec.structs.replace(file.msr, port=port, data_dir=str(folder / "msr"), store="none")
    return msgspec.structs.replace(file, msr=msr, broker=mosquitto.config("edge-pi"))


@asynccontextmanager
async def serving(file: MsrFile) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(serve(file, stop), name="service")
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def listening(mosquitto: TestBroker) -> AsyncIterator[Heard]:
    async with Client(mosquitto.config("anna"), "listener") as client:
        heard = Heard(client)
        task = asyncio.create_task(heard.listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_signals_are_data_and_blocks_and_a_parameter_is_a_command(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with (
        simulating(Settings(signals=4)) as server,
        serving(config(mosquitto, tmp_path, server.port)),
        listening(mosquitto) as heard,
    ):
        await eventually(lambda: heard.state == "online" and len(heard.blocks) > 10 and len(heard.data) > 20, 20)
        meta = heard.metas[-1]
        assert meta.channels["types_tulint"].type == "uint64"
        assert meta.edge == "pi"
        assert {frozenset(b.cols) for b in heard.blocks if not b.late} == {
            frozenset({"counter_c0000", "counter_c0002", "types_tulint"})
        }
        assert all(isinstance(v, str) for b in heard.blocks if not b.late for v in b.cols["types_tulint"])
        await eventually(lambda: {q for d in heard.data for q in d.q.values()} >= {"nan"}, 20)

        reply = await heard.command("set_plant_kiln_heater_setpoint", value=90)
        assert (reply.state, reply.result) == ("done", {"value": 90.0})
        await eventually(lambda: 90.0 in heard.values("plant_kiln_heater_setpoint"))
        refused = await heard.command("set_plant_kiln_heater_setpoint", value=111)
        assert refused.state == "rejected"
        assert refused.error is not None
        assert refused.error.message == "argument 'value' is 111, allowed is 20 to 110 °C"
        unknown = await heard.command("set_anything", value=1)
        assert unknown.state == "rejected"

        numbers = sorted((b.seq, b.n) for b in heard.blocks) + [(d.seq or 0, 1) for d in heard.data]
        numbers.sort()
        assert all(a + n == b for (a, n), (b, _) in pairwise(numbers))


async def test_an_outage_of_the_broker_does_not_stop_the_reading(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with simulating(Settings(signals=4)) as server, serving(config(mosquitto, tmp_path, server.port)):
        async with listening(mosquitto) as heard:
            await eventually(lambda: len(heard.blocks) > 5, 20)
            await mosquitto.kill()
            before = max(b.seq + b.n for b in heard.blocks)
        await asyncio.sleep(2)
        await mosquitto.start()
        async with listening(mosquitto) as heard:

            def numbers() -> set[int]:
                rows = {seq for b in heard.blocks for seq in range(b.seq, b.seq + b.n)}
                return rows | {d.seq for d in heard.data if d.seq is not None}

            live = await eventually(lambda: [b.seq for b in heard.blocks if not b.late], 20)
            assert live[0] > before + 1500  # two seconds were read and numbered meanwhile
            # Nobody stores here: what the broker had acknowledged and not delivered when it was killed is gone.
            missed = set(range(before + 500, live[0]))
            await eventually(lambda: numbers() >= missed, 30, "what was missed, sent late")


async def test_without_the_server_the_instrument_is_offline_as_it_was_known(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    async with simulating(Settings(signals=4)) as server, listening(mosquitto) as heard:
        file = config(mosquitto, tmp_path, server.port)
        async with serving(file):
            await eventually(lambda: heard.state == "online", 20)
    async with listening(mosquitto) as heard, serving(file):
        await eventually(lambda: "refuses connections" in (heard.states[-1].reason if heard.states else ""), 20)
        assert heard.state == "offline"
        assert "set_plant_kiln_heater_setpoint" in heard.metas[-1].commands
        reply = await heard.command("set_plant_kiln_heater_setpoint", value=50)
        assert reply.state == "failed"
        assert reply.error is not None
        assert reply.error.code == "offline"


@pytest.mark.parametrize("content", [b"", b"{", b'{"channels":1}'])
def test_a_description_that_cannot_be_read_is_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "meta-plant.json").write_bytes(content)

    assert Remembered(instrument('signals = ["/a"]\nlabel = "Plant"'), str(tmp_path)).meta.name == "Plant"


async def test_calibrations_are_applied_to_samples_and_blocks(mosquitto: TestBroker, tmp_path: Path) -> None:
    add = Correction(type="poly", coef=[0.5])
    in_force = {
        name: Calibration(id="K-1", correction=add) for name in ("plant_kiln_air_on_temperature", "counter_c0000")
    }
    async with Client(mosquitto.config("calibration-main"), "cal") as client:
        await eventually(lambda: client.connected)
        await client.publish(TOPICS.of("plant", Kind.CALIBRATION), encode(in_force), retain=True)
    file = config(mosquitto, tmp_path, 0)
    async with simulating(Settings(signals=4)) as server, listening(mosquitto) as heard:
        msr = msgspec.structs.replace(file.msr, port=server.port)
        tables = [msgspec.structs.replace(file.instrument[0], correct=True)]
        async with serving(msgspec.structs.replace(file, msr=msr, instrument=tables)):
            await eventually(lambda: any(b.cal for b in heard.blocks) and any(d.cal for d in heard.data), 20)

    blocks = [b for b in heard.blocks if b.cal and "counter_c0000" in b.cols]
    samples = [d for d in heard.data if d.cal and "plant_kiln_air_on_temperature" in d.values]
    assert blocks
    assert samples
    for b in blocks:
        raw = b.cols["counter_c0000_raw"]
        assert b.cols["counter_c0000"] == [float(v) + 0.5 for v in raw if isinstance(v, (int, float))]
    for d in samples:
        assert d.values["plant_kiln_air_on_temperature"] == d.values["plant_kiln_air_on_temperature_raw"] + 0.5  # type: ignore[operator]
    assert heard.metas[-1].channels["counter_c0000_raw"].unit == heard.metas[-1].channels["counter_c0000"].unit
