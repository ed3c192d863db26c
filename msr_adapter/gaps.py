"""What is odd about the server's time stamps: they leave something out, or are far from our own clock. Pure."""

from collections.abc import Sequence

TOLERANCE_NS = 2_000_000
"""Cycles come late by so much on a machine that is busy."""

FAR_S = 60
_UNITS = ((172_800, 86_400, "days"), (7200, 3600, "hours"), (0, 60, "minutes"))


def far(offset_us: int) -> str:
    """A sentence when the server's clock, ``offset_us`` before ours, is far from it; "" when it is not."""
    seconds = abs(offset_us) / 1e6
    if seconds < FAR_S:
        return ""
    unit, word = next((unit, word) for least, unit, word in _UNITS if seconds >= least)
    side = "ahead of" if offset_us > 0 else "behind"
    return f"its clock is about {seconds / unit:.0f} {word} {side} this computer's, and its samples are stamped with it"


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
