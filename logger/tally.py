"""The figures in the logger's status: counted since its start. Pure."""

from collections import deque

from broker.values import Figures
from logger.store.writer import Outcome

WINDOW_S = 30.0
"""Rates are over this long."""


class Tally:
    def __init__(self) -> None:
        self.messages = self.samples = self.values = self.records = 0
        self.duplicates = self.set_aside = self.undecodable = self.same_time = self.transactions = 0
        self.lag_ms: float | None = None
        self._recent: deque[tuple[float, int]] = deque()

    def add(self, outcome: Outcome, now: float) -> None:
        """Count a durable transaction; ``now`` in seconds since the epoch."""
        count = outcome.count
        self.transactions += 1
        self.messages += outcome.messages
        self.samples += count.samples
        self.values += count.values
        self.records += outcome.records
        self.duplicates += count.duplicates
        self.set_aside += count.set_aside
        self.undecodable += outcome.undecodable
        self.same_time += count.same_time
        if count.newest_us:
            self.lag_ms = round(now * 1000 - count.newest_us / 1000, 1)
        self._recent.append((now, count.samples))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - WINDOW_S:
            self._recent.popleft()

    def figures(self, now: float) -> Figures:
        """``samples`` are sample sets; ``lag_ms`` is how old the newest stamp was when it had become durable."""
        self._forget(now)
        return {
            "messages": self.messages,
            "samples": self.samples,
            "values": self.values,
            "records": self.records,
            "stored_per_s": round(sum(n for _, n in self._recent) / WINDOW_S, 3),
            "duplicates": self.duplicates,
            "set_aside": self.set_aside,
            "undecodable": self.undecodable,
            "same_time": self.same_time,
            "transactions": self.transactions,
            "lag_ms": self.lag_ms,
        }
