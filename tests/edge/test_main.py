import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from broker.config import BrokerConfig
from edge.__main__ import main
from edge.examples import demo_toml
from edge.simulators.run import tell
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """``main`` sets up logging for the whole process."""
    before = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = before


def test_check_prints_what_it_understood(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(demo_toml(tmp_path, tmp_path, BrokerConfig()))

    assert main(["check", str(path)]) == 0
    assert "instrument 'dmm1': Multimeter" in capsys.readouterr().out


def test_check_explains_every_mistake(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    text = demo_toml(tmp_path, tmp_path, BrokerConfig())
    path.write_text(text.replace('"namur"', '"nammur"').replace("every_ms = 500", "every_ms = 0"))

    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "there is no driver 'nammur'" in said[0]


def test_run_with_a_wrong_file_is_code_2(tmp_path: Path) -> None:
    assert main(["run", "-c", str(tmp_path / "none.toml")]) == 2


@pytest.mark.parametrize("args", [[], ["simulate", "--dir", "x"], ["walk"]])
def test_a_wrong_command_line_is_code_2(args: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2


def test_simulate_refuses_an_unknown_kind(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["simulate", "scale", "--dir", str(tmp_path)]) == 2
    assert "kinds: mt-sics, namur" in capsys.readouterr().err


def start(*args: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "edge", *map(str, args)])


def end(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(20)


async def test_the_demo_as_two_processes_within_the_memory_of_a_pi(mosquitto: TestBroker, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    broker = mosquitto.config("edge-pi")
    config.write_text(demo_toml(tmp_path / "lines", tmp_path / "data", broker))
    simulator = start("simulate", "mt-sics", "namur", "vibration", "dmm", "--dir", tmp_path / "lines",
                      "--journal", tmp_path / "journal")  # fmt: skip
    await eventually(lambda: (tmp_path / "lines" / "dmm1").is_symlink(), timeout=30)
    edge = start("run", "-c", config, "--log-level", "warning")
    try:
        await eventually(lambda: spooled(tmp_path) > 20_000, timeout=40)
        memory = psutil.Process(edge.pid).memory_info().rss
        tell(tmp_path / "lines", "balance1", "load 50")
    finally:
        codes = [end(edge), end(simulator)]

    assert codes == [0, 0]
    assert memory < 60e6, f"{memory / 1e6:.0f} MB"
    assert list((tmp_path / "lines").iterdir()) == []


def spooled(folder: Path) -> int:
    return sum(f.stat().st_size for f in (folder / "data").rglob("*") if f.is_file())


def test_help_imports_little() -> None:
    code = "import sys, edge.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print('HEAVY', [n for n in ('serial', 'mqtt5', 'numpy', 'edge.config') if n in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "HEAVY []" in out


WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[2]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from edge.__main__ import main
sys.exit(main(["run", "-c", sys.argv[1]]))
"""


@pytest.mark.parametrize(("module", "said"), [
    ("serial", "serial lines need the library pyserial: pip install 'labwire[edge]'"),
    ("smbus2", "I²C needs the library smbus2: pip install 'labwire[i2c]'"),
])  # fmt: skip
def test_without_a_library_one_sentence_says_what_to_install(module: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        demo_toml(tmp_path, tmp_path, BrokerConfig())
        if module == "serial"
        else Path("edge/examples/i2c.toml").read_text(encoding="utf-8").replace('"data"', f'"{tmp_path}"')
    )
    command = [sys.executable, "-c", WITHOUT, str(path), module]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
