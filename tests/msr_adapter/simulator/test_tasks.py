import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from msr_adapter.simulator.tasks import Task

START = 1_795_218_745_000_000_000


@given(st.sampled_from([1.0, 100.0, 333.0, 1000.0, 10_000.0]), st.lists(st.integers(0, 200_000_000), max_size=20))
def test_every_cycle_has_one_stamp(rate: float, steps: list[int]) -> None:
    task = Task(0, rate, START, 20_000, random.Random(1))  # noqa: S311
    now, stamps, cycles = START + task.period_ns, list(task.stamps), list(range(task.first, task.end))
    for step in steps:
        now += step
        if task.advance(now, 0):
            cycles += range(task.first, task.end)
            stamps += task.stamps

    assert cycles == list(range(len(cycles)))
    assert len(stamps) == len(cycles)
    assert all(0 < b - a < 2 * task.period_ns for a, b in itertools.pairwise(stamps))
    assert stamps[-1] <= now + 20_000


def test_a_long_hold_is_not_made_up_for() -> None:
    task = Task(0, 1000.0, START, 0, random.Random(1))  # noqa: S311

    task.advance(START + 3600 * 10**9, 0)

    assert len(task.stamps) == 2000
    assert task.stamps_of(range(task.end - 1, task.end))[0] == START + (task.end - 1) * 1_000_000
