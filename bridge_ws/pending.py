"""Commands under way: their states by the replies of the edges, and ``no_answer`` when none comes.

After ``sent`` a command has its ttl and 2 s to be accepted; once accepted, and with each progress, its own time-out
and 2 s. ``no_answer`` is the bridge's word only: a later reply corrects it. Exactly one terminal state is told.
"""

from typing import Literal, Protocol

import msgspec

from bridge_ws.ops import DoCommand
from broker.messages import TERMINAL, Problem, Reply, Value

GRACE_MS = 2_000
KEEP_MS = 600_000
"""How long a finished command is remembered: a late reply corrects, a repeated one changes nothing."""

MOST = 10_000

NO_ANSWER = Problem(code="no_answer", message="nobody answered in time; whether it was done is not known")

State = Literal["sent", "accepted", "running", "done", "failed", "rejected", "expired", "no_answer"]


class CommandState(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="op", tag="command"):
    """How far a command is. ``id`` is the asker's own."""

    id: str
    state: State
    progress: float | None = None
    result: dict[str, Value] = {}
    error: Problem | None = None

    @property
    def final(self) -> bool:
        return self.state in TERMINAL or self.state == "no_answer"


class Asker(Protocol):
    """Who wants to hear about a command: a page or a waiting HTTP request."""

    def tell(self, state: CommandState) -> None: ...


class Pending:
    """One command under way. ``id`` is ours, ``asked_as`` the asker's; nothing was told before ``sent``."""

    def __init__(self, id_: str, ask: DoCommand, asker: Asker, *, by: str, now_ms: float, timeout_ms: int) -> None:
        self.id = id_
        self.asked_as = ask.id
        self.instrument = ask.instrument
        self.by = by
        self.timeout_ms = timeout_ms
        self.deadline_ms = now_ms + ask.ttl_ms + GRACE_MS
        self.state: CommandState | None = None
        self._asker = asker

    @property
    def final(self) -> bool:
        return self.state is not None and self.state.final

    @property
    def ended(self) -> bool:
        """It has its terminal state: nothing can follow."""
        return self.state is not None and self.state.state in TERMINAL

    def become(self, state: CommandState) -> None:
        self.state = state
        self._asker.tell(state)


class Commands:
    """The table of commands under way and lately finished."""

    def __init__(self) -> None:
        self._table: dict[str, Pending] = {}

    def __len__(self) -> int:
        """Those under way."""
        return sum(not p.final for p in self._table.values())

    def get(self, id_: str) -> Pending | None:
        return self._table.get(id_)

    def add(self, pending: Pending) -> None:
        """Follow one more. The oldest are forgotten beyond MOST."""
        self._table[pending.id] = pending
        if len(self._table) > MOST:
            del self._table[next(iter(self._table))]

    def sent(self, id_: str) -> None:
        """The broker has it. An answer that was faster stands."""
        pending = self._table.get(id_)
        if pending is not None and pending.state is None:
            pending.become(CommandState(pending.asked_as, "sent"))

    def fail(self, id_: str, problem: Problem) -> None:
        """It could not be sent."""
        pending = self._table.get(id_)
        if pending is not None and not pending.ended:
            pending.become(CommandState(pending.asked_as, "failed", error=problem))

    def reply(self, reply: Reply, instrument: str, now_ms: float) -> bool:
        """A reply arrived; returns whether it is of one of ours and changes something. It corrects ``no_answer``."""
        pending = self._table.get(reply.id)
        if pending is None or pending.instrument != instrument or pending.ended:
            return False
        pending.deadline_ms = now_ms + pending.timeout_ms + GRACE_MS
        pending.become(CommandState(pending.asked_as, reply.state, reply.progress, reply.result, reply.error))
        return True

    def expire(self, now_ms: float) -> int:
        """Give up those without an answer in time, forget old ones; returns how many were given up."""
        given_up = 0
        for pending in list(self._table.values()):
            if pending.final:
                if now_ms > pending.deadline_ms + KEEP_MS:
                    del self._table[pending.id]
            elif now_ms > pending.deadline_ms:
                given_up += 1
                pending.become(CommandState(pending.asked_as, "no_answer", error=NO_ANSWER))
        return given_up
