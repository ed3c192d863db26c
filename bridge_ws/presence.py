"""Who is alive, and how old what they said is: decided by the bridge's clock.

An instrument is alive only if it and its edge are; 90 s without a word is lost. The age of a value is counted from its
own time, corrected by the sender's clock offset: the smallest (arrival − ts) of its last 100 live messages.
"""

from collections import deque
from dataclasses import dataclass

from broker.messages import EdgeStatus, PresenceState, ServiceStatus, Status

SILENCE_MS = 90_000
CLOCK_WRONG_MS = 2_000
_MESSAGES = 100

Presence = tuple[PresenceState, str]
"""State and reason in words."""


class Clock:
    """The offset of one sender's clock, and the age of what it last said."""

    def __init__(self) -> None:
        self._offsets: deque[float] = deque(maxlen=_MESSAGES)
        self._last_ms = 0.0
        self._boot: str | None = None

    def heard(self, ts_ms: float, arrived_ms: float, boot: str | None) -> None:
        """A live sample set with the time ``ts_ms`` arrived. A new boot may have set its clock: begin again."""
        if boot != self._boot:
            self._offsets.clear()
            self._boot = boot
        self._offsets.append(arrived_ms - ts_ms)
        self._last_ms = ts_ms

    def age_ms(self, now_ms: float) -> float | None:
        """None before the first live sample set."""
        if not self._offsets:
            return None
        return max(0.0, now_ms - (self._last_ms + min(self._offsets)))

    @property
    def wrong_ms(self) -> float | None:
        """The offset where it is more than 2 s: the sender's clock is wrong by so much."""
        if not self._offsets:
            return None
        offset = min(self._offsets)
        return offset if abs(offset) > CLOCK_WRONG_MS else None


AnyStatus = Status | EdgeStatus | ServiceStatus


def supersedes(new: AnyStatus, old: AnyStatus | None) -> bool:
    """Whether ``new`` is to be believed after ``old``.

    A will of an earlier connection may come late and is not. A clock that went back may make a newer boot sort
    before an older one; a live word is believed all the same.
    """
    if old is None or (new.boot, new.conn) >= (old.boot, old.conn):
        return True
    is_will = new.state == "lost" or new.ts is None
    return not is_will and new.boot != old.boot


@dataclass(slots=True)
class Life:
    """One sender's last status, and until when it holds without another word."""

    status: AnyStatus | None = None
    until_ms: float = 0.0

    def told(self, status: AnyStatus, now_ms: float, expiry_s: int | None) -> bool:
        """Take over a status that arrived; returns whether it was believed. ``expiry_s``: what is left of its time."""
        if not supersedes(status, self.status):
            return False
        self.status = status
        self.until_ms = now_ms + (min(SILENCE_MS, expiry_s * 1000) if expiry_s else SILENCE_MS)
        return True

    def heard(self, now_ms: float) -> None:
        """Any other live message is a sign of life too."""
        self.until_ms = max(self.until_ms, now_ms + SILENCE_MS)

    def excuse(self, now_ms: float) -> None:
        """We were deaf until now: silence begins to count again."""
        self.until_ms = max(self.until_ms, now_ms + SILENCE_MS)

    def silent(self, now_ms: float) -> bool:
        return now_ms > self.until_ms


def edge_presence(life: Life | None, edge: str, now_ms: float) -> Presence | None:
    """What an instrument suffers from its edge; None when nothing."""
    if life is None or life.status is None:
        return None
    if life.status.state == "lost":
        return "lost", f"its edge {edge} is lost: no connection to the broker"
    if life.status.state == "offline":
        return "offline", f"its edge {edge} is offline" + _because(life.status.reason)
    if life.silent(now_ms):
        return "lost", f"its edge {edge} has been silent for more than 90 s"
    return None


def presence(own: Life, edge: Life | None, edge_name: str, now_ms: float) -> Presence:
    """The state of an instrument, from its own word and its edge's."""
    if own.silent(now_ms):
        return "lost", "silent for more than 90 s"
    status = own.status
    if not isinstance(status, Status):
        return edge_presence(edge, edge_name, now_ms) or ("online", "")
    if status.state in ("lost", "offline"):
        return status.state, status.reason
    return edge_presence(edge, edge_name, now_ms) or (status.state, status.reason)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
