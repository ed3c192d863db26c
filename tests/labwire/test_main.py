import json
import subprocess
import sys

import pytest

from labwire.__main__ import COMMANDS, Entry, available, main

HEAVY = {"msgspec", "mqtt5", "asyncio", "rich", "numpy", "fastapi", "uvicorn", "serial", "pyarrow", "argparse", "ssl"}


def modules_after(argv: list[str]) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``labwire argv``."""
    script = f"""
import sys, json
from labwire.__main__ import main
main({argv!r})
print(json.dumps(list(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["nonsense"]])
def test_help_costs_nothing(argv: list[str]) -> None:
    loaded = modules_after(argv)
    ours = {
        name for name in loaded if name.partition(".")[0] in {e.module.partition(".")[0] for e in COMMANDS.values()}
    }
    assert ours <= {"labwire", "labwire.__main__"}
    assert not loaded & HEAVY


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for word in available():
        assert any(line.split()[:1] == [word] for line in lines), word


def test_a_command_whose_component_is_not_here_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "dream", Entry("dreams.__main__", "all", "sleep"))
    assert "dream" not in available()
    assert "logger" in available()


def test_no_command_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: labwire COMMAND" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "meant"), [("lgger", "logger"), ("dem", "demo"), ("exprot", "export"), ("Bridge", "bridge")]
)
def test_an_unknown_command_suggests_the_nearest(word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    assert f"did you mean 'labwire {meant}'?" in capsys.readouterr().err


def test_something_quite_unknown_points_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zzzzzz"]) == 2
    assert "'labwire --help' lists the commands" in capsys.readouterr().err


ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
from labwire.__main__ import COMMANDS, Entry, available, main
{before}
sys.exit(main([{word!r}]))
"""
NEEDS_IT = """
import types
component = types.ModuleType("component")
component.main = lambda argv: __import__({missing!r})
sys.modules[COMMANDS[{word!r}].module] = component
"""


def run_without(missing: str, word: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """``labwire word`` on a machine where the top-level module ``missing`` was never installed."""
    script = ABSENT.format(missing=missing, word=word, before=before.format(missing=missing, word=word))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("missing", "word", "sentence"),
    [
        ("numpy", "logger", "labwire logger needs numpy: pip install 'labwire[logger]'"),
        ("fastapi", "bridge", "labwire bridge needs fastapi: pip install 'labwire[bridge]'"),
        ("pyarrow", "export", "labwire export needs pyarrow: pip install 'labwire[parquet]'"),
        ("serial", "edge", "labwire edge needs serial: pip install 'labwire[edge]'"),
    ],
)
def test_a_missing_library_names_the_extra(missing: str, word: str, sentence: str) -> None:
    done = run_without(missing, word, NEEDS_IT)
    assert done.stderr.strip() == sentence
    assert done.returncode == 1


def test_a_missing_component_is_one_sentence() -> None:
    done = run_without("logger", "log")
    assert done.stderr.strip() == "labwire: this installation has no 'labwire log'"
    assert done.returncode == 1


def test_a_mistake_of_ours_stays_a_traceback() -> None:
    done = run_without("broker.gone", "edge", NEEDS_IT.replace("{missing!r}", "'broker.gone'"))
    assert "Traceback" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_mistake() -> None:
    command = f"{sys.executable} -P -m labwire broker schema | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "{"
    assert done.stderr == ""
