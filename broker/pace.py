"""When to try again and when to ask whether the other side is still there. Pure: instants are arguments, in seconds."""

import random
from collections.abc import Callable
from enum import Enum

from broker.runtime import backoff

GOOD_S = 10.0
"""A connection that lived this long was a good one."""
RIVAL_CLOSES = 3
RIVAL_WAIT_S = 60.0


class Retry:
    """How long to wait before the next connection.

    1 s first, doubling to 60 s, each shortened at random by up to a half; after a good connection almost at once, and
    from 1 s again. Three closes without a reason soon after CONNACK, with no failure in between (a broker that dies
    refuses for a while), are another client with the same id.
    """

    def __init__(self, rng: Callable[[], float] = random.random) -> None:
        self._rng = rng
        self._waits = backoff(rng=rng)
        self._closes = 0

    @property
    def rival(self) -> bool:
        """Another client uses our id."""
        return self._closes >= RIVAL_CLOSES

    def after(self, lived_s: float | None, *, unexplained: bool = False) -> float:
        """The wait in seconds after a connection that ``lived_s`` from CONNACK on; None: there was no CONNACK."""
        if lived_s is not None and lived_s >= GOOD_S:
            self._waits = backoff(rng=self._rng)
            self._closes = 0
            # Not all clients of a restarted broker in the same millisecond.
            return 0.2 * self._rng()
        self._closes = self._closes + 1 if unexplained and lived_s is not None else 0
        return RIVAL_WAIT_S if self.rival else next(self._waits)


class Verdict(Enum):
    """What to do about a link now."""

    FINE = "fine"
    ASK = "ask"
    DEAD = "dead"


class KeepAlive:
    """Notices within ``interval`` seconds that a link is dead.

    After half an interval without a byte heard or said it wants a PINGREQ; whatever is heard within the other half is
    the proof of life (a PINGRESP may stand behind megabytes of messages).
    """

    def __init__(self, interval: float, now: float) -> None:
        self._half = interval / 2
        self._heard = self._said = now
        self._asked: float | None = None

    def heard(self, now: float) -> None:
        self._heard = now
        self._asked = None

    def said(self, now: float) -> None:
        self._said = now

    def due(self) -> float:
        """The instant of the next ``look``."""
        return (min(self._heard, self._said) if self._asked is None else self._asked) + self._half

    def look(self, now: float) -> Verdict:
        if now < self.due():
            return Verdict.FINE
        if self._asked is not None:
            return Verdict.DEAD
        self._asked = now
        return Verdict.ASK
