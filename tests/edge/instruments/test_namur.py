import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.commands import CommandFailed
from broker.config import ConfigError, convert
from edge.instruments.namur import NamurError, NamurOptions, Stirrer, parse_name, parse_value, set_line
from edge.links.address import SerialSettings
from edge.links.base import BadAnswerError
from edge.simulators.journal import read_journal
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulating
from edge.simulators.stirrer import StirrerDevice
from tests.edge.support import ABOUT, Collected, ScriptedLink, command, over_tcp, serial_link, supervised
from tests.support.waiting import eventually


@given(st.decimals(-9999, 9999, places=1), st.sampled_from([1, 2, 4, 5]), st.sampled_from(["\r\n", " \r\n", "\n"]))
def test_values(value: object, channel: int, end: str) -> None:
    assert parse_value(f"{value} {channel}{end}".encode(), channel) == float(str(value))


@pytest.mark.parametrize(
    "line", [b"300.0\r\n", b"300.0 5\r\n", b"4\r\n", b"\r\n", b"\xff 4\r\n", b"1e3 4\r\n", b"300 4 4\r\n"]
)
def test_what_is_no_value_of_channel_4(line: bytes) -> None:
    with pytest.raises(NamurError):
        parse_value(line, 4)


@given(st.binary(max_size=30))
def test_garbage_never_surprises(line: bytes) -> None:
    with contextlib.suppress(NamurError):
        assert isinstance(parse_value(line, 4), float)
    with contextlib.suppress(NamurError):
        assert parse_name(line).isprintable()


def test_a_set_point_is_written_with_one_decimal() -> None:
    assert set_line(4, 300) == b"OUT_SP_4 300.0"


def test_options() -> None:
    assert convert({"has": ["temperature"]}, NamurOptions, "").has == ("temperature",)


@pytest.mark.parametrize("wrong", [{"has": []}, {"has": ["pump"]}, {"every_ms": 10}])
def test_wrong_options(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        convert(wrong, NamurOptions, "")


def test_meta_has_only_what_the_device_has() -> None:
    stirrer, bath = Stirrer(ABOUT, NamurOptions()).meta, Stirrer(ABOUT, NamurOptions(has=("temperature",))).meta

    assert set(stirrer.channels) == {"speed", "setpoint", "torque"}
    assert set(stirrer.commands) == {"set_speed", "start", "stop"}
    assert set(bath.channels) == {"temperature", "temperature_setpoint"}
    assert set(bath.commands) == {"set_temperature", "start_heating", "stop_heating"}
    assert stirrer.commands["set_speed"].args["value"].max == 2000


def test_factory_settings_are_7e1() -> None:
    assert Stirrer.serial == SerialSettings(9600, 7, "even", 1)


async def test_a_set_point_the_device_does_not_keep_has_failed() -> None:
    link = ScriptedLink(lambda data: [b"300.0 4\r\n"] if data.startswith(b"IN_SP_4") else [])
    with pytest.raises(CommandFailed, match="the device keeps 300, 1500 was sent") as failed:
        await Stirrer(ABOUT, NamurOptions()).execute(link, command("set_speed", value=1500.0), Collected(), print)

    assert failed.value.code == "not_taken"
    assert link.written == [b"OUT_SP_4 1500.0\r\n", b"IN_SP_4\r\n"]


async def test_a_set_point_that_cannot_be_read_back_has_failed() -> None:
    with pytest.raises(CommandFailed, match="could not be read back"):
        await Stirrer(ABOUT, NamurOptions()).execute(
            ScriptedLink(lambda _: []), command("set_speed", value=1.0), Collected(), print
        )


async def test_something_else_on_the_line() -> None:
    with pytest.raises(BadAnswerError, match="is not a value of channel 4"):
        await Stirrer(ABOUT, NamurOptions())._read_all(ScriptedLink(lambda _: [b"S S 1.0 g\r\n"]))


async def test_the_simulated_stirrer_follows_its_set_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.simulators.stirrer.SPIN_UP_S", 0.1)
    driver = Stirrer(ABOUT, NamurOptions(every_ms=50))
    async with (
        simulating([parse_word("namur:s")], tmp_path, tmp_path / "journal", seed=1),
        supervised(driver, serial_link(tmp_path, "s")) as (one, out),
    ):
        await eventually(lambda: len(out.samples) > 2)
        assert await one.execute(command("set_speed", value=120.0), print) == {"setpoint": 120.0}
        await eventually(lambda: out.samples[-1].values["setpoint"] == 120.0)
        await eventually(lambda: abs(out.latest("speed") - 120) < 5)
        assert out.latest("torque") > 1
        await one.execute(command("stop"), print)
        await eventually(lambda: out.latest("speed") < 5)

    received = [e.data for e in read_journal(tmp_path / "journal") if e.direction == "<"]
    assert received[0] == b"IN_NAME\r\n"
    at = received.index(b"OUT_SP_4 120.0\r\n")
    assert received[at + 1] == b"IN_SP_4\r\n"
    assert out.metas[-1].model == "EUROSTAR 60 digital"


async def test_over_tcp_with_heater() -> None:
    driver = Stirrer(ABOUT, NamurOptions(has=("speed", "torque", "temperature", "external"), every_ms=50))
    async with (
        over_tcp(StirrerDevice(random.Random(1))) as new_link,  # noqa: S311
        supervised(driver, new_link) as (one, out),
    ):
        await eventually(lambda: out.samples)
        assert await one.execute(command("set_temperature", value=60.0), print) == {"temperature_setpoint": 60.0}
        started = await one.execute(command("start_heating"), print)

    assert set(started) == {"speed", "setpoint", "torque", "temperature", "temperature_setpoint", "external"}
    assert 15 < float(str(out.samples[0].values["temperature"])) < 30
