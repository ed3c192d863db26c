import random

from hypothesis import given
from hypothesis import strategies as st

from edge.timebase import Timebase


@given(st.integers(0, 2**40), st.lists(st.integers(0, 30_000), min_size=1, max_size=200))
def test_times_lie_within_the_delays_of_the_arrivals(start: int, delays: list[int]) -> None:
    base = Timebase(5000)
    for n, delay in enumerate(delays):
        arrival = start + n * 5000 + delay
        base.arrived(n, arrival)

        assert base.time_us(n) <= arrival
        assert base.time_us(n) >= start + n * 5000 - 1


def test_jitter_is_taken_out_and_a_slow_crystal_followed() -> None:
    rng = random.Random(1)  # noqa: S311
    base, step = Timebase(5000), 5000 * (1 + 80e-6)
    errors = []
    for n in range(20_000):
        base.arrived(n, int(n * step + rng.uniform(200, 8000)))
        errors.append(base.time_us(n) - n * step)

    assert max(errors[2000:]) - min(errors[2000:]) < 1500
    assert all(-500 < e < 2000 for e in errors[2000:])


def test_a_device_that_counts_anew_gets_new_times() -> None:
    base = Timebase(5000)
    base.arrived(40_000, 1_000_000_000)
    base.arrived(0, 1_000_005_000)

    assert base.time_us(0) == 1_000_005_000


def test_a_clock_set_forward_is_followed() -> None:
    base = Timebase(5000)
    base.arrived(0, 1_000_000)
    base.arrived(1, 3_600_000_000)

    assert base.time_us(1) == 3_600_000_000
