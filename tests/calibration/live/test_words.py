"""Lines somebody types."""

from collections.abc import Mapping

import pytest

from calibration.live.plan import Source
from calibration.live.view import view
from calibration.live.words import Unclear, asked, hint, said
from tests.calibration.live.bench import Bench, bench, small


def at(work: Bench, line: str) -> tuple[str, Mapping[str, object]]:
    found = said(view(work.machine, work.now), line)
    args = dict(found.args)
    args.pop("step")
    return found.name, args


def asking() -> Bench:
    return bench(text=small("[adjust]", '[steps]\nbefore = ["ice point check"]\n[adjust]'), room="")


def test_a_line_answers_the_question_that_is_open() -> None:
    work = asking()
    question = asked(view(work.machine, work.now))
    assert question is not None
    assert question.label == "ice point check"
    assert at(work, "d") == ("answer", {"key": "before-1", "value": "done"})
    assert at(work, "temperature-begin = 21.4") == ("answer", {"key": "temperature-begin", "value": "21.4"})
    assert at(work, "/x no time") == ("abort", {"reason": "no time"})
    for wrong in ("", "perhaps"):
        with pytest.raises(Unclear, match="ice point check"):
            at(work, wrong)


@pytest.mark.parametrize(
    ("line", "name", "args"),
    [
        ("", "next", {}),
        ("n", "next", {}),
        ("s too cold", "skip", {"reason": "too cold"}),
        ("abort the lid is off", "abort", {"reason": "the lid is off"}),
    ],
)
def test_words_where_nothing_is_asked(line: str, name: str, args: dict[str, object]) -> None:
    work = bench()
    work.does("next")
    assert at(work, line) == (name, args)
    with pytest.raises(Unclear, match="means nothing here"):
        at(work, "go on")


def test_readings() -> None:
    work = bench(source=Source(), reference=Source(), room="env")
    work.does("next")
    work.does("next")
    assert at(work, "20.01 20.05") == ("reading", {"x": "20.01", "I": "20.05"})
    assert at(work, "20.05") == ("reading", {"x": "20", "I": "20.05"})
    assert at(work, "2.01 2.05!") == ("reading", {"x": "2.01", "I": "2.05", "sure": True})
    assert at(work, "r lid") == ("repeat", {"reason": "lid"})
    with pytest.raises(Unclear, match="type the reference and item"):
        at(work, "1 2 3")


def test_enter_reads_a_weight_again() -> None:
    work = bench(reference=Source())
    work.does("next")
    work.machine.go("reading")
    assert at(work, "") == ("reading", {"x": "20"})
    assert "Enter for 20" in hint(view(work.machine, work.now))
