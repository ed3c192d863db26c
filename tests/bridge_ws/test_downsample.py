"""Buckets: anchored to the epoch, nothing lost at their edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.downsample import min_max, nice_step

VALUES = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), min_size=1, max_size=200)


@given(st.integers(0, 2**51), st.integers(1, 10_000), VALUES, st.integers(1, 100_000))
def test_every_bucket_has_its_extremes(t0: int, dt: int, values: list[float], step: int) -> None:
    times = [t0 + k * dt for k in range(len(values))]
    found = min_max(np.array(times, dtype=float), np.array(values), step)
    expected: dict[int, list[float]] = {}
    for t, v in zip(times, values, strict=True):
        expected.setdefault(t // step, []).append(v)
    size = max(expected) - min(expected) + 1

    if 2 * size > len(values):
        assert found is None
        return
    assert found is not None
    assert found.t0_us == min(expected) * step
    assert len(found.low) == len(found.high) == size
    for k in range(size):
        real = [v for v in expected.get(min(expected) + k, []) if v == v]
        if real:
            assert (found.low[k], found.high[k]) == (min(real), max(real))
        else:
            assert np.isnan(found.low[k])
            assert np.isnan(found.high[k])


def test_two_halves_give_the_same_buckets_as_the_whole() -> None:
    times = np.arange(0, 100_000, 100, dtype=float) + 1_795_219_199_000_000
    values = np.sin(times / 7777)
    whole = min_max(times, values, 1000)
    half = min_max(times[500:], values[500:], 1000)

    assert whole is not None
    assert half is not None
    k = (half.t0_us - whole.t0_us) // 1000
    np.testing.assert_array_equal(whole.low[k:], half.low)


def test_rows_out_of_order_count_too() -> None:
    found = min_max(np.array([15.0, 5.0, 3.0, 12.0]), np.array([1.0, 9.0, 2.0, 7.0]), 10)

    assert found is not None
    assert found.low.tolist() == [2.0, 1.0]
    assert found.high.tolist() == [9.0, 7.0]


@pytest.mark.parametrize(
    ("least", "step"), [(0.1, 1), (1, 1), (1.5, 2), (3, 5), (6, 10), (101, 200), (500_001, 1_000_000)]
)
def test_steps_are_round(least: float, step: int) -> None:
    assert nice_step(least) == step
