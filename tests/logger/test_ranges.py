from hypothesis import given
from hypothesis import strategies as st

from logger.ranges import Ranges

numbers = st.integers(0, 40)
pair = st.tuples(numbers, numbers).map(lambda p: (min(p), max(p)))
step = st.tuples(st.booleans(), pair)


def build(steps: list[tuple[bool, tuple[int, int]]]) -> tuple[Ranges, set[int]]:
    """The same steps done to the ranges and to a plain set."""
    ranges, model = Ranges(), set[int]()
    for adding, (a, b) in steps:
        if adding:
            ranges.add(a, b)
            model |= set(range(a, b))
        else:
            ranges.remove(a, b)
            model -= set(range(a, b))
    return ranges, model


def numbers_in(pairs: list[tuple[int, int]]) -> list[int]:
    return [n for a, b in pairs for n in range(a, b)]


@given(st.lists(step, max_size=30))
def test_is_the_same_set_and_normal(steps: list[tuple[bool, tuple[int, int]]]) -> None:
    ranges, model = build(steps)

    assert numbers_in(list(ranges)) == sorted(model)
    edges = [edge for pair in ranges for edge in pair]
    assert edges == sorted(set(edges)), "ranges touch, overlap or are empty"
    assert ranges.top == max(model, default=-1) + 1
    assert all((n in ranges) == (n in model) for n in range(41))
    assert Ranges(list(ranges)) == ranges


@given(st.lists(step, max_size=30), pair)
def test_missing_and_within_split_a_range(steps: list[tuple[bool, tuple[int, int]]], window: tuple[int, int]) -> None:
    ranges, model = build(steps)
    wanted = set(range(*window))

    assert numbers_in(ranges.missing(*window)) == sorted(wanted - model)
    assert numbers_in(ranges.within(*window)) == sorted(wanted & model)


@given(st.lists(step, max_size=30), numbers)
def test_prefix_ends_at_the_first_hole(steps: list[tuple[bool, tuple[int, int]]], start: int) -> None:
    ranges, model = build(steps)

    assert ranges.prefix_end(start) == next(n for n in range(start, 100) if n not in model)
