"""The power supply: its bytes, and ``edge/examples/psu.toml`` reading and setting it over a pseudo-terminal."""

import random
from pathlib import Path

import pytest

from broker.commands import CommandFailed
from edge.config import read_config
from edge.simulators.kinds import parse_word
from edge.simulators.psu import IDENTITY, PsuDevice
from edge.simulators.run import simulating
from tests.edge.support import command, serial_link, supervised
from tests.support.waiting import eventually


def test_errors_wait_oldest_first() -> None:
    device = PsuDevice(random.Random(1))  # noqa: S311
    for wrong in (b"VOLT 99", b"FLY", b"CURR -1"):
        assert device.answer(wrong, 0.0) == []

    assert device.answer(b"*IDN?;:VOLT?", 0.0) == [IDENTITY + b";+5.00000000E+00"]
    assert [device.answer(b"SYST:ERR?", 0.0)[0][:4] for _ in range(4)] == [b"-222", b"-113", b"-222", b'+0,"']
    device.answer(b"FLY", 0.0)
    device.answer(b"*CLS", 0.0)
    assert device.answer(b"SYST:ERR?", 0.0) == [b'+0,"No error"']


async def test_it_is_set_switched_and_limits_its_current(tmp_path: Path) -> None:
    driver = read_config(Path("edge/examples/psu.toml")).instruments[0].driver
    async with (
        simulating([parse_word("psu:p")], tmp_path, seed=2) as sims,
        supervised(driver, serial_link(tmp_path, "p")) as (one, out),
    ):
        await eventually(lambda: out.state == "online")
        assert await one.execute(command("set_voltage", volts=12.0), print) == {"set_voltage": 12.0}
        assert await one.execute(command("switch", on=True), print) == {"output": True}
        await eventually(lambda: abs(out.latest("voltage") - 10.0) < 0.01 and abs(out.latest("current") - 1.0) < 0.01)
        sims["p"].tell("ohms", "100")
        await eventually(lambda: abs(out.latest("voltage") - 12.0) < 0.01)
        with pytest.raises(CommandFailed, match="Data out of range"):
            await one.execute(command("set_voltage", volts=99.0), print)
        sims["p"].tell("silent")
        await eventually(lambda: out.state != "online")
        sims["p"].tell("normal")
        await eventually(lambda: out.state == "online")
