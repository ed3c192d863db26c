"""The set-up on machines that are not this one: other package managers, an old Python, no sudo."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("sh", "dirname", "cat", "cksum", "env", "sed", "rm", "head", "printf", "ls")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that is the whole PATH of another machine, and the place its calls are noted."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        if found:
            (bin_ / name).symlink_to(found)
    return tmp_path


def program(machine: Path, name: str, text: str = "") -> None:
    """A program that notes how it was called, then does ``text``."""
    path = machine / "bin" / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >>{machine}/calls\n{text}\n')
    path.chmod(0o755)


def calls(machine: Path) -> list[str]:
    notes = machine / "calls"
    return notes.read_text().splitlines() if notes.exists() else []


def run(machine: Path, *argv: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=30, check=False)


def install(machine: Path, user: int = 0) -> subprocess.CompletedProcess[str]:
    (machine / "bin" / "id").unlink(missing_ok=True)
    (machine / "bin" / "id").write_text(f"#!/bin/sh\necho {user}\n")
    (machine / "bin" / "id").chmod(0o755)
    return run(machine, "sh", "-euc", '. scripts/common.sh; install_package mosquitto "the broker is not installed"')


@pytest.mark.parametrize(
    ("manager", "last"),
    [
        ("apt-get", "apt-get install -y -qq --no-install-recommends mosquitto"),
        ("dnf", "dnf install -y -q mosquitto"),
        ("pacman", "pacman -S --noconfirm --needed mosquitto"),
        ("zypper", "zypper --non-interactive install mosquitto"),
        ("apk", "apk add --quiet mosquitto"),
        ("brew", "brew install --quiet mosquitto"),
    ],
)
def test_each_package_manager_is_asked_in_its_way(machine: Path, manager: str, last: str) -> None:
    program(machine, manager)
    done = install(machine)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"labwire: the broker is not installed: installing 'mosquitto' with {manager}\n"
    assert calls(machine)[-1] == last


def test_somebody_who_is_not_root_uses_sudo(machine: Path) -> None:
    program(machine, "dnf")
    program(machine, "sudo", 'exec "$@"')
    assert install(machine, user=1000).returncode == 0
    assert calls(machine) == ["sudo dnf install -y -q mosquitto", "dnf install -y -q mosquitto"]


def test_homebrew_refuses_root_so_it_is_never_asked_with_sudo(machine: Path) -> None:
    program(machine, "brew")
    program(machine, "sudo", 'exec "$@"')
    assert install(machine, user=501).returncode == 0
    assert calls(machine) == ["brew install --quiet mosquitto"]


def test_without_sudo_one_sentence_says_what_to_run(machine: Path) -> None:
    program(machine, "dnf")
    done = install(machine, user=1000)
    assert done.returncode == 1
    assert "run 'dnf install -y -q mosquitto' as root, then make again" in done.stderr


def test_an_unknown_system_is_told_what_to_install(machine: Path) -> None:
    done = install(machine)
    assert done.returncode == 1
    assert done.stderr == (
        "labwire: the broker is not installed, and no package manager I know is here: "
        "please install 'mosquitto' and run make again\n"
    )


def test_an_old_python_is_one_sentence(machine: Path) -> None:
    for name in ("python3", "python3.10"):
        program(machine, name, '[ "$1" = --version ] && echo "Python 3.9.2"; exit 1')
    (machine / "scripts").mkdir()
    for script in (ROOT / "scripts").glob("*.sh"):
        shutil.copy(script, machine / "scripts")
    shutil.copy(ROOT / "pyproject.toml", machine)
    done = run(machine, "sh", "scripts/setup.sh", "python", cwd=machine)
    assert done.returncode == 1
    assert "labwire needs Python 3.11 or newer; found here: Python 3.9.2" in done.stderr
    assert "make PYTHON=/path/to/python3.12" in done.stderr
    assert not (machine / ".venv").exists()


def test_a_part_that_is_up_to_date_is_not_done_again(machine: Path) -> None:
    (machine / "stamp").write_text("key of today\n")
    script = f'. scripts/common.sh; up_to_date {machine}/stamp "$1" && echo yes || echo no'
    assert run(machine, "sh", "-c", script, "x", "key of today").stdout == "yes\n"
    assert run(machine, "sh", "-c", script, "x", "key of tomorrow").stdout == "no\n"


@pytest.mark.parametrize("script", [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci/run"], ids=lambda p: p.name)
def test_scripts_are_valid_shell_and_executable(script: Path) -> None:
    shell = "bash" if script.name == "run" else "sh"
    assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0
    assert os.access(script, os.X_OK)
