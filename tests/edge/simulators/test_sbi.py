"""The Sartorius balance: its bytes, and ``edge/examples/sbi.toml`` reading them over a pseudo-terminal."""

import random
from pathlib import Path

import pytest

from edge.config import read_config
from edge.line.instrument import LineInstrument
from edge.line.parse import NotUnderstoodError, read
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulating
from edge.simulators.sbi import SbiDevice
from tests.edge.support import command, serial_link, supervised
from tests.support.waiting import eventually


def example() -> LineInstrument:
    driver = read_config(Path("edge/examples/sbi.toml")).instruments[0].driver
    assert isinstance(driver, LineInstrument)
    return driver


@pytest.mark.parametrize(("text", "weight", "stable", "quality"), [
    ("+  111.255 g  ", 111.255, True, None), ("   111.255 g  ", 111.255, True, None),
    ("-   0.0012 g  ", -0.0012, True, None),
    ("+  111.255    ", 111.255, False, None), ("      High    ", None, False, "+inf"),
    ("      Low     ", None, False, "-inf"),
    ("+  230.000 g  ", 230, True, "uncertain"),
])  # fmt: skip
def test_the_manuals_lines(text: str, weight: float | None, stable: bool, quality: str | None) -> None:
    values, q = read(example()._spec.polls[0].reading, text)

    assert (values["weight"], values["stable"], q.get("weight")) == (weight, stable, quality)


@pytest.mark.parametrize("text", ["+  111.255 kg ", "   Err 054    ", "Stat     OFF  ", "", "+ 1 1.0 g"])
def test_what_is_no_weight(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        read(example()._spec.polls[0].reading, text)


def test_sixteen_characters() -> None:
    device = SbiDevice(random.Random(1))  # noqa: S311
    (line,) = device.answer(b"\x1bP", 0.0)

    assert len(line + device.end) == 16
    assert line[11:14] == b"g  "
    assert device.answer(b"\x1bX", 1.0) == []


async def test_it_weighs_tares_and_is_overloaded(tmp_path: Path) -> None:
    async with (
        simulating([parse_word("sbi:s")], tmp_path, seed=2) as sims,
        supervised(example(), serial_link(tmp_path, "s")) as (one, out),
    ):
        await eventually(lambda: abs(out.latest("weight") - 20) < 0.01)
        await one.execute(command("tare"), print)
        sims["s"].tell("load", "10")
        await eventually(lambda: abs(out.latest("weight") + 10) < 0.01 and out.samples[-1].values["stable"] is True)
        sims["s"].tell("load", "400")
        await eventually(lambda: out.samples[-1].q == {"weight": "+inf"})
        sims["s"].tell("garbage")
        await eventually(lambda: out.state != "online")
        sims["s"].tell("normal")
        await eventually(lambda: out.state == "online")
