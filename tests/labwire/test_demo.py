"""The demo as a person uses it: real processes, real ports, a real data folder."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from broker.config import ConfigError
from broker.folder import lock
from broker.mosquitto import free_port
from edge.config import read_config
from edge.simulators.kinds import parse_word
from labwire import net
from labwire.demo import Settings, choose_ports, main, programs
from labwire.demo_folder import INSTRUMENTS, PLANT, DemoFolder, Ports
from msr_adapter.config import read_config as read_plant
from tests.labwire.running import DemoProcess
from tests.support.waiting import eventually

NAMES = ("mosquitto", "instruments", "plant", "logger", "bridge", "edge", "msr", "calibration")
pytestmark = pytest.mark.timeout(240)


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.system
async def test_the_page_works_when_its_address_is_printed_and_everything_ends_with_ctrl_c(tmp_path: Path) -> None:
    async with DemoProcess(tmp_path / "data", port=free_port()) as demo:
        link = await demo.ready()
        assert "<html" in fetch(link.partition("#")[0]).lower()
        started = family(demo.process.pid)
        assert len(started) >= len(NAMES)
        await demo.stored(10)
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 0
    assert all(gone(p) for p in started)
    assert "Traceback" not in demo.output + demo.logs()


@pytest.mark.system
async def test_a_second_start_has_the_history_and_the_same_token(tmp_path: Path) -> None:
    links: list[str] = []
    counts: list[int] = []
    elsewhere = {"LABWIRE_BROKER_HOST": "192.0.2.1", "LABWIRE_BROKER_PASSWORD": "of another broker"}
    for env in ({}, elsewhere):
        async with DemoProcess(tmp_path / "data", port=free_port(), env=env) as demo:
            links.append((await demo.ready()).partition("#")[2])
            await demo.stored(counts[-1] + 5 if counts else 5)
            counts.append(demo.samples())
    assert links[0] == links[1]
    assert counts[1] > counts[0]


@pytest.mark.system
@pytest.mark.parametrize("name", ["mosquitto", "logger", "plant", "msr"])
async def test_when_one_dies_the_others_end_and_it_is_named(tmp_path: Path, name: str) -> None:
    async with DemoProcess(tmp_path / "data", "--no-table", port=free_port()) as demo:
        await demo.ready()
        started = family(demo.process.pid)
        word = {"mosquitto": "mosquitto.conf", "plant": "plant.control"}.get(name, f"{name}.toml")
        (victim,) = (p for p in started if any(word in part for part in p.cmdline()))
        victim.kill()
        assert await demo.ended() == 1
    assert re.search(rf"labwire demo: {name} was killed by SIGKILL; the end of .*{name}\.log:", demo.output)
    assert all(gone(p) for p in started)


@pytest.mark.system
async def test_nothing_is_left_when_the_demo_is_killed(tmp_path: Path) -> None:
    async with DemoProcess(tmp_path / "data", port=free_port()) as demo:
        await demo.ready()
        started = family(demo.process.pid)
        demo.process.kill()
        await eventually(lambda: all(gone(p) for p in started), 30, "all ended")


@pytest.mark.system
async def test_seconds_end_it_and_link_prints_it_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with DemoProcess(tmp_path / "data", "--seconds", "1", "--host", "0.0.0.0", port=free_port()) as demo:  # noqa: S104
        link = await demo.ready()
        assert await demo.ended() == 0
    assert "open to the network" in demo.output
    assert "0.0.0.0" not in link  # noqa: S104
    assert main(["--link", "--data", str(tmp_path / "data")]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == link
    assert "no demo runs there now" in captured.err


def test_there_is_no_link_before_the_first_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--link", "--data", str(tmp_path / "none")]) == 2
    assert "there was no demo in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_taken_ports_are_replaced_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wanted = server.getsockname()[1]
        ports = choose_ports(Settings(tmp_path, "127.0.0.1", wanted, None, False))
    assert ports.page != wanted
    assert net.is_free("127.0.0.1", ports.page)
    assert f"port {wanted} is taken, the page uses {ports.page}" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_one_sentence(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=f"--host {re.escape(host)} is no address of this machine"):
        choose_ports(Settings(tmp_path, host, 8000, None, False))


@pytest.mark.parametrize("port", ["0", "99999", "http"])
def test_what_is_no_port_is_said(capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit):
        main(["--port", port])
    assert f"'{port}' is no port: 1 to 65535" in capsys.readouterr().err


def test_the_programs_are_started_in_the_order_they_need_each_other(tmp_path: Path) -> None:
    assert tuple(p.name for p in programs(DemoFolder(tmp_path), Ports("127.0.0.1", 8000, 1883))) == NAMES


def test_every_instrument_has_a_simulator_and_a_configuration(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.prepare(Ports("127.0.0.1", 8000, 1883))
    configured = read_config(folder.config("edge")).instruments
    assert {i.name for i in configured} == set(INSTRUMENTS)
    assert all(i.meta.simulated and str(folder.lines / i.name) in str(i.address) for i in configured)
    for name, kind in INSTRUMENTS.items():
        assert parse_word(f"{kind}:{name}").name == name
    plant = read_plant(folder.config("msr"))
    assert tuple(i.name for i in plant.instrument) == PLANT
    assert all(i.simulated for i in plant.instrument)
    assert plant.broker.user == f"edge-{plant.msr.name}"


@pytest.mark.parametrize("program", ["mosquitto", "mosquitto_passwd"])
def test_without_mosquitto_one_sentence_says_what_to_install(tmp_path: Path, program: str) -> None:
    """On a machine where ``program`` is not installed: nothing is found where it is looked for."""
    script = (
        "from broker import mosquitto; from labwire.demo import main; import sys; find = mosquitto.shutil.which;"
        f"mosquitto.shutil.which = lambda name, path: None if name == {program!r} else find(name, path=path);"
        f"sys.exit(main(['--data', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{program} is not installed: install your system's package 'mosquitto'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_in_use_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "labwire", "demo", "--data", str(tmp_path)]
    with lock(tmp_path):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is in use by another process" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["lock"]
