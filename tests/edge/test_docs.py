"""Documentation that can fail: no key is missing, and what the pages show works."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.config import convert
from broker.mistakes import Mistakes
from edge.config import EdgeFile, EdgeTable, InstrumentTable, check, read_config
from edge.driver import Driver
from edge.instruments.ads1115 import Ads1115Options, Input
from edge.instruments.bme280 import Bme280Options
from edge.instruments.mt_sics import BalanceOptions
from edge.instruments.namur import NamurOptions
from edge.instruments.scd4x import Scd4xOptions
from edge.instruments.sht3x import Sht3xOptions
from edge.instruments.vibration import VibrationOptions
from edge.line.tables import ArgumentTable, ChannelTable, CommandTable, LineTable, PollTable, StreamTable
from edge.registry import driver_names
from edge.simulators.faults import FAULTS
from edge.simulators.kinds import KINDS, parse_word
from edge.simulators.run import simulating
from tests.edge.support import ABOUT, command, serial_link, supervised
from tests.support.waiting import eventually

KEYS = Path("docs/configuration-edge.md").read_text(encoding="utf-8")
ADDING = Path("docs/add-an-instrument.md").read_text(encoding="utf-8")
SHIPPED = Path("docs/instruments.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "## `[edge]`": EdgeTable,
    "## `[[instrument]]`: any": InstrumentTable,
    "## `[[instrument]]` with driver `line`": LineTable,
    "### `[[instrument.poll]]`": PollTable,
    "### `[[instrument.stream]]`": StreamTable,
    "### `[instrument.channels.<name>]`": ChannelTable,
    "### `[instrument.commands.<name>]`": CommandTable,
    "### `[instrument.commands.<name>.args.<arg>]`": ArgumentTable,
}


def section(heading: str) -> str:
    start = KEYS.index(heading)
    return re.split(r"^##+ ", KEYS[start + 3 :].lstrip("# "), maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_explained_in_its_section(heading: str) -> None:
    text = section(heading)
    missing = [key for key in SECTIONS[heading].__struct_fields__ if f"`{key}`" not in text]

    assert missing == []


@pytest.mark.parametrize("options", [BalanceOptions, NamurOptions, VibrationOptions])
def test_every_option_of_a_driver_is_explained(options: type[msgspec.Struct]) -> None:
    text = section("## `[instrument.options]`")

    assert [key for key in options.__struct_fields__ if f"`{key}`" not in text] == []


@pytest.mark.parametrize("options", [Sht3xOptions, Scd4xOptions, Bme280Options, Ads1115Options, Input])
def test_every_option_of_a_sensor_is_explained(options: type[msgspec.Struct]) -> None:
    assert [key for key in options.__struct_fields__ if f"`{key}`" not in SHIPPED] == []


def test_every_driver_is_in_the_table() -> None:
    assert [name for name in driver_names() if f"| `{name}` |" not in SHIPPED] == []


def test_no_key_is_explained_that_does_not_exist() -> None:
    known = {"broker", "name", *(k for s in SECTIONS.values() for k in s.__struct_fields__)}
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", KEYS, re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}

    assert named - known - {"namur", "vibration"} == set()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", ADDING, re.MULTILINE | re.DOTALL)


HEAD = '[edge]\nname = "pi"\ndata_dir = "d"\n[[instrument]]\nname = "x"\nport = "/dev/x"\n'


@pytest.mark.parametrize("k", range(len(blocks("toml")) - 1))
def test_the_tables_shown_are_good(k: int) -> None:
    text = blocks("toml")[k]
    mistakes = Mistakes()
    check(convert(tomllib.loads(text if "[edge]" in text else HEAD + text), EdgeFile, ""), mistakes)

    assert mistakes.found == []


def test_the_entry_point_shown_is_toml() -> None:
    assert "labwire.instruments" in tomllib.loads(blocks("toml")[-1])["project"]["entry-points"]


async def test_the_class_shown_works(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)  # noqa: S102 - our own page
    driver: Driver[Any] = names["Counter"](ABOUT, convert({"every_ms": 50}, names["CounterOptions"], ""))
    async with (
        simulating([parse_word("counter:c")], tmp_path) as sims,
        supervised(driver, serial_link(tmp_path, "c")) as (one, out),
    ):
        await eventually(lambda: len(out.samples) > 3)
        assert await one.execute(command("set", text="hello"), print) == {"text": "hello"}
        sims["c"].tell("unplug")
        await eventually(lambda: out.state == "offline")
    assert out.numbers("count")[:3] == [0, 1, 2]


def test_the_readme_names_every_kind_and_fault() -> None:
    readme = Path("edge/README.md").read_text(encoding="utf-8")

    assert [word for word in (*KINDS, *FAULTS) if f"`{word}`" not in readme] == []


def test_the_example_named_is_the_one_checked() -> None:
    assert "edge/examples/multimeter.toml" in ADDING
    read_config(Path("edge/examples/multimeter.toml"))
