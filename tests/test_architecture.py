"""The rules of the house that no linter knows. What imports what is import-linter's matter (pyproject)."""

import ast
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from broker.topics import Kind

ROOT = Path(__file__).parent.parent
COMPONENTS = ("broker", "edge", "msr_adapter", "logger", "bridge_ws", "calibration", "labwire")
PRODUCT = sorted(path for folder in COMPONENTS for path in (ROOT / folder).rglob("*.py"))
MAX_LINES = 400
MQTT = {"mqtt5", "paho", "aiomqtt", "gmqtt"}

LEVELS = "|".join(sorted({*map(str, Kind), "_edge", "_sys", "_run", "_note", "_cal"}))
TOPIC = re.compile(rf"(^|[^\w/.-])lab/[\w+#{{]|[}}+\w]/({LEVELS})(/|$)")
"""``lab/…`` or ``…/cmd``, in text that has no space: prose about topics is allowed, and routes begin with a slash."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name_of(path))


def docstrings(module: ast.Module) -> set[int]:
    """The ids of constants that stand alone as a statement."""
    return {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}


def texts(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every literal; an f-string with ``{}`` for each of its values."""
    skipped = docstrings(module)
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def topics_in(module: ast.Module) -> list[tuple[int, str]]:
    return [
        (line, text)
        for line, text in texts(module)
        if " " not in text and not text.startswith("/") and TOPIC.search(text)
    ]


def imported(module: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def swallowing(module: ast.Module) -> list[int]:
    """Lines of a broad ``except`` without a bare ``raise`` in it: to undo something, or to know one panic, is fine."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or any(isinstance(n, ast.Name) and n.id in _BROAD for n in ast.walk(node.type)))
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    ]


_BROAD = ("Exception", "BaseException")


def named_logger(module: ast.Module) -> list[int]:
    """Lines that bind the name ``logger``: it is a component here. The house name is ``log``."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Name) and node.id == "logger" and isinstance(node.ctx, ast.Store)
    ]


def test_there_is_something_to_look_at() -> None:
    assert {name_of(path).split("/")[0] for path in PRODUCT} == set(COMPONENTS)


def offences(rule: Callable[[ast.Module], Collection[object]], *allowed: str) -> dict[str, Collection[object]]:
    """What ``rule`` finds, file by file, outside the allowed files."""
    found = {name_of(path): rule(tree(path)) for path in PRODUCT}
    return {name: wrong for name, wrong in found.items() if wrong and name not in allowed}


def test_topics_are_put_together_in_one_place() -> None:
    assert offences(topics_in, "broker/topics.py") == {}


def test_the_mqtt_library_is_imported_in_one_place() -> None:
    assert offences(lambda module: imported(module) & MQTT, "broker/client.py", "broker/protocol.py") == {}


def test_the_logging_variable_is_not_called_like_the_component() -> None:
    assert offences(named_logger) == {}


def test_surprises_are_swallowed_in_one_place() -> None:
    assert offences(swallowing, "broker/runtime.py") == {}


def test_modules_are_short() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PRODUCT}

    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_tests_are_a_package_all_the_way_down() -> None:
    """A folder tests/logger without __init__.py would be imported as the component."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}

    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


# --- the rules themselves can fail ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        'x = "lab/+/data"',
        'x = f"lab/{name}/data"',
        'x = f"{root}/{name}/cmd"',
        'x = f"{root}/_sys/logger/{name}/status"',
        'x = prefix + "oven1/cmd/anna"',
        'x = b.startswith("lab/_edge")',
    ],
)
def test_a_topic_is_found(code: str) -> None:
    assert topics_in(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        '"""Reads lab/+/data."""',
        'x = "listening on lab/# since"',
        '@app.get("/api/instruments/{i}/event")\ndef f(): ...',
    ],
)
def test_prose_and_routes_are_no_topics(code: str) -> None:
    assert not topics_in(ast.parse(code))


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        ("except:\n    pass", True),
        ("except Exception:\n    pass", True),
        ("except (OSError, Exception) as e:\n    print(e)", True),
        ("except BaseException as e:\n    raise ValueError from e", True),
        ("except BaseException:\n    undo()\n    raise", False),
        ("except OSError:\n    pass", False),
    ],
)
def test_a_broad_except_is_found(handler: str, found: bool) -> None:
    assert bool(swallowing(ast.parse(f"try:\n    pass\n{handler}"))) == found


def test_a_logger_called_logger_is_found() -> None:
    assert named_logger(ast.parse("import logging\nlogger = logging.getLogger('x')"))
    assert not named_logger(ast.parse("import logger\nlogger.start()"))
