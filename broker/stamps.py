"""Time stamps that stay unique: (stamp, fold) never comes twice within a stream, whatever the clock does. Pure."""

from collections.abc import Iterable, Mapping

Stamp = tuple[int, int]
"""µs since the epoch, and its fold."""

_NONE = (-1, 0)
_ALL = "/"
"""Stands for every stream of a source: where its records ended when a process was killed."""


class Stamps:
    """The last stamp of each stream of each source; ``noted`` is what stays on disk."""

    def __init__(self, noted: Mapping[str, Stamp]) -> None:
        self.noted = dict(noted)

    def take(self, source: str, first_us: int, last_us: int | None, stream: str) -> int:
        """Note the stamps of samples; returns the fold: it grows whenever one is not after the last one noted."""
        last, fold = self._last(source, stream)
        fold += first_us <= last
        self.noted[source + stream] = (first_us if last_us is None else last_us, fold)
        return fold

    def last(self, source: str) -> int:
        """µs since the epoch; -1 before the first."""
        return self._last(source, "")[0]

    def found(self, source: str, stamps: Iterable[Stamp]) -> None:
        """These were in records after the last noting. Which stream a record is of it does not say, so the latest of
        them stands for all streams of the source."""
        self.noted[source + _ALL] = max([self._last(source, _ALL), *stamps], key=_by_fold)

    def _last(self, source: str, stream: str) -> Stamp:
        return max(self.noted.get(source + stream, _NONE), self.noted.get(source + _ALL, _NONE), key=_by_fold)


def _by_fold(stamp: Stamp) -> Stamp:
    """Which of two is later: what has a higher fold came after a clock was set back."""
    return stamp[1], stamp[0]
