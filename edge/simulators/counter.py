"""A device whose only value is a whole number that grows by one with every line it sends: for delivery tests.

``COUNT?`` is answered with the next number. With a rate it sends ``C <number>`` by itself, that often a second.
``SET <text>`` is answered ``OK <text>``, so that a command's bytes can be looked for in the journal.
"""

from edge.simulators.device import Device


class CounterDevice(Device):
    """Counts from 0; the number moves on only when the line with it is handed out."""

    def __init__(self, rate_hz: float = 0.0) -> None:
        super().__init__()
        self._rate = rate_hz
        self.period_s = min(0.05, max(0.005, 1 / rate_hz)) if rate_hz else 0.05
        self._next = 0
        self._sent = 0
        self._start: float | None = None

    def answer(self, line: bytes, now: float) -> list[bytes]:
        text = line.strip()
        if text == b"COUNT?":
            return [b"%d" % self._take()]
        if text.startswith(b"SET "):
            return [b"OK " + text.removeprefix(b"SET ")]
        return [b"ERR unknown " + text]

    def tick(self, now: float) -> list[bytes]:
        if not self._rate:
            return []
        if self._start is None:
            self._start = now
        due = int((now - self._start) * self._rate) + 1 - self._sent
        self._sent += max(0, due)
        return [b"C %d" % self._take() for _ in range(due)]

    def resume(self, now: float) -> None:
        self._start, self._sent = now, 1

    def _take(self) -> int:
        self._next += 1
        return self._next - 1
