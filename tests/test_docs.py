"""Documentation that can fail: its commands are run, its links resolve, every setting stands in it.

A fenced block of shell commands says what happens to it here:

- ```` ```sh run ```` is executed at the top of the repository;
- ```` ```sh demo ```` is executed in the folder where ``labwire demo`` runs, as a second terminal would;
- ```` ```sh no-run: reason ```` is not executed, and says why.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from broker.config import BrokerConfig
from broker.mosquitto import free_port
from broker.users import UsersConfig, UserTable
from labwire.__main__ import available
from tests.labwire.running import DemoProcess

ROOT = Path(__file__).parent.parent
SKIPPED = {".venv", ".git", "node_modules", ".pytest_cache", "labwire-data"}
PAGES = sorted(p for p in ROOT.rglob("*.md") if not SKIPPED & set(p.relative_to(ROOT).parts))
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#+\s+(?P<text>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Shell:
    """One block of shell commands."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def shells() -> Iterator[Shell]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            info = block["info"].strip()
            if info.split(" ")[0] in ("sh", "bash", "shell", "console"):
                yield Shell(page, text.count("\n", 0, block.start()) + 1, info, block["text"])


def of_kind(kind: str) -> list[Shell]:
    return [s for s in shells() if s.info == f"sh {kind}"]


def environment() -> dict[str, str]:
    """As with the virtual environment activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONWARNINGS": "default"}


def execute(shell: Shell, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shell.text],
        cwd=folder,
        env=environment() | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_every_shell_block_says_whether_it_is_run() -> None:
    known = re.compile(r"sh (run|demo|no-run: \S.*)")
    assert [f"{s.name}: {s.info}" for s in shells() if not known.fullmatch(s.info)] == []


@pytest.mark.parametrize("shell", of_kind("run"), ids=lambda s: s.name)
def test_commands_work(shell: Shell) -> None:
    done = execute(shell, ROOT)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.system
@pytest.mark.timeout(240)
async def test_commands_work_beside_a_demo(tmp_path: Path) -> None:
    failures = []
    async with DemoProcess(tmp_path / "labwire-data", port=free_port()) as demo:
        address = (await demo.ready()).partition("/#")[0]
        await demo.stored()
        for shell in of_kind("demo"):
            # The port is the only thing that may differ from what the reader has.
            done = await asyncio.to_thread(execute, shell, tmp_path, LABWIRE_URL=address)
            if done.returncode or "Traceback" in done.stderr:
                failures.append(f"{shell.name}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    assert not failures, "\n\n".join(failures)


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for link in LINK.finditer(text):
            if not re.match(r"[a-z]+:", link["target"]):
                yield page, link["target"]


def anchors(page: Path) -> set[str]:
    """The anchors a page has: GitHub's rule for headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", h["text"].strip().lower()) for h in HEADING.finditer(text))
    return {heading.replace(" ", "-") for heading in plain}


def broken(page: Path, target: str) -> bool:
    file, _, anchor = unquote(target).partition("#")
    path = (page.parent / file).resolve() if file else page
    if not path.exists():
        return True
    return bool(anchor) and path.suffix == ".md" and anchor not in anchors(path)


def test_links_lead_somewhere() -> None:
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in links() if broken(page, target)] == []


def test_every_page_is_two_clicks_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    for _ in range(2):
        reached |= {
            (page.parent / unquote(target).partition("#")[0]).resolve() for page, target in links() if page in reached
        }
    folders = {path for path in reached if path.is_dir()}
    lost = [p for p in PAGES if p not in reached and p.parent not in folders and ROOT / "tests" not in p.parents]
    assert [str(p.relative_to(ROOT)) for p in lost] == []


def everything() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in PAGES)


def structs() -> list[type[msgspec.Struct]]:
    from bridge_ws.config import BridgeConfig
    from calibration.live.config import CalibrationConfig
    from calibration.register.lab import Lab
    from edge.config import EdgeTable, InstrumentTable
    from edge.line.tables import LineTable
    from logger.config import LoggerConfig
    from logger.replay.config import ReplayConfig
    from logger.store.retention import Retention
    from msr_adapter import tables

    return [
        BrokerConfig,
        UsersConfig,
        UserTable,
        EdgeTable,
        InstrumentTable,
        LineTable,
        LoggerConfig,
        ReplayConfig,
        Retention,
        BridgeConfig,
        CalibrationConfig,
        Lab,
        tables.MsrTable,
        tables.InstrumentTable,
        tables.SetTable,
        tables.ChannelTable,
        tables.ParameterTable,
        tables.Rate,
    ]


def keys(type_: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(type_)}


@pytest.mark.parametrize("type_", structs(), ids=lambda t: t.__name__)
def test_every_key_is_described(type_: type[msgspec.Struct]) -> None:
    text = everything()
    missing = {key for key in keys(type_) if not re.search(rf"`\[*{key}\]*`|^\[*{key}\]*( =|$)", text, re.MULTILINE)}
    assert missing == set()


def test_every_variable_of_the_environment_is_described() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "broker").rglob("*.py"))
    named = set(re.findall(r"LABWIRE_[A-Z_]*[A-Z]", source)) | {
        f"LABWIRE_BROKER_{field.upper()}" for field in BrokerConfig.__struct_fields__
    }
    text = everything()
    assert {name for name in named if f"`{name}`" not in text and name != "LABWIRE_BROKER"} == set()


def test_every_command_is_named() -> None:
    text = everything()
    assert [word for word in available() if f"labwire {word}" not in text] == []


def test_every_folder_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert {f for f in folders if not f.startswith(".") and f"`{f}/`" not in readme} - {"scripts"} == set()
