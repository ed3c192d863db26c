"""What a simulated instrument is: it answers lines and sends some by itself. Pure: time and randomness are given."""


class Device:
    """One instrument. Lines come and go without their ends, ``end`` (as it sends) and ``line_end`` (as it receives).

    ``period_s``: how often ``tick`` wants to be called. ``drifting`` is the fault ``drift``.
    """

    end: bytes = b"\r\n"
    line_end: bytes = b"\n"
    period_s: float = 0.05

    def __init__(self) -> None:
        self.drifting = False

    def answer(self, line: bytes, now: float) -> list[bytes]:
        """The lines it answers to ``line``, which came at ``now`` (seconds of any steady clock)."""
        return []

    def tick(self, now: float) -> list[bytes]:
        """The lines it sends unasked until ``now``."""
        return []

    def resume(self, now: float) -> None:
        """It was silent or unplugged: what it would have sent is over."""

    def tell(self, word: str, argument: str) -> bool:
        """A knob of its own, e.g. ``load 50``. Whether it has such a knob."""
        return False


class Ramp:
    """A value that follows its target like a first-order system (an inertia, a settling pan)."""

    def __init__(self, value: float, tau_s: float) -> None:
        self.value = value
        self.target = value
        self._tau = tau_s
        self._at: float | None = None

    def at(self, now: float) -> float:
        """The value at ``now``; times never go back."""
        if self._at is not None and now > self._at:
            part = 2.718281828459045 ** (-(now - self._at) / self._tau)
            self.value = self.target + (self.value - self.target) * part
        self._at = now
        return self.value
