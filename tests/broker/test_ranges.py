"""Ranges against the plain set of numbers they stand for."""

from hypothesis import given
from hypothesis import strategies as st

from broker.ranges import Ranges

numbers = st.integers(0, 40)
steps = st.lists(st.tuples(st.booleans(), numbers, numbers))


@given(steps)
def test_behaves_like_a_set(steps: list[tuple[bool, int, int]]) -> None:
    ranges, plain = Ranges(), set[int]()
    for adding, first, end in steps:
        if adding:
            ranges.add(first, end)
            plain |= set(range(first, end))
        else:
            ranges.remove(first, end)
            plain -= set(range(first, end))

    assert {n for first, end in ranges for n in range(first, end)} == plain
    assert len(ranges) == len(plain)
    assert all((n in ranges) == (n in plain) for n in range(42))


@given(steps)
def test_ranges_are_sorted_disjoint_and_not_touching(steps: list[tuple[bool, int, int]]) -> None:
    ranges = Ranges()
    for adding, first, end in steps:
        (ranges.add if adding else ranges.remove)(first, end)

    flat = [n for pair in ranges for n in pair]
    assert flat == sorted(set(flat))


def test_end_of_names_the_end_of_the_range_around_a_number() -> None:
    ranges = Ranges([(3, 7), (9, 10)])

    assert [ranges.end_of(n) for n in (2, 3, 6, 7, 9)] == [None, 7, 7, None, 10]
