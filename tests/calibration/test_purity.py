"""The rooms compute: no clock, no chance, no network, no files but their own data; the command does."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "calibration"
SHELLS = {"__main__.py", "commands", "register", "live", "documents", "publish.py"}
"""Files and folders that meet the world."""
NOT_HERE = {
    "asyncio",
    "socket",
    "time",
    "datetime",
    "os",
    "subprocess",
    "threading",
    "pathlib",
    "logging",
    "numpy",
    "scipy",
}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_the_rooms_are_pure() -> None:
    rooms = [path for path in FOLDER.rglob("*.py") if path.relative_to(FOLDER).parts[0] not in SHELLS]
    assert len(rooms) > 20
    assert {path.name: imported(path) & NOT_HERE for path in rooms if imported(path) & NOT_HERE} == {}


def test_functions_are_short() -> None:
    long = [
        f"{path.name}:{node.name}"
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []
