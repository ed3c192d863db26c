"""One instrument of the adapter: its outlet, its part of the plan, and how it is."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from broker.messages import Meta, PresenceState, Quality, Value, encode
from msr_adapter.plan import Planned
from msr_adapter.settings import Watched
from msr_adapter.tables import InstrumentTable

log = logging.getLogger("msr_adapter.member")

MOST_META = 1_000_000
"""Bytes of a description that a broker with a limit of 1 MiB takes."""


class Outlet(Protocol):
    """Where readings and states go: what is used of ``broker.agent.Instrument``."""

    def sample(
        self,
        values: Mapping[str, Value],
        *,
        t_us: int | None = None,
        q: Mapping[str, Quality] = ...,
        stream: str = ...,
    ) -> None: ...

    def block(
        self,
        cols: Mapping[str, Sequence[Value]],
        *,
        t0_us: int | None = None,
        dt_us: int | None = None,
        t_us: Sequence[int] | None = None,
        q: Mapping[str, Mapping[int, Quality]] = ...,
        stream: str = ...,
    ) -> None: ...

    def status(self, state: PresenceState, reason: str = "") -> None: ...

    def event(
        self,
        kind: str,
        text: str,
        *,
        severity: Literal["debug", "info", "warning", "error", "critical"] = "info",
        channel: str = "",
        state: Literal["", "raised", "cleared"] = "",
        ts_ms: int | None = None,
    ) -> None: ...

    def describe(self, meta: Meta) -> None: ...


class Member:
    """``plan`` at each connection, ``gone`` at its loss; ``trouble`` for what makes it degraded in between.

    ``keep`` notes its description on disk.
    """

    def __init__(self, table: InstrumentTable, outlet: Outlet, keep: Callable[[Meta], None] = lambda _: None) -> None:
        self.table = table
        self._keep = keep
        self.outlet = outlet
        self.meta = Meta()
        self.reason = "connecting"
        self._planned: Planned | None = None
        self._troubles: dict[str, str] = {}
        self._was_online = False

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def online(self) -> bool:
        return self._planned is not None

    @property
    def watched(self) -> tuple[Watched, ...]:
        return self._planned.watched if self._planned else ()

    def plan(self, planned: Planned, application: str) -> None:
        """The server is there, and this is what it has for the instrument."""
        self._planned = planned
        self._troubles = {problem: problem for problem in planned.problems}
        self.meta = meta_of(planned, application)
        size = len(encode(self.meta))
        if size > MOST_META:
            self._troubles["meta"] = (
                f"its description has {size} bytes, too many for a message: make it two instruments"
            )
        self.outlet.describe(self.meta)
        self._keep(self.meta)
        for problem in self._troubles.values():
            log.warning("%s: %s", self.name, problem)
        if self._was_online:
            self.outlet.event("link", "the server answers", state="cleared")
        self._was_online = False
        self._tell()

    def trouble(self, key: str, sentence: str) -> None:
        """Something is wrong with the readings; "" when it is right again."""
        if self._planned is None or self._troubles.get(key, "") == sentence:
            return
        self._troubles.pop(key, None)
        if sentence:
            if sentence not in self._troubles.values():
                log.warning("%s: %s", self.name, sentence)
            self._troubles[key] = sentence
        self._tell()

    def gone(self, reason: str) -> None:
        """The server cannot be read."""
        if self._planned is not None:
            self.outlet.event("link", reason, severity="warning", state="raised")
            self._was_online = True
        self._planned = None
        self.reason = reason
        self.outlet.status("offline", reason)

    def _tell(self) -> None:
        reason = "; ".join(dict.fromkeys(self._troubles.values()))
        self.outlet.status("degraded" if reason else "online", reason)


def meta_of(planned: Planned, application: str) -> Meta:
    """What the instrument is, from the file and from the server."""
    table = planned.table
    return Meta(
        name=table.label or table.name,
        vendor=table.vendor,
        model=table.model or application,
        serial=table.serial,
        simulated=table.simulated,
        stale_ms=planned.stale_ms,
        channels=planned.channels,
        commands=planned.commands,
    )
