import contextlib
import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.config import ConfigError, convert
from broker.mistakes import Mistakes
from edge.config import EdgeFile, check, read_config
from edge.instruments.mt_sics import Balance
from edge.line.instrument import LineInstrument
from edge.links.address import SerialAddress, SerialSettings, TcpAddress

GOOD = r"""
[edge]
name = "pi"
data_dir = "data"
[broker]
host = "broker.lab"
[[instrument]]
name = "dmm1"
port = "tcp://10.0.0.5:5025"
label = "Meter"
stale_ms = 2500
[[instrument.poll]]
send = "V?"
every_ms = 500
pattern = '(?P<voltage>\S+)'
[instrument.channels.voltage]
unit = "V"
[[instrument]]
name = "balance1"
driver = "mt-sics"
port = "/dev/ttyUSB0"
baud = 19200
options = { every_ms = 500, unit = "kg" }
[[instrument]]
name = "stirrer1"
driver = "namur"
port = "/dev/ttyUSB1"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, GOOD))
    meter, balance, stirrer = config.instruments

    assert config.edge.data_dir == str(tmp_path / "data")
    assert config.broker.host == "broker.lab"
    assert isinstance(meter.driver, LineInstrument)
    assert meter.address == TcpAddress("10.0.0.5", 5025)
    assert (meter.meta.name, meter.meta.stale_ms, meter.meta.edge) == ("Meter", 2500, "pi")
    assert isinstance(balance.driver, Balance)
    assert balance.address == SerialAddress("/dev/ttyUSB0", SerialSettings(baud=19200))
    assert balance.meta.channels["weight"].unit == "kg"
    assert stirrer.address == SerialAddress("/dev/ttyUSB1", SerialSettings(9600, 7, "even", 1))


@pytest.mark.parametrize(
    ("line", "correct"), [("", False), ("correct = true", True), ('correct = ["voltage"]', ["voltage"])]
)
def test_what_is_to_be_corrected(tmp_path: Path, line: str, correct: object) -> None:
    config = read_config(write(tmp_path, GOOD.replace("stale_ms = 2500", f"stale_ms = 2500\n{line}")))

    assert [i.correct for i in config.instruments] == [correct, False, False]


@pytest.mark.parametrize(("old", "new", "said"), [
    ("stale_ms = 2500", 'correct = ["volts"]', "'dmm1': key 'correct': there is no channel 'volts'; there are voltage"),
    ("stale_ms = 2500", 'correct = "yes"', "correct"),
    ('name = "pi"', 'name = "Pi 3"', "[edge]: edge 'Pi 3' is not a valid name"),
    ('name = "pi"', 'nam = "pi"', "unknown key 'edge.nam', did you mean 'name'?"),
    ('data_dir = "data"', "", "key edge: Object missing required field `data_dir`"),
    ('name = "pi"', 'name = "pi"\nstore = "maybe"', "key edge.store: 'maybe' was given, allowed are 'required',"),
    ('name = "dmm1"', 'name = "Dmm1"', "instrument 'Dmm1': instrument 'Dmm1' is not a valid name"),
    ('name = "dmm1"', 'name = "balance1"', "2 instruments have name 'balance1', each needs its own"),
    ('name = "dmm1"', "", "instrument 1: Object missing required field `name`"),
    ("/dev/ttyUSB1", "/dev/ttyUSB0", "2 instruments have port '/dev/ttyUSB0', each needs its own"),
    ("tcp://10.0.0.5:5025", "tcp://10.0.0.5", "instrument 'dmm1': port 'tcp://10.0.0.5' was expected as tcp://host:port"),
    ('label = "Meter"', 'lable = "Meter"', "instrument 'dmm1': unknown key 'lable', did you mean 'label'?"),
    ('label = "Meter"', 'pol = "Meter"', "instrument 'dmm1': unknown key 'pol', did you mean 'poll'?"),
    ('label = "Meter"', "label = 3", "instrument 'dmm1': key label: Expected `str`, got `int`"),
    ('label = "Meter"', "timeout_ms = 0", "instrument 'dmm1': key 'timeout_ms': 0 is not greater than 0"),
    ('label = "Meter"', "bytesize = 9", "key 'bytesize': 9 was expected as 5, 6, 7 or 8"),
    ('label = "Meter"', "stopbits = 3", "key 'stopbits': 3.0 was expected as 1, 1.5 or 2"),
    ('label = "Meter"', "baud = 0", "key 'baud': 0 is not greater than 0"),
    ('label = "Meter"', 'parity = "evn"', "key parity: 'evn' was given, allowed are "),
    ('label = "Meter"', "options = { x = 1 }", "[instrument.options] is for drivers in Python"),
    ("stale_ms = 2500", "stale_ms = -1", "key 'stale_ms': -1 is negative"),
    ('unit = "V"', 'unt = "V"', "instrument 'dmm1': channel 'voltage': unknown key 'unt', did you mean 'unit'?"),
    ('"mt-sics"', '"mt-sisc"', "instrument 'balance1': key 'driver': there is no driver 'mt-sisc'; known are"),
    ("baud = 19200", "init = []", "key 'init' belongs to driver 'line'; driver 'mt-sics' has its keys in"),
    ("baud = 19200", "boud = 19200", "instrument 'balance1': unknown key 'boud', did you mean 'baud'?"),
    ('"tcp://10.0.0.5:5025"', '"i2c:1@0x44"', "port 'i2c:1@0x44' is a device on a bus; this driver speaks over a"),
    ('"tcp://10.0.0.5:5025"', '"i2c:1@0x4"', "'dmm1': port 'i2c:1@0x4' was expected as i2c:1@0x44"),
    ('"namur"', '"sht3x"', "'stirrer1': port '/dev/ttyUSB1 (9600 8N1)': this driver needs a device on a bus, e.g."),
    ('"namur"\nport = "/dev/ttyUSB1"', '"scd4x"\nport = "i2c:1@0x44"', "the chip is at 0x62, not at 0x44"),
    ("every_ms = 500, unit", "every = 500, unit", "options: unknown key 'every', did you mean 'every_ms'?"),
    ("every_ms = 500, unit", "every_ms = 1, unit", "instrument 'balance1': options: every_ms is at least 20"),
])  # fmt: skip
def test_every_mistake_names_file_instrument_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as wrong:
        read_config(path)
    lines = str(wrong.value).splitlines()

    assert any(said in line for line in lines), lines
    assert all(line.startswith(f"{path}: ") for line in lines)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"mt-sics"', '"mt"').replace("every_ms = 500\n", "every_ms = 1\n").replace("B1", "B0")
    with pytest.raises(ConfigError) as wrong:
        read_config(write(tmp_path, text))

    assert len(str(wrong.value).splitlines()) == 3


def test_a_mistake_above_or_in_the_common_keys_hides_none_of_the_rest(tmp_path: Path) -> None:
    text = GOOD.replace('name = "pi"', "name = 3\nspool = 1").replace("stale_ms = 2500", 'stale_ms = "long"\nspeed = 1')
    text = text.replace("every_ms = 500\n", 'every_ms = "x"\npatern = 1\n').replace("baud = 19200", "baud = 0")
    with pytest.raises(ConfigError) as wrong:
        read_config(write(tmp_path, text))
    said = str(wrong.value)

    assert len(said.splitlines()) == 5
    for words in ("unknown key 'edge.spool'", "key edge.name: Expected", "key stale_ms: Expected",
                  "unknown key 'speed'", "unknown key 'patern'", "key every_ms: Expected",
                  "'baud': 0 is not greater"):  # fmt: skip
        assert words in said, said


def test_no_instrument_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is nothing to do"):
        read_config(write(tmp_path, GOOD[: GOOD.index("[[instrument]]")]))


@pytest.mark.parametrize(
    "text", ["[[instrument", "instrument = 3", "[edge]\nname = 3\ndata_dir = ''", "[[instrument]]\nname=[]"]
)
def test_any_nonsense_is_a_config_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_config(write(tmp_path, text))


WHOLE = tomllib.loads(GOOD) | {
    "instrument": tomllib.loads(Path("edge/examples/multimeter.toml").read_text())["instrument"]
}


def leaves(table: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of everything in a table, the tables inside too."""
    if path:
        yield path
    items = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for key, value in items:
        yield from leaves(value, (*path, key))


@pytest.mark.parametrize("path", list(leaves(WHOLE)), ids=lambda p: ".".join(map(str, p)))
def test_any_value_of_a_wrong_kind_is_a_sentence_never_a_traceback(path: tuple[str | int, ...]) -> None:
    for wrong in (5, -1, 1.5, True, "x", "", "(", "{", [], [5], ["x"], {}, {"x": 5}, {"x": {"y": "z"}}, "\x00µ"):
        whole = copy.deepcopy(WHOLE)
        table: Any = whole
        for key in path[:-1]:
            table = table[key]
        table[path[-1]] = wrong
        mistakes = Mistakes()
        with contextlib.suppress(ConfigError):
            check(convert(whole, EdgeFile, ""), mistakes)
        assert all(isinstance(sentence, str) for sentence in mistakes.found)
