"""The daemon's own status: how full its spool is, how long that lasts, what was lost, whether its clock is right."""

from collections import deque
from collections.abc import Callable, Iterable

from broker.clock import ClockQuality
from broker.instrument import STATUS_EXPIRY_S, Desk, Instrument
from broker.messages import EdgeStatus, PresenceState, encode

RATE_OVER_S = 600.0


class Rate:
    """Bytes per second over the last ten minutes."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, total: int) -> None:
        self._seen.append((now, total))
        while len(self._seen) > 2 and self._seen[1][0] <= now - RATE_OVER_S:
            self._seen.popleft()

    def per_second(self) -> float:
        """0 before there are two notes."""
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        return (after - before) / (last - first) if last > first else 0.0


class Health:
    """Gathers the figures and publishes them."""

    def __init__(self, desk: Desk, version: str, clock: Callable[[], ClockQuality]) -> None:
        self._desk, self._version, self._clock = desk, version, clock
        self._rate = Rate()
        self._rate.note(desk.monotonic(), 0)
        self.malformed = 0
        self.malformed_commands = 0

    def clock_trusted(self) -> bool:
        return self._clock().trusted

    def publish(
        self, instruments: Iterable[Instrument], *, state: PresenceState | None = None, reason: str | None = None
    ) -> None:
        desk, served = self._desk, list(instruments)
        self._rate.note(desk.monotonic(), desk.spool.written)
        if not desk.client.connected:
            return
        problems = self._problems(served)
        status = EdgeStatus(
            state=state or ("degraded" if problems else "online"),
            boot=desk.boot,
            conn=desk.client.connection,
            ts=desk.now_ms(),
            reason="; ".join(problems) if reason is None else reason,
            version=self._version,
            instruments=[i.name for i in served if not i.rival],
            figures=self._figures(served),
        )
        topic = desk.topics.edge_status(desk.edge)
        desk.client.publish(topic, encode(status), retain=True, expiry_s=None if state else STATUS_EXPIRY_S)

    def _problems(self, instruments: list[Instrument]) -> list[str]:
        found = [p for p in (self._desk.spool.problem, self._desk.outbox.refused) if p]
        found += [f"{i.name} is served by edge {i.rival}, not here" for i in instruments if i.rival]
        if not self.clock_trusted():
            found.append("the clock is not synchronised")
        return found

    def _figures(self, instruments: list[Instrument]) -> dict[str, float | int | str | None]:
        spool, outbox, clock = self._desk.spool, self._desk.outbox, self._clock()
        rate = self._rate.per_second()
        return {
            "spool_bytes": spool.size,
            "spool_limit": spool.limit,
            "spool_hours_left": round(spool.room() / rate / 3600, 1) if rate else None,
            "waiting": outbox.waiting,
            "resent": outbox.resent,
            "lost": spool.lost,
            "unwritten": spool.failed,
            "ignored": sum(i.ignored for i in instruments),
            "malformed": self.malformed + self.malformed_commands,
            "clock_synchronised": None if clock.synchronised is None else int(clock.synchronised),
            "clock_error_ms": clock.error_ms,
            "stored_by": self._desk.stored_by or None,
        }
