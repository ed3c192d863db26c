"""Sample sets of a signal faster than 20 Hz become blocks. Pure.

For channels whose declared period is below FAST_MS: the next sample is near, so a row may wait for it.
"""

from edge.driver import Item, Rows, Sample

FAST_MS = 50
FAST_US = FAST_MS * 1000
LONGEST_US = 45_000
"""A row leaves at most this much after it came, so that streaming stays below 50 ms."""


class Gather:
    """``add`` each sample; what it returns is to be published now. ``flush`` at the end of a line."""

    def __init__(self) -> None:
        self._waiting: list[Sample] = []
        self._last: dict[frozenset[str], int] = {}

    def add(self, sample: Sample) -> list[Item]:
        """The items that leave with this sample: at once when it is slow, else once its block is long enough."""
        channels = frozenset(sample.values)
        since = sample.t_us - self._last.get(channels, -FAST_US)
        self._last[channels] = sample.t_us
        before = [] if not self._waiting or self._waiting[0].values.keys() == channels else self.flush()
        if not 0 <= since < FAST_US:
            return [*before, *self.flush(), sample]
        self._waiting.append(sample)
        full = sample.t_us - self._waiting[0].t_us + since > LONGEST_US
        return [*before, *(self.flush() if full else [])]

    def flush(self) -> list[Item]:
        """What still waits."""
        samples, self._waiting = self._waiting, []
        return [block(samples)] if samples else []


def block(samples: list[Sample]) -> Rows:
    """Samples with the same channels as one block."""
    names = list(samples[0].values)
    q = {name: {k: s.q[name] for k, s in enumerate(samples) if name in s.q} for name in names}
    return Rows(
        cols={name: [s.values[name] for s in samples] for name in names},
        t_us=[s.t_us for s in samples],
        q={name: marked for name, marked in q.items() if marked},
    )
