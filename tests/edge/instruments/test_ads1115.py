from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import ConfigError, convert
from edge.instruments.ads1115 import (
    FULL_SCALES_V,
    PLACES,
    RATES,
    Ads1115,
    Ads1115Options,
    Input,
    Place,
    channels,
    config,
    decode,
)
from edge.links.base import BadAnswerError, LinkError
from edge.simulators.i2c_ads1115 import Ads1115Chip
from edge.simulators.i2c_bus import simulating_buses
from tests.edge.support import ABOUT, i2c_link, supervised
from tests.support.waiting import eventually


def options(**more: Any) -> Ads1115Options:
    inputs = {
        "one": {"input": "a0", "full_scale": 4.096},
        "pair": {"input": "a0-a1", "full_scale": 0.512, "unit": "bar", "scale": 2, "offset": -0.5, "range": [0, 1]},
    }
    return convert({"inputs": inputs, "rate": 860, "every_ms": 50} | more, Ads1115Options, "")


@pytest.mark.parametrize(("place", "full_scale", "rate", "register"), [
    ("a0-a1", 2.048, 128, 0x8583),  # the value after reset is this very measurement
    ("a0", 4.096, 860, 0xC3E3), ("a3", 6.144, 8, 0xF103), ("a2-a3", 0.256, 250, 0xBBA3),
])  # fmt: skip
def test_the_config_register(place: Place, full_scale: float, rate: int, register: int) -> None:
    assert config(place, full_scale, rate) == register


@given(st.sampled_from(PLACES), st.sampled_from(FULL_SCALES_V), st.sampled_from(RATES))
def test_every_setting_has_its_own_register(place: Place, full_scale: float, rate: int) -> None:
    found = config(place, full_scale, rate)

    assert (PLACES[found >> 12 & 7], FULL_SCALES_V[found >> 9 & 7], RATES[found >> 5 & 7]) == (place, full_scale, rate)
    assert found & 0x811F == 0x8103


@given(st.integers(-(2**15), 2**15 - 1), st.sampled_from([1.0, -2.0]))
def test_counts(count: int, scale: float) -> None:
    o = Ads1115Options(inputs={"x": Input(input="a0", full_scale=2.048, scale=scale, offset=1.0)})
    values, q = decode({"x": count}, o.inputs, channels(o))

    if count in (2**15 - 1, -(2**15)):
        assert (values, q) == ({"x": None}, {"x": "+inf" if count * scale > 0 else "-inf"})
    else:
        assert values["x"] == pytest.approx(count * 62.5e-6 * scale + 1)
        assert not q


@pytest.mark.parametrize(("wrong", "said"), [
    ({"inputs": {}}, "inputs names at least one channel"),
    ({"inputs": {"Volts": {"input": "a0"}}}, "channel 'Volts' is not a valid name"),
    ({"inputs": {"x": {"input": "a4"}}}, "a4"),
    ({"inputs": {"x": {"input": "a0", "full_scale": 5}}}, "full_scale 5 was expected as one of 6.144, 4.096"),
    ({"inputs": {"x": {"input": "a0", "scale": 0}}}, "scale is not 0"),
    ({"inputs": {"x": {"input": "a0", "range": [1, 0]}}}, "range is"),
    ({"rate": 100}, "rate"),
    ({"rate": 8}, "every_ms 50 is too short: these inputs need 254 ms at 8/s"),
])  # fmt: skip
def test_options_that_cannot_be(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        options(**wrong)


def test_meta() -> None:
    meta = Ads1115(ABOUT, options()).meta

    assert (meta.channels["one"].unit, meta.channels["one"].source, meta.channels["one"].label) == ("V", "A0", "one")
    assert meta.channels["one"].resolution == pytest.approx(125e-6)
    assert meta.channels["pair"].range == (0, 1)


async def test_inputs_and_their_ends(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path) as buses,
        supervised(Ads1115(ABOUT, options()), i2c_link(tmp_path, 0x48)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        assert out.samples[0].values["one"] == pytest.approx(1.0, abs=0.001)
        buses["b"].tell("0x48", "a0 2.75")
        buses["b"].tell("0x48", "a1 2.5")
        await eventually(lambda: abs(out.latest("one") - 2.75) < 0.001)
        await eventually(lambda: abs(out.latest("pair")) < 0.001)
        buses["b"].tell("0x48", "a1 0.1")
        await eventually(lambda: out.samples[-1].q.get("pair") == "+inf")
        buses["b"].tell("0x48", "a1 2.8")
        await eventually(lambda: out.samples[-1].q.get("pair") == "uncertain")


async def test_another_program_that_changes_the_setting_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        link = i2c_link(tmp_path, 0x48)()
        await link.open()
        driver = Ads1115(ABOUT, options())
        await driver.start(link)
        chip = buses["b"].chips[0x48]
        assert isinstance(chip, Ads1115Chip)
        convert_once = driver.sleep

        async def meanwhile(seconds: float) -> None:
            await convert_once(seconds)
            chip.config = 0xC583

        driver.sleep = meanwhile
        with pytest.raises(BadAnswerError, match="its setting changed during the conversion"):
            await driver.read(link)
        await link.close()


async def test_a_chip_without_such_a_register_is_refused(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path):
        link = i2c_link(tmp_path, 0x76)()
        await link.open()
        with pytest.raises(LinkError):
            await Ads1115(ABOUT, options()).start(link)
        await link.close()


async def test_a_register_that_keeps_nothing_is_another_chips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ads1115Chip, "read", lambda self, count, now: b"\x85\x83")
    async with simulating_buses(["b"], tmp_path):
        link = i2c_link(tmp_path, 0x48)()
        await link.open()
        with pytest.raises(LinkError, match="does not keep what is written; is it an ADS1115"):
            await Ads1115(ABOUT, options()).start(link)
        await link.close()


async def test_silence_takes_it_offline_and_back(tmp_path: Path) -> None:
    async with (
        simulating_buses(["b"], tmp_path) as buses,
        supervised(Ads1115(ABOUT, options()), i2c_link(tmp_path, 0x48)) as (_, out),
    ):
        await eventually(lambda: out.state == "online")
        buses["b"].tell("silent", "0x48")
        await eventually(lambda: out.state == "offline")
        buses["b"].tell("normal", "0x48")
        await eventually(lambda: out.state == "online")
