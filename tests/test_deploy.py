"""The files for containers and machines, held against the code: there is no container engine in the tests."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bridge_ws.config import BridgeConfig
from broker.config import BrokerConfig, load
from broker.users import UsersConfig
from calibration.live.config import read as read_calibration
from edge.config import read_config
from labwire.__main__ import COMMANDS
from labwire.health import SERVICES
from logger.config import read as read_logger
from msr_adapter.config import read_config as read_msr
from msr_adapter.examples import plant_toml

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w./-]+:\d+(\.\d+)+(-[\w.]+)*|[\w./-]+:\d+-[\w.]+-slim")
OURS = ("edge", "msr", "logger", "bridge")
"""Those that are a command of their own with `run`."""


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return found


def extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, list[str]] = project["optional-dependencies"]
    return found


def stages() -> dict[str, str]:
    """The Dockerfile's stages: name → text."""
    parts = re.split(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return {parts[k + 1]: parts[k + 2] for k in range(1, len(parts), 3)}


def mounted(service: str) -> dict[str, str]:
    """Mount point → volume or folder of a service."""
    volumes = (v.split(":") for v in services()[service].get("volumes", []))
    return {v[1]: v[0] for v in volumes}


# --- Dockerfile ---


def test_base_images_are_pinned() -> None:
    images = re.findall(r"^ARG \w+=(\S+:\S+)$", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    assert [i for i in images if not PINNED.fullmatch(i)] == []
    froms = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert {f for f in froms if not f.startswith("${")} == {"base"}


@pytest.mark.parametrize("name", OURS)
def test_every_service_has_an_image_that_runs_its_command_as_nobody_special(name: str) -> None:
    text = stages()[name]
    assert f'ENTRYPOINT ["labwire", "{name}"]' in text
    assert name in COMMANDS
    assert re.search(rf'^CMD \["run", "--config", "/etc/labwire/{name}.toml"\]$', text, re.MULTILINE)
    assert text.index("USER labwire") < text.index("ENTRYPOINT")


def test_the_calibration_service_is_a_command_of_cal() -> None:
    text = stages()["calibration"]
    assert 'ENTRYPOINT ["labwire", "cal"]' in text
    assert 'CMD ["serve", "--config", "/etc/labwire/calibration.toml"]' in text
    assert text.index("USER labwire") < text.index("ENTRYPOINT")


@pytest.mark.parametrize("name", stages())
def test_extras_exist(name: str) -> None:
    wanted = re.findall(r"whl\)\[([\w,]+)\]", stages()[name])
    assert {extra for group in wanted for extra in group.split(",")} <= set(extras())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_that_exists(name: str) -> None:
    assert f'CMD ["labwire", "health", "{name}", "--config", "/etc/labwire/{name}.toml"]' in stages()[name]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    assert {name for name in allowed if not (ROOT / name).exists()} == set()
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    needed = {*build["wheel"]["packages"], *build["wheel"]["force-include"], "dashboard", "README.md", "LICENSE"}
    assert needed | {"pyproject.toml", "hatch_build.py"} <= allowed
    for copied in re.findall(r"^COPY (dashboard/.*) \./$", DOCKERFILE, re.MULTILINE):
        assert [file for file in copied.split() if not (ROOT / file).exists()] == []


# --- docker-compose.yml ---


def test_images_are_pinned() -> None:
    images = {name: s["image"] for name, s in services().items() if "image" in s}
    assert {"mosquitto", "influxdb", "grafana"} == set(images)
    assert [i for i in images.values() if not PINNED.fullmatch(i)] == []


def test_build_targets_exist() -> None:
    targets = {s["build"]["target"] for s in services().values() if "build" in s}
    assert {"logger", "bridge", "calibration", "edge", "msr", "setup"} == targets
    assert targets <= set(stages())


def test_our_variables_are_ones_the_code_reads() -> None:
    known = {f"LABWIRE_BROKER_{field.upper()}" for field in BrokerConfig.__struct_fields__}
    known.add("LABWIRE_BROKER_PASSWORD")
    given = {key for s in services().values() for key in s.get("environment", {}) if key.startswith("LABWIRE_")}
    assert given
    assert given <= known


def test_services_wait_for_the_set_up_and_the_broker() -> None:
    for name, service in services().items():
        if service.get("build", {}).get("target") in OURS:
            assert service["depends_on"]["setup"]["condition"] == "service_completed_successfully", name
            assert service["depends_on"]["mosquitto"]["condition"] == "service_healthy", name


def test_services_reach_the_broker_by_its_name_there() -> None:
    for name, service in services().items():
        if service.get("build", {}).get("target") in OURS:
            assert service["environment"]["LABWIRE_BROKER_HOST"] in services(), name


def test_published_ports_are_the_configured_ones_and_on_loopback_unless_asked() -> None:
    bridge = load(COMPOSE / "bridge.toml", BridgeConfig, {})
    broker = load(COMPOSE / "broker.toml", UsersConfig, {})
    assert bridge.host == broker.host == "0.0.0.0"  # noqa: S104
    wanted = {
        "bridge": {bridge.port},
        "mosquitto": {broker.port, broker.ws_port},
        "influxdb": {8086},
        "grafana": {3000},
    }
    for name, service in services().items():
        published = [re.fullmatch(r"(.+):(\d+):(\d+)", port) for port in service.get("ports", [])]
        assert {int(p[3]) for p in published if p} == wanted.get(name, set()), name
        assert all(p and re.fullmatch(r"127\.0\.0\.1|\$\{\w+:-127\.0\.0\.1\}", p[1]) for p in published), name


def test_the_broker_reads_what_the_set_up_writes() -> None:
    broker = load(COMPOSE / "broker.toml", UsersConfig, {})
    assert mounted("setup")[broker.data_dir] == mounted("mosquitto")[broker.data_dir]
    assert services()["mosquitto"]["working_dir"] == broker.data_dir
    assert services()["mosquitto"]["command"] == ["mosquitto", "-c", "mosquitto.conf"]
    assert "labwire broker prepare --config /etc/labwire/broker.toml" in (COMPOSE / "setup.sh").read_text()


@pytest.mark.parametrize(
    ("service", "component"),
    [
        ("logger", "logger"),
        ("bridge", "bridge"),
        ("demo", "edge"),
        ("msr", "msr"),
        ("calibration", "calibration"),
    ],
)
def test_configurations_are_valid_and_their_folders_mounted(service: str, component: str) -> None:
    users = load(COMPOSE / "broker.toml", UsersConfig, {})
    file = COMPOSE / f"{component}.toml"
    assert mounted(service)["/etc/labwire"] == "./deploy/compose"
    if component == "edge":
        config = read_config(file)
        broker, folders = config.broker, [config.edge.data_dir]
        allowed = next(u.instruments for u in users.user if u.name == broker.user)
        assert {i.name for i in config.instruments} == set(allowed)
    elif component == "msr":
        msr = read_msr(file)
        broker, folders = msr.broker, [msr.msr.data_dir]
        allowed = next(u.instruments for u in users.user if u.name == broker.user)
        assert {i.name for i in msr.instrument} == set(allowed)
        assert msr.msr.host in services()
        assert broker.user == f"edge-{msr.msr.name}"
    elif component == "logger":
        logger_config = read_logger(file)
        broker, folders = logger_config.broker, [logger_config.data_dir]
    elif component == "calibration":
        calibration = read_calibration(file)
        broker, folders = calibration.broker, [calibration.calibration_dir]
        assert calibration.calibration_dir in mounted("setup")
        assert calibration.calibration_dir == load(COMPOSE / "bridge.toml", BridgeConfig, {}).calibration_dir
        assert broker.user == f"calibration-{calibration.name}"
    else:
        bridge = load(file, BridgeConfig, {})
        broker, folders = bridge.broker, [bridge.data_dir, str(bridge.databases[0].parent)]
        assert bridge.history_db == str(read_logger(COMPOSE / "logger.toml").database)
        assert bridge.tokens_file == "/run/labwire/tokens.toml"
    assert {folder for folder in folders if folder not in mounted(service)} == set()
    assert broker.user in {u.name for u in users.user}
    assert broker.password_file == f"{users.secrets_dir}/{broker.user}"
    assert mounted(service)[users.secrets_dir] == mounted("setup")[users.secrets_dir]


def test_the_plant_in_containers_is_the_demos() -> None:
    example = tomllib.loads(plant_toml(2345, Path("d"), BrokerConfig()))
    assert tomllib.loads((COMPOSE / "msr.toml").read_text(encoding="utf-8"))["instrument"] == example["instrument"]


def test_secret_files_are_made_by_the_set_up() -> None:
    made = (COMPOSE / "setup.sh").read_text(encoding="utf-8")
    read = {
        value.removeprefix("/run/labwire/")
        for service in services().values()
        for value in service.get("environment", {}).values()
        if value.startswith("/run/labwire/")
    }
    assert read == {"influxdb-password", "influxdb-token", "grafana-password"}
    assert all(name in made for name in read)


def test_named_volumes_are_declared() -> None:
    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["volumes"]
    used = {source for name in services() for source in mounted(name).values() if not source.startswith(".")}
    assert used == set(declared)


@pytest.mark.parametrize("script", sorted(COMPOSE.glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_valid_shell_and_their_commands_exist(script: Path) -> None:
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    for words in re.findall(r"^\s*(?:exec )?labwire (\w+(?: \w+)?)", script.read_text(encoding="utf-8"), re.MULTILINE):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "labwire", *words.split(), "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"labwire {words}: {done.stderr}"


# --- systemd, udev ---


def units() -> list[Path]:
    return sorted((DEPLOY / "systemd").glob("*.service"))


def test_there_is_a_unit_a_service() -> None:
    names = [u.stem.removeprefix("labwire-") for u in units()]
    assert names == ["bridge", "calibration", "edge", "logger", "mosquitto", "msr"]


@pytest.mark.parametrize("unit", units(), ids=lambda p: p.stem)
def test_units_run_our_commands_restart_on_surprise_and_may_write_one_folder(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    name = unit.stem.removeprefix("labwire-")
    if name != "mosquitto":
        words = "cal serve" if name == "calibration" else f"{name} run"
        assert f"ExecStart=/opt/labwire/bin/labwire {words} --config /etc/labwire/{name}.toml\n" in text
        assert "RestartPreventExitStatus=2\n" in text
    for line in ("Restart=on-failure", "User=labwire", "ProtectSystem=strict", "NoNewPrivileges=yes"):
        assert f"\n{line}\n" in text
    assert f"StateDirectory=labwire/{name}\n" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", units(), ids=lambda p: p.stem)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    """With our command where it is here, since systemd looks whether it can be executed."""
    text = unit.read_text(encoding="utf-8")
    for word in ("/opt/labwire/bin/labwire", "/usr/sbin/mosquitto"):
        text = text.replace(f"ExecStart={word} ", f"ExecStart={sys.executable} ")
    (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_the_examples_for_machines_fit_each_other() -> None:
    etc = DEPLOY / "etc"
    users = load(etc / "broker.toml", UsersConfig, {})
    logger_config = read_logger(etc / "logger.toml")
    bridge = load(etc / "bridge.toml", BridgeConfig, {})
    edge = read_config(etc / "edge.toml")
    assert bridge.history_db == str(logger_config.database)
    msr = read_msr(etc / "msr.toml")
    calibration = read_calibration(etc / "calibration.toml")
    assert calibration.calibration_dir == bridge.calibration_dir
    for config in (logger_config.broker, bridge.broker, edge.broker, msr.broker, calibration.broker):
        assert config.user in {u.name for u in users.user}
        assert config.password_file == f"{users.secrets_dir}/{config.user}"
        assert (config.port, config.root) == (users.port, users.root)
    allowed = next(u.instruments for u in users.user if u.name == edge.broker.user)
    assert [i.name for i in edge.instruments] == allowed
    assert [i.name for i in msr.instrument] == next(u.instruments for u in users.user if u.name == msr.broker.user)


def test_configuration_structs_have_no_required_key_the_examples_lack() -> None:
    """A key that became required would break every installation that was set up from these files."""
    for component, type_ in (("broker", UsersConfig), ("bridge", BridgeConfig)):
        needed = {f.encode_name for f in msgspec.structs.fields(type_) if f.required}
        assert needed <= set(tomllib.loads((COMPOSE / f"{component}.toml").read_text(encoding="utf-8")))
