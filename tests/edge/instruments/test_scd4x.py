import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.driver import About
from edge.instruments.scd4x import SERIAL, START, START_LOW_POWER, STOP, VARIANT, Scd4x, Scd4xOptions, channels, decode
from edge.instruments.sensirion import with_crc
from edge.links.base import LinkError
from edge.simulators.i2c_bus import SimulatedBus, simulating_buses
from edge.simulators.i2c_scd4x import Scd4xChip
from tests.edge.support import i2c_link, supervised
from tests.support.waiting import eventually

TIMES = 20
"""The sensor's day and the driver's pass so much faster than the test's."""
DESCRIBED = channels(5.0, "SCD41")


def fast() -> float:
    return time.monotonic() * TIMES


async def nap(seconds: float) -> None:
    await asyncio.sleep(seconds / TIMES)


def sensor(serial: str = "", **options: bool) -> Scd4x:
    return Scd4x(About("i1", serial=serial), Scd4xOptions(**options), sleep=nap, monotonic=fast)


def chip(bus: SimulatedBus) -> Scd4xChip:
    found = bus.chips[0x62]
    assert isinstance(found, Scd4xChip)
    return found


def test_the_measurement_of_the_datasheet() -> None:
    """Version 1.1, section 3.5.2: 500 ppm, 25 °C, 37 %."""
    values, q = decode(bytes.fromhex("01f4 33 6667 a2 5eb9 3c"), DESCRIBED)

    assert values == {"co2": 500, "temperature": pytest.approx(25, abs=0.01), "humidity": pytest.approx(37, abs=0.01)}
    assert q == {}


@pytest.mark.parametrize(("co2", "value", "quality"), [
    (0, None, "bad"), (0xFFFF, None, "+inf"), (399, 399, "uncertain"), (400, 400, None), (5001, 5001, "uncertain"),
])  # fmt: skip
def test_limits(co2: int, value: float | None, quality: str | None) -> None:
    values, q = decode(with_crc([co2, 0x6667, 0x5EB9]), DESCRIBED)

    assert (values["co2"], q.get("co2")) == (value, quality)


@given(st.binary(max_size=12))
def test_garbage_is_a_value_with_a_good_checksum_or_bad(data: bytes) -> None:
    values, q = decode(data, DESCRIBED)

    assert values.keys() == DESCRIBED.keys()
    assert all(value is not None or name in q for name, value in values.items())


@pytest.mark.parametrize(("low_power", "start"), [(False, START), (True, START_LOW_POWER)])
async def test_it_is_started_and_nothing_stored_is_touched(low_power: bool, start: int, tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path, monotonic=fast) as buses:
        chip(buses["b"]).write(START.to_bytes(2, "big"), fast())  # left running by somebody
        async with supervised(sensor(low_power=low_power), i2c_link(tmp_path, 0x62)) as (_, out):
            await eventually(lambda: len(out.samples) > 2)
        writes = chip(buses["b"]).writes

    assert set(writes) == {STOP, SERIAL, VARIANT, start, START, 0xE4B8, 0xEC05}
    meta = out.metas[-1]
    assert (meta.model, meta.serial) == ("SCD41", "f8969f073bbe")
    assert meta.channels["co2"].range == (400, 5000)
    assert 400 < out.latest("co2") < 900


async def test_power_lost_for_a_moment_starts_it_again(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path, monotonic=fast) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x62)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell("reset", "0x62")
        await eventually(lambda: any("does not measure any more" in reason for _, reason in out.states))
        before = len(out.samples)
        await eventually(lambda: len(out.samples) > before)


@pytest.mark.parametrize("fault", ["garbage", "silent"])
async def test_faults_take_it_offline_and_back(fault: str, tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path, monotonic=fast, seed=5) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x62)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell(fault, "0x62")
        await eventually(lambda: out.state == "offline", timeout=20)
        buses["b"].tell("normal", "0x62")
        await eventually(lambda: out.state == "online", timeout=20)


async def test_another_sensor_is_refused_before_it_is_started(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path, monotonic=fast) as buses:
        link = i2c_link(tmp_path, 0x62)()
        await link.open()
        with pytest.raises(LinkError, match="serial number f8969f073bbe, 000000000001 is configured"):
            await sensor("000000000001").start(link)
        await link.close()

        assert START not in chip(buses["b"]).writes


async def test_an_older_sensor_does_not_know_its_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[[Scd4xChip, bytes, float], None] = Scd4xChip.write
    monkeypatch.setattr(
        Scd4xChip, "write", lambda self, d, now: write(self, b"\xff\xff" if d == b"\x20\x2f" else d, now)
    )
    async with simulating_buses(["b"], tmp_path, monotonic=fast):
        link = i2c_link(tmp_path, 0x62)()
        await link.open()
        driver = sensor()
        await driver.start(link)
        await link.close()

    assert driver.meta.model == "SCD4x"
