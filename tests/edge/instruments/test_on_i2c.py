from pathlib import Path

import pytest

from broker.messages import Channel
from edge.driver import About
from edge.instruments.bme280 import Bme280, Bme280Options
from edge.instruments.on_i2c import marked, on_i2c
from edge.instruments.sht3x import Sht3x, Sht3xOptions
from edge.links.address import Address, I2cAddress, SerialAddress, TcpAddress
from edge.links.base import LinkError
from edge.simulators.i2c_bus import simulating_buses
from tests.edge.support import ABOUT, ScriptedLink, i2c_link, supervised
from tests.support.waiting import eventually


@pytest.mark.parametrize(("address", "said"), [
    (SerialAddress("/dev/ttyUSB0"), "needs a device on a bus, e.g. i2c:1@0x44"),
    (TcpAddress("h", 1), "needs a device on a bus"),
    (I2cAddress("1", 0x76), "by its datasheet the chip is at 0x44 or 0x45, not at 0x76"),
])  # fmt: skip
def test_where_a_chip_cannot_be(address: Address, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Sht3x.check_address(address)


def test_where_it_can() -> None:
    Sht3x.check_address(I2cAddress("1", 0x45))


def test_a_serial_line_is_no_bus() -> None:
    with pytest.raises(LinkError, match="not a device on an I²C bus"):
        on_i2c(ScriptedLink(lambda _: []))


def test_marks() -> None:
    described = {"a": Channel(range=(0.0, 1.0)), "b": Channel(), "c": Channel(range=(0.0, 1.0))}

    assert marked({"a": 1.0, "b": 9.0, "c": 2.0}, described)[1] == {"c": "uncertain"}
    assert marked({"a": None, "b": None}, described, {"a": "+inf"})[1] == {"a": "+inf", "b": "bad"}


async def test_a_silent_sensor_keeps_nobody_waiting_and_comes_back(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        dead, alive = (Sht3x(ABOUT, Sht3xOptions(every_ms=100)) for _ in range(2))
        async with (
            supervised(dead, i2c_link(tmp_path, 0x44)) as (_, gone),
            supervised(alive, i2c_link(tmp_path, 0x45)) as (_, there),
        ):
            await eventually(lambda: gone.state == there.state == "online")
            buses["b"].tell("silent", "0x44")
            await eventually(lambda: gone.state == "offline")
            before = len(there.samples)
            await eventually(lambda: len(there.samples) > before + 5)
            assert "nothing answers at 0x44" in gone.states[-1][1]
            buses["b"].tell("normal", "0x44")
            await eventually(lambda: gone.state == "online")

    assert {state for state, _ in there.states[1:]} == {"online"}


async def test_a_device_that_holds_the_clock_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.simulators.i2c_bus.HANG_S", 0.2)
    async with simulating_buses(["b"], tmp_path) as buses:
        stuck, alive = Sht3x(ABOUT, Sht3xOptions(every_ms=100)), Bme280(ABOUT, Bme280Options(every_ms=200))
        async with (
            supervised(stuck, i2c_link(tmp_path, 0x44)) as (_, hangs),
            supervised(alive, i2c_link(tmp_path, 0x76)) as (_, there),
        ):
            await eventually(lambda: hangs.state == there.state == "online")
            buses["b"].tell("stuck", "0x44")
            await eventually(lambda: hangs.state == "offline")
            before = len(there.samples)
            await eventually(lambda: len(there.samples) > before + 3)
            assert "holds the clock line" in hangs.states[-1][1]
    assert there.state == "online"


async def test_the_bus_itself_is_unplugged_and_plugged(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        driver = Sht3x(ABOUT, Sht3xOptions(every_ms=100))
        async with supervised(driver, i2c_link(tmp_path, 0x44)) as (_, out):
            await eventually(lambda: out.state == "online")
            buses["b"].tell("unplug")
            await eventually(lambda: out.state == "offline" and "there is no I²C bus" in out.states[-1][1])
            buses["b"].tell("plug")
            await eventually(lambda: out.state == "online")


async def test_two_sensors_exchanged_while_off_publish_nothing(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        one, two = (Sht3x(About("i", serial=s), Sht3xOptions(every_ms=100)) for s in ("2a5b0c11", "0x2A5B0C12"))
        async with (
            supervised(one, i2c_link(tmp_path, 0x44)) as (_, a),
            supervised(two, i2c_link(tmp_path, 0x45)) as (_, b),
        ):
            await eventually(lambda: a.state == b.state == "online")
            buses["b"].tell("0x44", "serial 2a5b0c12")
            buses["b"].tell("0x45", "serial 2a5b0c11")
            buses["b"].tell("reset")  # the exchange took their power
            await eventually(lambda: a.state == b.state == "offline" and "is configured" in a.states[-1][1])
            counts = len(a.samples), len(b.samples)
            tried = len(a.states)
            await eventually(lambda: b.state == "offline" and "serial number 2a5b0c11" in b.states[-1][1])
            assert (len(a.samples), len(b.samples), len(a.states)) == (*counts, tried)
            assert "serial number 2a5b0c12, 2a5b0c11 is configured; nothing of it is published" in a.states[-1][1]
