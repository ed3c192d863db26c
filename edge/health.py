"""Whether an instrument is online, degraded or offline, from what happens on its line. Pure."""

from broker.messages import PresenceState

CALM = 3
"""So many readings in a row end ``degraded``: a line that fails every other time must not flicker."""


class Health:
    """``state`` and ``reason`` now. Each method says whether there is something new to tell."""

    def __init__(self) -> None:
        self.state: PresenceState = "offline"
        self.reason = "connecting"
        self._calm = 0

    def reading(self) -> bool:
        """A reading came."""
        self._calm += 1
        if self.state == "online" or (self.state == "degraded" and self._calm < CALM):
            return False
        return self._become("online", "")

    def trouble(self, reason: str) -> bool:
        """An answer was missing or bad; only the first of a series is news."""
        self._calm = 0
        return self.state == "online" and self._become("degraded", reason)

    def gone(self, reason: str) -> bool:
        """The line does not work."""
        self._calm = 0
        return (self.state, self.reason) != ("offline", reason) and self._become("offline", reason)

    def _become(self, state: PresenceState, reason: str) -> bool:
        self.state, self.reason = state, reason
        return True
