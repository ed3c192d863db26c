"""``labwire msr``: list, init and run as a user calls them."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from broker.mosquitto import free_port
from msr_adapter.config import read_config
from msr_adapter.simulator.run import Settings, simulating


async def labwire(*args: object, code: int = 0) -> str:
    """Run ``labwire msr …``; what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "labwire", "msr", *map(str, args), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    assert b"Traceback" not in err
    return (out if code == 0 else err).decode()


async def test_list_shows_a_tree_with_type_shape_rate_value_and_name() -> None:
    async with simulating(Settings(signals=2, seed=1)) as server:
        tree = await labwire("list", f"127.0.0.1:{server.port}", "--glob", "/Plant/Kiln/*")
        lines = await labwire("list", f"tcp://127.0.0.1:{server.port}", "--json")

    text = tree.splitlines()
    assert text[:2] == ["Plant/", "  Kiln/"]
    assert "    HeaterSetpoint  float parameter = 65  -> plant_kiln_heater_setpoint  # °C, air on" in text
    (bed,) = [line for line in text if "BedTemperatures" in line]
    assert bed.startswith("    BedTemperatures  float[5] 100 Hz = ")
    everything = json.loads(lines)
    assert len(everything) > 90
    (matrix,) = [e for e in everything if e["path"] == "/Test/Param/Mat2x3"]
    assert matrix == {
        "path": "/Test/Param/Mat2x3", "kind": "parameter", "channel": "test_param_mat2x3", "type": "float",
        "shape": [2, 3], "value": "11,12,13,21,22,23",
    }  # fmt: skip


async def test_many_values_are_not_asked_for_unless_wanted() -> None:
    async with simulating(Settings(signals=1100)) as server:
        plain = await labwire("list", f"127.0.0.1:{server.port}", "--glob", "/**", "--json")
        wanted = await labwire("list", f"127.0.0.1:{server.port}", "--json", "--values")

    assert not any("value" in e for e in json.loads(plain) if e["kind"] == "signal")
    assert all("value" in e for e in json.loads(wanted))


async def test_init_writes_a_file_that_can_be_run_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "msr.toml"
    async with simulating(Settings(signals=2, faults=("unescaped",))) as server:
        said = await labwire("init", f"tcp://127.0.0.1:{server.port}", "-o", file)
        again = await labwire("init", f"127.0.0.1:{server.port}", "-o", file, code=2)

    assert said.startswith(f"{file} written: ")
    assert again == f"{file} cannot be written: File exists\n"
    config = read_config(file)
    assert [i.name for i in config.instrument] == ["counter", "plant", "sine", "special", "state", "test", "types"]
    assert not any(i.parameter for i in config.instrument)
    text = file.read_text()
    assert '# path = "/Plant/Kiln/HeaterSetpoint"' in text
    filled = text.replace("# [[instrument.parameter]]", "[[instrument.parameter]]").replace("# path", "path")
    file.write_text(filled.replace("# min = ", "min = 0").replace("# max = ", "max = 1"))
    assert sum(len(i.parameter) for i in read_config(file).instrument) > 20


@pytest.mark.parametrize("command", ["list", "init"])
async def test_no_server_is_one_sentence(command: str, tmp_path: Path) -> None:
    more = ("-o", tmp_path / "m.toml") if command == "init" else ()
    said = await labwire(command, f"127.0.0.1:{free_port()}", *more, code=1)

    assert said.endswith("refuses connections: is the EtherLab application running there?\n")
    assert said.count("\n") == 1
    assert "HOST:PORT" in await labwire(command, "127.0.0.1:x", *more, code=1)


async def test_run_names_every_mistake_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "msr.toml"
    file.write_text('[msr]\nhost = "h"\nname = "A B"\ndata_dir = "d"\n')

    said = await labwire("run", "-c", file, code=2)
    assert "adapter 'A B' is not a valid name" in said
    assert "there is no [[instrument]]" in said
