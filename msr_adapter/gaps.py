"""Whether the server's time stamps leave something out: a slow line loses stretches without a word. Pure."""

from collections.abc import Sequence

TOLERANCE_NS = 2_000_000
"""Cycles come late by so much on a machine that is busy."""


class Gaps:
    """The stamps of one stream, frame by frame. ``missing`` counts samples over all of them."""

    def __init__(self, period_s: float) -> None:
        self._period_ns = period_s * 1e9
        self._last: int | None = None
        self.missing = 0

    def look(self, t_ns: Sequence[int]) -> int:
        """How many samples are missing before or within these. A clock that jumps looks the same; back is none."""
        last, self._last = self._last, t_ns[-1]
        steps = len(t_ns) if last is not None else len(t_ns) - 1
        span = t_ns[-1] - (last if last is not None else t_ns[0])
        late = span - steps * self._period_ns
        if self._period_ns <= 0 or late < 1.5 * self._period_ns + TOLERANCE_NS:
            return 0
        missing = round(late / self._period_ns)
        self.missing += missing
        return missing
