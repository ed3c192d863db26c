from pathlib import Path

from broker.config import BrokerConfig
from edge.config import read_config
from edge.examples import demo_toml
from edge.explain import explain


def test_it_says_what_was_understood(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(demo_toml(Path("/lines"), Path("/data"), BrokerConfig(user="edge-demo")))
    text = explain(read_config(path))

    assert text.startswith("edge 'demo': data in /data, stored by logger 'main'; broker 127.0.0.1:1883 as edge-demo")
    for line in [
        "instrument 'dmm1': Multimeter (labwire DMM-60), simulated",
        "  at /lines/vib1 (115200 8N1), stale after 2 s",
        "  channel stable: bool, shown as 'Stable' in group 'Weight', every 250 ms",
        "  command set_speed: value: float from 0 to 2000 1/min, shown by setpoint",
        "  command start: no arguments, shown by speed, asks before",
        "  command set_range: volts: str of 1, 10, 100 V, shown by range",
    ]:
        assert line in text.splitlines()


def test_it_says_what_is_corrected(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    text = demo_toml(Path("/lines"), Path("/data"), BrokerConfig())
    text = text.replace('name = "dmm1"\n', 'name = "dmm1"\ncorrect = true\n')
    path.write_text(text.replace('name = "balance1"\n', 'name = "balance1"\ncorrect = ["weight"]\n'))
    lines = explain(read_config(path)).splitlines()

    assert "  calibrations in force are applied to every channel that has one" in lines
    assert "  calibrations in force are applied to weight" in lines
