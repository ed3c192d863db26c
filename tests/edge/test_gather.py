from hypothesis import given
from hypothesis import strategies as st

from edge.driver import Item, Rows, Sample
from edge.gather import FAST_US, Gather, block


def run(times: list[int], names: list[str] | None = None) -> list[tuple[int, Item]]:
    """(when it left, what left) for samples at ``times``; their value is their number."""
    gather, left = Gather(), []
    for k, t in enumerate(times):
        name = names[k] if names else "x"
        left += [(t, item) for item in gather.add(Sample({name: k}, t))]
    return left + [(times[-1], item) for item in gather.flush()]


def values(item: Item) -> list[object]:
    if isinstance(item, Sample):
        return list(item.values.values())
    assert isinstance(item, Rows)
    return [v for col in item.cols.values() for v in col]


def test_slow_ones_go_at_once() -> None:
    left = run([0, 50_000, 100_000, 2_000_000])

    assert [(t, type(i)) for t, i in left] == [(t, Sample) for t in (0, 50_000, 100_000, 2_000_000)]


def test_fast_ones_become_blocks() -> None:
    left = run(list(range(0, 1_000_000, 5_000)))

    assert [type(i) for _, i in left[1:]] == [Rows] * (len(left) - 1)
    assert {len(values(i)) for _, i in left[1:-1]} == {10}


@given(st.integers(1_000, 49_000), st.integers(2, 100))
def test_a_steady_signal_never_waits_longer_than_it_may(step: int, count: int) -> None:
    for left, item in run([k * step for k in range(count)])[1:-1]:
        assert isinstance(item, Rows)
        assert item.t_us is not None
        assert left - item.t_us[0] <= 45_000


@given(st.lists(st.tuples(st.integers(-60_000, 120_000), st.sampled_from("xy")), min_size=1, max_size=60))
def test_nothing_is_lost_doubled_or_reordered(steps: list[tuple[int, str]]) -> None:
    times = [10**9]
    for step, _ in steps[1:]:
        times.append(times[-1] + step)
    left = run(times, [name for _, name in steps])

    assert [v for _, item in left for v in values(item)] == list(range(len(steps)))


def test_two_questions_asked_together_are_not_a_fast_signal() -> None:
    left = run([0, 1_000, 500_000, 501_000], ["x", "y", "x", "y"])

    assert [type(i) for _, i in left] == [Sample] * 4
    assert FAST_US == 50_000


def test_a_block_keeps_qualities() -> None:
    samples = [Sample({"x": 1.0}, 10), Sample({"x": None}, 20, {"x": "nan"})]

    assert block(samples) == Rows({"x": [1.0, None]}, t_us=[10, 20], q={"x": {1: "nan"}})
