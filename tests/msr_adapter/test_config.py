"""msr.toml: what is wrong in it is one sentence each."""

from pathlib import Path

import pytest

from broker.config import ConfigError
from msr_adapter.config import read_config
from msr_adapter.tables import Rate

GOOD = """
[msr]
host = "plant.lan"
name = "etherlab"
data_dir = "data"

[[instrument]]
name = "kiln"
signals = ["/Kiln/**"]
rate = { per_second = 20 }
channels."/Kiln/*Temperature" = { unit = "°C" }

[[instrument.set]]
signals = ["/Kiln/Fan*"]
rate = "full"
block_ms = 100

[[instrument.parameter]]
path = "/Kiln/HeaterSetpoint"
min = 20
max = 110
max_step = 10
"""


def read(folder: Path, text: str) -> object:
    path = folder / "msr.toml"
    path.write_text(text)
    return read_config(path)


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "msr.toml").write_text(GOOD)
    file = read_config(tmp_path / "msr.toml")

    (kiln,) = file.instrument
    assert (file.msr.port, file.msr.data_dir) == (2345, str(tmp_path / "data"))
    assert [s.rate for s in kiln.sets] == [Rate(per_second=20), "full"]
    assert kiln.parameter[0].max_step == 10


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name = "etherlab"', 'name = "Ether Lab"', "[msr]: adapter 'Ether Lab' is not a valid name"),
        ('host = "plant.lan"', 'host = ""', "[msr]: key 'host' is empty"),
        ('host = "plant.lan"', 'host = "a"\nca_file = "ca.pem"', "[msr]: ca_file is set and tls is not"),
        ('host = "plant.lan"', 'host = "a"\nspool_bytes = -1', "key 'spool_bytes': -1 is negative"),
        ('host = "plant.lan"', 'host = "a"\nprot = 1', "unknown key 'msr.prot', did you mean 'port'"),
        ('host = "plant.lan"', 'host = "a"\nport = 0', "msr.port"),
        ('name = "kiln"', 'name = "kiln"\ncorrect = ["Kiln T"]', "instrument 'kiln': key 'correct': channel 'Kiln T'"),
        ('name = "kiln"', 'name = "Kiln"', "instrument 'Kiln': instrument 'Kiln' is not a valid name"),
        ("/Kiln/**", "Kiln/**", "instrument 'kiln': key 'signals': 'Kiln/**' does not begin with '/'"),
        ("per_second = 20", "per_second = 0", "key 'rate': per_second = 0.0 is not greater than 0"),
        ("per_second = 20", "per_second = nan", "key 'rate': per_second = nan is not greater than 0"),
        ("per_second = 20", "every = 0", "key 'rate': every = 0 is not a number of cycles from 1 on"),
        ("per_second = 20", "every = 2, per_second = 2", "either { every = N } or { per_second = X } was expected"),
        ("{ per_second = 20 }", '"fast"', "rate"),
        ("block_ms = 100", "block_ms = 0", "instrument 'kiln': set 1: key 'block_ms': 0 is not between 0 and 60000"),
        ("min = 20\n", "", "parameter '/Kiln/HeaterSetpoint': min and max are needed"),
        ("min = 20", "min = 200", "min 200 is above max 110"),
        ("min = 20", "min = -inf", "min -inf and max 110 were expected as finite numbers"),
        ("max_step = 10", "max_step = 0", "max_step 0 is not greater than 0"),
        ("max_step = 10", 'type = "bool"', "a bool has no min, max, max_step or non_finite"),
        ('unit = "°C"', "range = [1, 1]", "channels '/Kiln/*Temperature': key 'range': 1 is not below 1"),
        ('unit = "°C"', "resolution = 0", "key 'resolution': 0 is not greater than 0"),
    ],
)
def test_every_mistake_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, GOOD.replace(old, new, 1))

    (line,) = str(wrong.value).splitlines()
    assert sentence in line
    assert line.startswith(str(tmp_path))


def test_a_parameter_is_listed_once(tmp_path: Path) -> None:
    again = '\n[[instrument.parameter]]\npath = "/Kiln/HeaterSetpoint"\nmin = 1\nmax = 2\n'
    with pytest.raises(ConfigError, match="2 parameters have the path '/Kiln/HeaterSetpoint', each needs its own"):
        read(tmp_path, GOOD + again)


def test_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no"):
        read(tmp_path, GOOD.partition("[[")[0])
    with pytest.raises(ConfigError, match="it names no signals, parameters or messages"):
        read(tmp_path, GOOD.partition("[[")[0] + '[[instrument]]\nname = "a"\n')


def test_two_instruments_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 instruments have the name 'kiln', each needs its own"):
        read(tmp_path, GOOD + '\n[[instrument]]\nname = "kiln"\nsignals = ["/a"]\n')
