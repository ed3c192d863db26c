from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.documents import plot
from calibration.documents.plot import Mark, Plot, Words
from tests.calibration.documents.given import sheet, text

WORDS = Words("x / mm", "E / mm", "as found", "as left", "tolerance", "curve", lambda n: n.replace(".", ","))


def test_ticks_are_round_and_inside() -> None:
    assert plot.ticks(0, 95, 10) == [Decimal(i) for i in range(0, 91, 10)]
    assert plot.ticks(-0.13, 0.17, 8) == [Decimal("0.05") * i for i in range(-2, 4)]


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 12))
def test_ticks_for_any_range(low: float, width: float, most: int) -> None:
    high = low + width
    if high <= low:
        return
    found = plot.ticks(low, high, most)
    assert len(found) <= most + 1
    assert all(Decimal(repr(low)) <= tick <= Decimal(repr(high)) for tick in found)


def test_everything_is_inside_the_frame() -> None:
    shown = Plot([Mark(0, 1, 0.5)], [Mark(10, -2, 0.1)], [(0, -3, 3), (10, -4, 4)], [(0, 1), (10, 5)])
    frame = plot._frame(sheet(), shown, 60)
    for x, y in ((0, 1.5), (10, -2.1), (10, -4), (10, 5)):
        across, down = frame.at(x, y)
        assert frame.left <= across <= frame.left + frame.width
        assert frame.top <= down <= frame.top + 60


def test_axes_and_legend_say_what_is_there() -> None:
    paper = sheet()
    plot.draw(paper, Plot([Mark(0, 1, 0.5), Mark(1, 1, 0.5)], [], [(0, -3, 3), (1, -3, 3)], []), WORDS)
    found = text(paper)
    for word in ("x / mm", "E / mm", "as found", "tolerance", "0,2"):
        assert word in found
    assert "as left" not in found
    assert "curve" not in found


@pytest.mark.parametrize("mark", [Mark(0, 0, 0), Mark(-5, 0, 0), Mark(1e6, 1e-9, 1e-10)])
def test_a_single_point_can_be_drawn(mark: Mark) -> None:
    paper = sheet()
    plot.draw(paper, Plot([mark], [], [(mark.x, -1e-6, 1e-6)], []), WORDS)
    assert paper.pages == 1


def test_the_same_numbers_give_the_same_picture() -> None:
    from tests.calibration.documents.given import finished

    def made() -> bytes:
        paper = sheet()
        marks = [Mark(i / 7, (i - 30) / 11, 0.3) for i in range(60)]
        plot.draw(paper, Plot(marks, marks[::5], [], [(m.x, m.error) for m in marks]), WORDS)
        return finished(paper)

    assert made() == made()
