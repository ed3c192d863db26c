"""Events by hand; what the register does with them is tested with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.register import Placement, RegisterError
from calibration.register.book import fold
from tests.calibration.register.test_events import ALL

times = st.integers(0, 20).map(lambda n: f"2026-11-{n + 1:02}T00:00:00Z")


def test_the_order_of_events_is_the_order_of_time() -> None:
    book = fold(ALL)
    entry = book.item("a")
    assert (entry.state, entry.months, entry.plan is not None, len(entry.externals)) == ("retired", 6, True, 1)
    assert [p.end for p in entry.placements] == ["2026-11-21T08:00:00Z"]
    assert list(book.placed()) == [("a", entry.placements[0])]
    assert book.standard("gauge").certificates == (book.standard("gauge").standard,)


def test_nobody_sits_anywhere_before_being_known() -> None:
    with pytest.raises(RegisterError, match="neither"):
        fold(ALL[1:])


@given(times, times, times, times)
def test_placements_meet_where_a_moment_is_in_both(a: str, b: str, c: str, d: str) -> None:
    one, two = Placement("i", "c", min(a, b), max(a, b)), Placement("i", "c", min(c, d), max(c, d))
    moments = [f"2026-11-{n + 1:02}T00:00:00Z" for n in range(22)]
    both = any(one.holds(m) and two.holds(m) for m in moments)
    if one.start != one.end and two.start != two.end:
        assert one.meets(two) == two.meets(one) == both
    open_ = Placement("i", "c", two.start)
    assert one.meets(open_) == open_.meets(one) == (two.start < one.end)
