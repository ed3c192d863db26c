import re
from pathlib import Path

import pytest

from msr_adapter.simulator.faults import HELP, Faults, switch


def test_states() -> None:
    faults = Faults()
    for word, argument in (
        ("late", "2.5"),
        ("fragments", "3"),
        ("limit", "1"),
        ("refuse", ""),
        ("hide", "/a"),
        ("hide", "/b"),
    ):
        faults = switch(faults, word, argument)

    assert faults == Faults(late_s=2.5, fragments=3, limit=1, refuse=True, hidden=frozenset({"/a", "/b"}))
    assert not switch(faults, "refuse", "off").refuse
    assert switch(faults, "normal", "") == Faults()


@pytest.mark.parametrize(("word", "argument"), [("explode", ""), ("late", "soon"), ("hide", ""), ("", "")])
def test_anything_else_is_explained(word: str, argument: str) -> None:
    with pytest.raises(ValueError, match=re.escape("stall SECONDS") if word != "late" else "soon"):
        switch(Faults(), word, argument)


def test_every_word_is_explained() -> None:
    for word in (
        "stall",
        "jump",
        "restart",
        "hide",
        "latin1",
        "fragments",
        "late",
        "limit",
        "wedge",
        "refuse",
        "login",
        "door",
    ):
        assert word in HELP


def test_the_readme_has_the_same_list() -> None:
    assert HELP in (Path(__file__).parents[3] / "msr_adapter" / "README.md").read_text("utf-8")
