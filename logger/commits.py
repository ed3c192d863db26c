"""When to say what is stored: after progress, at most once a second for each source. Pure: instants are arguments.

A source that sends a backlog waits for each watermark before it goes on, so it gets one with every transaction: with
one a second, what 64 × 1 kHz had sampled during an outage of 15 s took a minute to come in.
"""

from dataclasses import dataclass

from logger.store.writer import Watermark

INTERVAL_S = 1.0


@dataclass(slots=True)
class _Source:
    latest: Watermark
    said: Watermark | None = None
    said_at: float = float("-inf")
    urgent: bool = False


class Commits:
    """The newest watermark of each source, and whether it is due."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._sources: dict[str, _Source] = {}

    def put(self, source: str, watermark: Watermark, *, urgent: bool = False) -> None:
        """What is stored now, to be said at once if ``urgent``. A source that holds nothing has nothing to be told."""
        known = self._sources.get(source)
        if known is not None:
            known.latest = watermark
            known.urgent |= urgent
        elif watermark.boots or watermark.eboots:
            self._sources[source] = _Source(watermark)

    def again(self) -> None:
        """Everything has to be said anew: the broker may have forgotten it."""
        for source in self._sources.values():
            source.said, source.said_at = None, float("-inf")

    def due(self, now: float) -> list[tuple[str, Watermark]]:
        """What to publish now; it counts as published."""
        found = []
        for name, source in self._sources.items():
            if source.latest != source.said and (source.urgent or now - source.said_at >= self._interval_s):
                source.said, source.said_at, source.urgent = source.latest, now, False
                found.append((name, source.latest))
        return found
