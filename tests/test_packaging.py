"""What is installed is what is meant: top-level names, where modules come from, and everything a wheel must carry."""

import importlib
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

from bridge_ws import site

ROOT = Path(__file__).parent.parent
PACKAGES = ("broker", "edge", "msr_adapter", "logger", "bridge_ws", "calibration", "labwire")
DASHBOARD = ROOT / "dashboard"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this source tree, with the build backend that is installed here (no network)."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_our_names_and_no_others(names: set[str]) -> None:
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_has_every_module(names: set[str]) -> None:
    ours = {p.relative_to(ROOT).as_posix() for package in PACKAGES for p in (ROOT / package).rglob("*.py")}
    assert ours <= names


def test_the_wheel_has_the_brokers_configuration(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("broker/mosquitto.conf") == (ROOT / "mosquitto.conf").read_bytes()


def test_the_wheel_has_the_page_and_its_libraries(names: set[str]) -> None:
    html = (DASHBOARD / "index.html").read_text()
    vendor = site.vendor_files(html)
    assert "bridge_ws/static/index.html" in names
    assert vendor
    assert {f"bridge_ws/static/vendor/{name}" for name in vendor} <= names
    modules = {p.relative_to(DASHBOARD).as_posix() for p in DASHBOARD.glob("[!n]*/*.js") if p.parent.name != "tests"}
    assert {f"bridge_ws/static/{name}" for name in modules} <= names


def test_the_wheel_has_the_libraries_licences(names: set[str]) -> None:
    packages = {
        "/".join(name.split("/")[3 : 5 if name.split("/")[3].startswith("@") else 4])
        for name in names
        if name.startswith("bridge_ws/static/vendor/")
    }
    for package in packages:
        assert any(n.startswith(f"bridge_ws/static/vendor/{package}/LICEN") for n in names), package


def test_the_wheel_has_the_fonts_of_documents_and_their_licence(wheel: Path) -> None:
    package = DASHBOARD / "node_modules/dejavu-fonts-ttf"
    with zipfile.ZipFile(wheel) as archive:
        for name in ("ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf", "LICENSE"):
            assert archive.read(f"calibration/documents/fonts/{Path(name).name}") == (package / name).read_bytes()


def test_the_wheel_has_nothing_that_only_developers_need(names: set[str]) -> None:
    wrong = [n for n in names if "/tests/" in n or "node_modules" in n or n.endswith(("package.json", "tsconfig.json"))]
    assert wrong == []


def test_an_installed_wheel_finds_its_own_files(wheel: Path, tmp_path: Path) -> None:
    """Unpacked as pip would, in front of everything else and away from the source tree."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import sys; from broker import mosquitto; from bridge_ws import site; found = site.find('');"
        "print(mosquitto.conf_file()); print(found.folder); print(found.vendor);"
        "from calibration.documents import fonts; print(fonts.find().bold); sys.exit(found.problem or 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(tmp_path / "broker/mosquitto.conf"),
        str(tmp_path / "bridge_ws/static"),
        str(tmp_path / "bridge_ws/static/vendor"),
        str(tmp_path / "calibration/documents/fonts/DejaVuSans-Bold.ttf"),
    ]


def test_a_wheel_without_the_libraries_is_refused_in_one_sentence(tmp_path: Path) -> None:
    from hatch_build import page_files

    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard/index.html").write_text('<script type="importmap">{"a": "/vendor/a/a.js"}</script>')
    with pytest.raises(RuntimeError, match=r"libraries are missing \(a/a\.js\): run `make setup`"):
        page_files(tmp_path)


def test_an_edge_may_be_built_without_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hatch_build import font_files, page_files

    monkeypatch.setenv("LABWIRE_WITHOUT_PAGE", "1")
    assert page_files(tmp_path) == {}
    assert font_files(tmp_path) == {}


def test_a_wheel_without_the_fonts_is_refused_in_one_sentence(tmp_path: Path) -> None:
    from hatch_build import font_files

    with pytest.raises(RuntimeError, match=r"fonts of documents are missing \(ttf/DejaVuSans\.ttf.*run `make setup`"):
        font_files(tmp_path)


def test_the_build_and_the_bridge_read_the_page_alike() -> None:
    from hatch_build import vendor_files

    html = (DASHBOARD / "index.html").read_text()
    assert vendor_files(html) == site.vendor_files(html)


@pytest.mark.parametrize("name", PACKAGES)
def test_our_names_are_not_somebody_elses(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_tests_are_packages_all_the_way_down() -> None:
    """Else ``import logger`` finds ``tests/logger``."""
    folders = {p.parent for p in (ROOT / "tests").rglob("*.py")}
    assert [str(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_console_scripts_carry_the_projects_name_and_exist() -> None:
    scripts = [e for e in distribution("labwire").entry_points if e.group == "console_scripts"]
    assert scripts
    for script in scripts:
        assert script.name == "labwire" or script.name.startswith("labwire-")
        assert callable(script.load()), script.name


def test_drivers_can_be_loaded() -> None:
    drivers = entry_points(group="labwire.instruments")
    assert {"mt-sics", "namur"} <= {e.name for e in drivers}
    for driver in drivers:
        assert isinstance(driver.load(), type)


def test_every_word_of_the_command_has_a_main() -> None:
    from labwire.__main__ import COMMANDS, available

    assert {"demo", "edge", "logger", "bridge", "broker", "log", "export", "note", "run", "send"} <= set(available())
    for word in available():
        assert callable(importlib.import_module(COMMANDS[word].module).main), word
