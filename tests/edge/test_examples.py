from pathlib import Path

from broker.config import BrokerConfig
from edge.config import read_config
from edge.examples import counter_table, demo_toml

BROKER = BrokerConfig(host="127.0.0.1", port=18830, user="edge-demo", password_file="/secret/file")


def test_the_demo(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(demo_toml(tmp_path / 'odd "lines"', tmp_path / "data", BROKER))
    config = read_config(path)

    assert [i.name for i in config.instruments] == ["balance1", "stirrer1", "vib1", "dmm1", "bath1"]
    assert str(config.instruments[0].address).startswith(str(tmp_path / 'odd "lines"' / "balance1"))
    assert (config.broker, config.edge.data_dir) == (BROKER, str(tmp_path / "data"))
    for instrument in config.instruments:
        meta = instrument.meta
        assert meta.simulated
        assert meta.name
        assert all(c.label and c.group and c.period_ms for c in meta.channels.values())
        assert all(c.label for c in meta.commands.values())
        assert all(c.resolution for c in meta.channels.values() if c.type == "float")


def test_the_multimeter_is_good_as_it_stands() -> None:
    config = read_config(Path("edge/examples/multimeter.toml"))

    assert config.instruments[0].meta.commands["set_range"].args["volts"].choices == ["1", "10", "100"]


def test_the_bath_is_good_as_it_stands() -> None:
    config = read_config(Path("edge/examples/bath.toml"))

    assert config.instruments[0].meta.commands["set_temperature"].sets == "set_point"


def test_the_i2c_sensors_are_good_as_they_stand() -> None:
    config = read_config(Path("edge/examples/i2c.toml"))

    assert [str(i.address)[-4:] for i in config.instruments] == ["0x44", "0x62", "0x76", "0x48"]
    assert config.instruments[3].meta.channels["vacuum"].range == (0, 1000)
    for instrument in config.instruments:
        assert instrument.meta.simulated
        assert all(c.label and c.group and c.period_ms and c.resolution for c in instrument.meta.channels.values())


def test_counters(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    head = '[edge]\nname = "pi"\ndata_dir = "d"\n'
    path.write_text(head + counter_table("i0", tmp_path, 50) + counter_table("i1", tmp_path))
    asked, sending = read_config(path).instruments

    assert asked.meta.channels["count"].period_ms == 50
    assert sending.meta.channels["count"].period_ms is None
