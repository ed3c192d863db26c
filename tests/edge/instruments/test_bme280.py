from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import ConfigError, convert
from edge.driver import About
from edge.instruments.bme280 import (
    Bme280,
    Bme280Options,
    Trim,
    channels,
    decode,
    fine_temperature,
    humidity,
    measuring_s,
    pressure,
    trimming,
)
from edge.links.base import LinkError
from edge.simulators.i2c_bus import simulating_buses
from tests.edge.support import i2c_link, supervised
from tests.support.waiting import eventually

WORKED = Trim(27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000, 0, 0, 0, 0, 0, 0)
"""Bosch, "BMP280 Data sheet", BST-BMP280-DS001, section 3.12: the same formulas; the BME280's has no figures."""

REAL_LOW = bytes.fromhex("6c6e77663200a89227d5d00b6f18cafff9ffac260ad8bd10004b")
REAL_HIGH = bytes.fromhex("650100140b001e")
"""A real chip, Bosch Sensortec's community forum, 2 September 2019: 24.44 °C and 54.17 %RH for these registers."""

DESCRIBED = channels(1000)


def test_the_worked_values() -> None:
    fine = fine_temperature(519888, WORKED)
    hpa = pressure(415148, fine, WORKED)

    assert int(fine) == 128422
    assert fine / 5120 == pytest.approx(25.08, abs=0.005)
    assert hpa == pytest.approx(1006.5327, abs=0.0001)


def test_a_real_chips_registers() -> None:
    trim = trimming(REAL_LOW, REAL_HIGH)
    values, q = decode(bytes.fromhex("553380 817fb0 7913"), trim, DESCRIBED)

    assert trim == Trim(
        28268, 26231, 50, 37544, -10969, 3024, 6255, -54, -7, 9900, -10230, 4285, 75, 357, 0, 331, 0, 30
    )
    assert values["temperature"] == pytest.approx(24.44, abs=0.005)
    assert values["humidity"] == pytest.approx(54.17, abs=0.005)
    assert q == {}


@given(st.integers(-2048, 2047), st.integers(-2048, 2047), st.integers(-128, 127))
def test_the_shared_byte_of_h4_and_h5(h4: int, h5: int, h6: int) -> None:
    four, five = h4 & 0xFFF, h5 & 0xFFF
    high = bytes([0, 0, 0, four >> 4, four & 15 | (five & 15) << 4, five >> 4, h6 & 0xFF])

    assert trimming(REAL_LOW, high)[-3:] == (h4, h5, h6)


@pytest.mark.parametrize(("data", "missing"), [
    ("800000 817fb0 7913", {"pressure"}), ("553380 817fb0 8000", {"humidity"}),
    ("553380 800000 7913", {"pressure", "humidity", "temperature"}),
])  # fmt: skip
def test_what_was_not_measured_is_bad(data: str, missing: set[str]) -> None:
    values, q = decode(bytes.fromhex(data), trimming(REAL_LOW, REAL_HIGH), DESCRIBED)

    assert {name for name, value in values.items() if value is None} == missing
    assert {name for name, quality in q.items() if quality == "bad"} == missing


def test_a_chip_without_trimming_has_no_pressure() -> None:
    assert pressure(1, 128422, WORKED._replace(p1=0)) is None


def test_beyond_saturation_is_uncertain() -> None:
    trim = trimming(REAL_LOW, REAL_HIGH)
    fine = fine_temperature(0x817FB, trim)

    assert humidity(0xFFFF, fine, trim) > 100
    assert decode(bytes.fromhex("553380 817fb0 ffff"), trim, DESCRIBED)[1] == {"humidity": "uncertain"}


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=26, max_size=26), st.binary(min_size=7, max_size=7))
def test_any_registers_are_values_or_bad(data: bytes, low: bytes, high: bytes) -> None:
    values, q = decode(data, trimming(low, high), DESCRIBED)

    assert all(value is not None or q[name] == "bad" for name, value in values.items())


def test_measuring_times() -> None:
    assert measuring_s(1) == pytest.approx(0.0093)
    assert measuring_s(16) == pytest.approx(0.1128)


def test_options() -> None:
    with pytest.raises(ConfigError, match="every_ms is at least 200"):
        convert({"every_ms": 100}, Bme280Options, "")
    with pytest.raises(ConfigError, match="oversampling"):
        convert({"oversampling": 3}, Bme280Options, "")


def sensor(serial: str = "", oversampling: int = 1) -> Bme280:
    return Bme280(
        About("i1", serial=serial), convert({"every_ms": 200, "oversampling": oversampling}, Bme280Options, "")
    )


@pytest.mark.parametrize("oversampling", [1, 4])
async def test_it_measures_the_room(oversampling: int, tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path),
        supervised(sensor(oversampling=oversampling), i2c_link(tmp_path, 0x76)) as (_, out),
    ):
        await eventually(lambda: len(out.samples) > 3)

    assert 1007 < out.latest("pressure") < 1009
    assert 20 < out.latest("temperature") < 23
    assert out.metas[-1].serial == "trim-48f619b1"
    assert out.samples[-1].q == {}


async def test_power_lost_for_a_moment_sets_it_again(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x76)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell("reset", "0x76")
        await eventually(lambda: any("was without power" in reason for _, reason in out.states))
        await eventually(lambda: out.state == "online")


@pytest.mark.parametrize(("knob", "said"), [
    ("id 58", "the chip's id is 0x58, a BMP280, which has no humidity; a BME280 has 0x60"),
    ("id ff", "the chip's id is 0xff, another chip"),
    ("trim 5", "serial number trim-"),
])  # fmt: skip
async def test_another_chip_is_refused(knob: str, said: str, tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        buses["b"].tell("0x76", knob)
        link = i2c_link(tmp_path, 0x76)()
        await link.open()
        with pytest.raises(LinkError, match=said):
            await sensor("trim-48f619b1").start(link)
        await link.close()


async def test_silence_takes_it_offline_and_back(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x76)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell("silent", "0x76")
        await eventually(lambda: out.state == "offline")
        buses["b"].tell("normal", "0x76")
        await eventually(lambda: out.state == "online")
