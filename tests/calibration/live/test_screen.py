"""What a terminal shows: drawn on a console that is a text."""

import io

import msgspec
from rich.console import Console

from broker.calibration_run import CalibrationRun
from calibration.live.plan import Source
from calibration.live.screen import draw, plain, spark
from calibration.live.view import view
from tests.calibration.live.bench import Bench, bench, small


def drawn(work: Bench, width: int = 100, height: int = 40, typing: str = "") -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(draw(view(work.machine, work.now), typing, "done so", width, height))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def reading() -> Bench:
    work = bench()
    work.does("next")
    work.point()
    work.target = 40.0
    work.does("next")
    work.until("reading")
    work.second()
    return work


def test_a_point_under_way() -> None:
    text = drawn(reading())
    for words in ("Pt100 in a bath", "pt-7 (serial 4711) at bath1/temp", "ref1/temp (ref1)", "40 °C, up: reading",
                  "2/4", "drift", "(max 0.01)", "temperature 21.5", "20 up", "+0.0", "within", "r repeat"):  # fmt: skip
        assert words in text, words


def test_questions_and_what_is_typed() -> None:
    work = bench(text=small("[adjust]", '[steps]\nbefore = ["ice point check", "immersion"]\n[adjust]'))
    work.does("answer", key="before-1", value="done")
    text = drawn(work, typing="do")
    assert "✓ ice point check: done" in text
    assert "→ immersion:" in text
    assert "[done / not done]" in text
    assert "> do▏" in text


def test_warnings_errors_and_the_curve() -> None:
    work = bench(air=30.0)
    work.does("next")
    work.points()
    work.machine.trouble = "corrected by K-1"
    text = drawn(work)
    assert "⚠ temperature of the room is 30" in text
    assert "✗ corrected by K-1" in text
    assert "C(I) = -0.0" in text


def test_on_a_low_screen_what_is_asked_is_seen() -> None:
    work = bench(
        text=small("values = [20, 40, 60]", "values = [20, 25, 30, 35, 40, 45, 50, 55, 60]").replace("[30]", "[33]")
    )
    work.does("next")
    work.points()
    low = drawn(work, 80, 24)
    assert len(low.splitlines()) <= 24
    assert "put the new curve in force" in low
    assert "60 up" in low
    assert "20 up" not in low
    assert "20 up" in drawn(work, 80, 50)


def test_a_small_plot() -> None:
    assert spark([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert spark([5.0, 5.0]) == "▁▁"


def lines(before: CalibrationRun | None, after: CalibrationRun) -> str:
    console = Console(file=io.StringIO(), width=100)
    plain(console, before, after)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_line_by_line_only_what_is_new() -> None:
    work = bench(reference=Source())
    first = view(work.machine, work.now)
    assert "Pt100 in a bath (T-1 rev 1), run r1" in lines(None, first)
    work.does("next")
    second = view(work.machine, work.now)
    told = lines(first, second)
    assert "the work begins  [anna]" in told
    assert "set the reference to 20 °C" in told
    assert lines(second, msgspec.structs.replace(second, ts=second.ts + 1)) == ""
