"""Minimum, maximum and mean in equal steps of time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from logger.columns import Array


@dataclass(frozen=True, slots=True)
class Buckets:
    """One channel in steps: ``t_us`` int64 start of each step (a multiple of it), ``min``, ``max``, ``mean`` float64,
    ``n`` int64 values in it. Steps without a value are left out."""

    t_us: Array
    min: Array
    max: Array
    mean: Array
    n: Array

    def __len__(self) -> int:
        return len(self.t_us)


def choose_step(span_us: int, points: int) -> int:
    """The smallest step in µs, 1, 2 or 5 × 10^k ms, that cuts ``span_us`` into at most ``points``."""
    scale = 1000
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            if span_us <= step * points or span_us <= 0:
                return step
        scale *= 10


@dataclass(slots=True)
class Gatherer:
    """Collects one channel's values or finished summaries, in any order."""

    step_us: int
    _singles_t: list[int] = field(default_factory=list)
    _singles_v: list[float] = field(default_factory=list)
    _parts: list[Array] = field(default_factory=list)  # rows of: bucket number, min, max, sum, n
    _summaries: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def one(self, t_us: int, value: float) -> None:
        self._singles_t.append(t_us)
        self._singles_v.append(value)

    def summary(self, t_us: int, low: float, high: float, total: float, n: float) -> None:
        """Values that all lie in the bucket of ``t_us``."""
        if n:
            self._summaries.append((t_us // self.step_us, low, high, total, n))

    def values(self, t_us: Array, values: Array) -> None:
        """Rows in any order; NaN is no value."""
        present = ~np.isnan(values)
        if not present.all():
            t_us, values = t_us[present], values[present]
        if len(values):
            with np.errstate(over="ignore"):  # the sum of the largest floats is infinite, and so is their mean
                self._parts.append(_reduced(t_us // self.step_us, values, values, values, np.ones(len(values))))

    def parts(self, t_us: Array, low: Array, high: Array, total: Array, n: Array) -> None:
        """Many summaries, each of values that all lie in the bucket of its ``t_us``."""
        if len(t_us):
            self._parts.append(_reduced(t_us // self.step_us, low, high, total, n))

    def finish(self) -> Buckets:
        self.values(np.array(self._singles_t, "<i8"), np.array(self._singles_v, "<f8"))
        if self._summaries:
            self._parts.append(np.array(self._summaries).T)
        if not self._parts:
            none = np.empty(0)
            return Buckets(np.empty(0, "<i8"), none, none, none, np.empty(0, "<i8"))
        with np.errstate(over="ignore"):
            k, low, high, total, n = _reduced(*np.concatenate(self._parts, axis=1))
        return Buckets(k.astype("<i8") * self.step_us, low, high, total / n, n.astype("<i8"))


def _reduced(k: Array, low: Array, high: Array, total: Array, n: Array) -> Array:
    """Melt rows of the same bucket; sorted by bucket. Bucket numbers are exact as floats (below 2^53)."""
    if len(k) > 1 and bool((k[1:] < k[:-1]).any()):
        order = np.argsort(k, kind="stable")
        k, low, high, total, n = k[order], low[order], high[order], total[order], n[order]
    starts: Sequence[int] | Array = np.concatenate(([0], np.flatnonzero(k[1:] != k[:-1]) + 1))
    return np.array(
        [
            k[starts],
            np.minimum.reduceat(low, starts),
            np.maximum.reduceat(high, starts),
            np.add.reduceat(total, starts),
            np.add.reduceat(n, starts),
        ],
        "<f8",
    )
