"""Smallest and largest value of each bucket of time, anchored to the epoch.

A bucket is [k·step, (k+1)·step) with whole k counted from 1970, in the bridge as in the page and in the history: a
finished bucket never changes, and live data join history without a seam.
"""

from typing import NamedTuple

import numpy as np

from bridge_ws.frames import Floats


class Buckets(NamedTuple):
    """``low[k]``, ``high[k]`` of the bucket that begins at ``t0_us + k·step_us``; NaN where it is empty."""

    t0_us: int
    step_us: int
    low: Floats
    high: Floats


def nice_step(least_us: float) -> int:
    """The smallest of 1, 2, 5 × 10^k µs that is at least ``least_us``."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least_us:
                return step * factor
        step *= 10


def bucket_numbers(times_us: Floats, step_us: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The k of each time."""
    return times_us.astype(np.int64) // step_us


def min_max(times_us: Floats, values: Floats, step_us: int) -> Buckets | None:
    """Reduce values to buckets; None when that would not make them fewer (two numbers a bucket).

    Times need not be in order. NaN values count as missing.
    """
    k = bucket_numbers(times_us, step_us)
    first = int(k.min())
    size = int(k.max()) - first + 1
    if 2 * size > len(values):
        return None
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    with np.errstate(invalid="ignore"):
        np.fmin.at(low, k - first, values)
        np.fmax.at(high, k - first, values)
    empty = low > high
    low[empty] = high[empty] = np.nan
    return Buckets(first * step_us, step_us, low, high)
