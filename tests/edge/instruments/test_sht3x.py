from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import ConfigError, convert
from edge.driver import About
from edge.instruments.sensirion import with_crc
from edge.instruments.sht3x import Sht3x, Sht3xOptions, channels, decode
from edge.links.base import BadAnswerError, LinkError
from edge.simulators.i2c_bus import simulating_buses
from edge.simulators.i2c_sht3x import Sht3xChip
from edge.simulators.journal import read_journal
from tests.edge.support import ABOUT, i2c_link, supervised
from tests.support.waiting import eventually

DESCRIBED = channels(1000)
WORD = st.integers(0, 0xFFFF)


@given(WORD, WORD)
def test_values_are_the_datasheets_formulas(t: int, h: int) -> None:
    values, q = decode(with_crc([t, h]), DESCRIBED)
    humidity = values["humidity"]

    assert isinstance(humidity, float)
    assert humidity == pytest.approx(100 * h / 65535)
    if t in (0, 0xFFFF):
        assert (values["temperature"], q["temperature"]) == (None, "+inf" if t else "-inf")
    else:
        assert values["temperature"] == pytest.approx(-45 + 175 * t / 65535)


@given(st.binary(max_size=8))
def test_garbage_is_a_value_with_a_good_checksum_or_bad(data: bytes) -> None:
    values, q = decode(data, DESCRIBED)

    assert values.keys() == DESCRIBED.keys()
    assert all(value is not None or name in q for name, value in values.items())


def test_one_wrong_checksum_is_one_bad_value() -> None:
    good = with_crc([0x6666, 0x8000])
    values, q = decode(good[:5] + bytes([good[5] ^ 1]), DESCRIBED)

    assert values["temperature"] == pytest.approx(25.0, abs=0.01)
    assert (values["humidity"], q) == (None, {"humidity": "bad"})


@pytest.mark.parametrize(("t", "h", "q"), [
    (0x6666, 0xFFFF, {"humidity": "uncertain"}), (0x6666, 0, {"humidity": "uncertain"}),
    (100, 0x8000, {"temperature": "uncertain"}), (0xFFF0, 0x8000, {"temperature": "uncertain"}), (0x6666, 0x8000, {}),
])  # fmt: skip
def test_limits(t: int, h: int, q: dict[str, str]) -> None:
    assert decode(with_crc([t, h]), DESCRIBED)[1] == q


def test_a_heated_sensor_is_uncertain() -> None:
    assert decode(with_crc([0x6666, 0x8000]), DESCRIBED, heated=True)[1] == {
        "temperature": "uncertain",
        "humidity": "uncertain",
    }


def test_options() -> None:
    with pytest.raises(ConfigError, match="every_ms is at least 100"):
        convert({"every_ms": 50}, Sht3xOptions, "")


def sensor(serial: str = "") -> Sht3x:
    return Sht3x(About("i1", serial=serial), Sht3xOptions(every_ms=100))


async def test_it_measures_and_says_who_it_is(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    async with (
        simulating_buses(["b"], tmp_path, journal),
        supervised(sensor(), i2c_link(tmp_path, 0x44)) as (_, out),
    ):
        await eventually(lambda: len(out.samples) > 3)

    meta = out.metas[-1]
    assert (meta.vendor, meta.model, meta.serial) == ("Sensirion", "SHT3x", "2a5b0c11")
    assert 15 < out.latest("temperature") < 30
    assert 30 < out.latest("humidity") < 60
    assert out.samples[-1].q == {}
    sent = {e.data.hex() for e in read_journal(journal) if (e.name, e.direction) == ("b@0x44", "<")}
    assert sent == {"3093", "3066", "3041", "3682", "f32d", "2400"}


@pytest.mark.parametrize(("fault", "said"), [("garbage", "wrong checksum"), ("silent", "nothing answers at 0x44")])
async def test_faults_take_it_offline_and_back(fault: str, said: str, tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path, seed=3) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x44)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell(fault, "0x44")
        await eventually(lambda: any(state == "offline" and said in reason for state, reason in out.states))
        buses["b"].tell("normal", "0x44")
        await eventually(lambda: out.state == "online")


async def test_every_other_transaction_may_fail(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        buses["b"].tell("flaky", "0x44")
        async with supervised(sensor(), i2c_link(tmp_path, 0x44)) as (_, out):
            await eventually(lambda: len(out.samples) > 3)

    assert {state for state, _ in out.states[1:]} == {"online"}


async def test_the_heater_is_switched_off_again(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path) as buses,
        supervised(sensor(), i2c_link(tmp_path, 0x44)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell("0x44", "heater on")
        await eventually(lambda: any(s.q.get("temperature") == "uncertain" for s in out.samples))
        await eventually(lambda: out.samples[-1].q == {})


async def test_another_sensor_in_its_place_is_refused(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        link = i2c_link(tmp_path, 0x44)()
        await link.open()
        driver = sensor("2a5b0c11")
        await driver.start(link)
        await driver.read(link)
        buses["b"].tell("0x44", "serial 00000001")
        buses["b"].tell("reset", "0x44")
        with pytest.raises(LinkError, match="was without power; it is identified again"):
            await driver.read(link)
        with pytest.raises(LinkError, match="serial number 00000001, 2a5b0c11 is configured"):
            await driver.start(link)
        await link.close()


async def test_another_kind_of_chip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sht3xChip, "read", lambda self, count, now: b"\x12" * count)
    async with simulating_buses(["b"], tmp_path):
        link = i2c_link(tmp_path, 0x44)()
        await link.open()
        with pytest.raises(BadAnswerError, match="is it an SHT3x"):
            await Sht3x(ABOUT, Sht3xOptions()).start(link)
        await link.close()
