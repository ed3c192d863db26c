"""What to send again, and when: the instrument's half of "stored, not sent". Pure: no I/O, instants are arguments.

A record is published once when it is made. After that only what is written here sends it again:

- after connecting and on a new run of the logger: everything from the watermark on that the logger does not have;
- what could not be published live, and what the logger asks for;
- a tail that stays unstored for a minute although a logger is there and not holding.

Never more than MOST_BLOCKS or MOST_BYTES beyond what is stored, the next only when a commit has advanced, and without
progress again after 5 s, doubling to 60 s. Commits count only when they come from the logger's present run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from broker.messages import Hold, Mark
from broker.ranges import Ranges

MOST_BLOCKS = 4
MOST_BYTES = 256 * 1024
FIRST_WAIT_S = 5.0
MOST_WAIT_S = 60.0
TAIL_S = 60.0
MOST_TAIL_S = 600.0
STALE_MARK_S = 10.0
"""How long after connecting a watermark heard before it waits for a fresh one."""


@dataclass(frozen=True, slots=True)
class Span:
    """Records ``first`` to ``end`` − 1 of ``boot``, to be sent as far as one late block takes them."""

    boot: str
    first: int
    end: int


@dataclass(slots=True)
class _Boot:
    """``end``: everything before it is stored; ``stored``: later ranges; ``floor``: older ones are not asked for."""

    wanted: Ranges = field(default_factory=Ranges)
    stored: Ranges = field(default_factory=Ranges)
    end: int = 0
    floor: int = 0
    floor_for: int = 0  # the want_since it was found for
    marked: bool = False  # by the present run
    fresh: bool = False  # and on this connection
    resync_to: int | None = None

    def missing(self, first: int, end: int) -> Ranges:
        found = Ranges([(max(first, self.end), end)])
        found.subtract(self.stored)
        return found


@dataclass(frozen=True, slots=True)
class _Sent:
    boot: str
    first: int
    end: int
    size: int


class Delivery:
    """The plan for one stream of one source.

    Tell it what happens (``connected`` … ``acked``), then call ``next`` until it returns None; answer each span with
    ``sent`` or ``gone``. ``since(boot, ms)`` is the first record of a boot that is not older. With
    ``needs_logger=False`` (store = "none") the broker's acknowledgement counts as stored.
    """

    def __init__(self, since: Callable[[str, int], int], *, needs_logger: bool = True) -> None:
        self._since = since
        self._needs_logger = needs_logger
        self._boots: dict[str, _Boot] = {}
        self._sent: list[_Sent] = []
        self._link = False
        self._linked_at = 0.0
        self._run: str | None = None
        self._ready = False
        self._last: tuple[str, Mapping[str, Mark], int] = ("", {}, 0)
        self._wait = FIRST_WAIT_S
        self._progress_at = 0.0
        self._tail_wait = TAIL_S
        self._tail: tuple[float, dict[str, tuple[int, int]]] | None = None

    # --- what happens ---

    def connected(self, now: float, hold: Sequence[Hold]) -> None:
        """A new connection: nothing is under way any more."""
        self._link = True
        self._linked_at = now
        self._start_over(hold)
        for boot in self._boots.values():
            boot.fresh = False

    def disconnected(self) -> None:
        self._link = False
        self._tail = None
        self._take_back()

    def logger(self, now: float, run: str | None, ready: bool, hold: Sequence[Hold]) -> None:
        """What is known of the logger: its run, and whether it stores now (online and not holding)."""
        if ready and not self._ready:
            self._wait, self._progress_at = FIRST_WAIT_S, now
        if self._ready and not ready:
            self._take_back()
            self._tail = None
        self._ready = ready
        if run is not None and run != self._run:
            self._run = run
            self._boots.clear()
            self._start_over(hold)
            self.commit(now, *self._last)

    def commit(self, now: float, run: str, marks: Mapping[str, Mark], want_since: int) -> None:
        """A logger's watermarks. Of another run than the present one they are only remembered: the two topics race."""
        self._last = (run, marks, want_since)
        if run != self._run:
            return
        for name, mark in marks.items():
            self._mark(now, self._boot(name), mark.upto + 1, Ranges((a, b + 1) for a, b in mark.have))
            self._set_floor(name, want_since)
        self._settle()

    def request(self, boot: str, first: int, end: int) -> None:
        """The logger asks for ``first`` to ``end`` − 1. What is older than it wants it does not get all the same."""
        wanted = self._boot(boot).missing(max(first, self._boot(boot).floor), end)
        wanted.subtract((s.first, s.end) for s in self._sent if s.boot == boot)
        self._boot(boot).wanted.update(wanted)

    def failed(self, boot: str, first: int, end: int) -> None:
        """A publish was not acknowledged: these records have to go again."""
        self._sent = [s for s in self._sent if (s.boot, s.first) != (boot, first)]
        self._boot(boot).wanted.update(self._boot(boot).missing(first, end))

    def acked(self, now: float, boot: str, first: int, end: int) -> None:
        """The broker has acknowledged these records; that only matters when nobody stores them."""
        if self._needs_logger:
            return
        state = self._boot(boot)
        stored = Ranges(state.stored)
        stored.add(first, end)
        self._mark(now, state, stored.end_of(state.end) or state.end, stored)
        self._settle()

    def resume(self, boot: str, end: int) -> None:
        """Without a logger: what was acknowledged in an earlier run."""
        self._boot(boot).end = end

    def watermark(self, boot: str) -> int:
        """Everything before it may be freed: stored, or older than the logger wants. 0 when nothing is known."""
        state = self._boots.get(boot)
        if state is None:
            return 0
        return max(state.end, state.stored.end_of(state.floor) or state.floor)

    def watermarks(self) -> dict[str, tuple[int, int]]:
        """Of every boot of which the present run (or, without a logger, the broker) has said one: ``watermark``, and
        where the records begin that the logger wants, if it does not know yet that older ones will not come."""
        return {
            name: (self.watermark(name), state.floor if state.floor > state.end else 0)
            for name, state in self._boots.items()
            if state.marked or not self._needs_logger
        }

    # --- what to do ---

    def next(self, now: float, hold: Sequence[Hold]) -> Span | None:
        """The next records to send again, oldest boot first; None when there is nothing to do now."""
        if not self._link or not (self._ready or not self._needs_logger):
            return None
        self._give_up_waiting(now)
        self._resync(now)
        self._look_at_tail(now, hold)
        if len(self._sent) >= MOST_BLOCKS or sum(s.size for s in self._sent) >= MOST_BYTES:
            return None
        for held in hold:
            state = self._boot(held.boot)
            state.wanted.remove(0, held.first)
            if not self._needs_logger and state.end < held.first:  # nobody else closes this gap
                state.end = state.stored.end_of(held.first) or held.first
            for first, end in state.wanted:
                if first < held.next:
                    return Span(held.boot, first, min(end, held.next))
        return None

    def sent(self, now: float, boot: str, first: int, end: int, size: int) -> None:
        """``first`` to ``end`` − 1 were published, in ``size`` bytes."""
        if not self._sent:
            self._progress_at = now
        self._boot(boot).wanted.remove(first, end)
        self._sent.append(_Sent(boot, first, end, size))

    def gone(self, boot: str, first: int, end: int) -> None:
        """These records are not to be had any more."""
        self._boot(boot).wanted.remove(first, end)
        self._sent = [s for s in self._sent if s.boot != boot or not first <= s.first < end]

    # --- inside ---

    def _boot(self, name: str) -> _Boot:
        return self._boots.setdefault(name, _Boot())

    def _start_over(self, hold: Sequence[Hold]) -> None:
        self._sent.clear()
        self._tail = None
        self._wait = FIRST_WAIT_S
        for name in self._boots.keys() - {h.boot for h in hold}:
            del self._boots[name]
        for held in hold:
            state = self._boot(held.boot)
            state.wanted.clear()
            state.resync_to = held.next

    def _mark(self, now: float, state: _Boot, end: int, stored: Ranges) -> None:
        if end < state.end:  # the store went back
            state.wanted.add(end, state.end)
        if end > state.end or len(stored) > len(state.stored):
            self._wait, self._progress_at = FIRST_WAIT_S, now
        state.end, state.stored = end, stored
        state.stored.remove(0, end)
        state.wanted.remove(0, end)
        state.wanted.subtract(stored)
        state.marked = state.fresh = True

    def _set_floor(self, name: str, want_since: int) -> None:
        state = self._boot(name)
        if state.floor_for != want_since:  # looked up in the spool: once
            state.floor_for = want_since
            state.floor = self._since(name, want_since) if want_since else 0

    def _settle(self) -> None:
        """Forget what was under way and is stored now."""
        self._sent = [s for s in self._sent if self._boot(s.boot).missing(s.first, s.end)]

    def _take_back(self) -> None:
        for sent in self._sent:
            state = self._boot(sent.boot)
            state.wanted.update(state.missing(sent.first, sent.end))
        self._sent.clear()

    def _give_up_waiting(self, now: float) -> None:
        if self._sent and now - self._progress_at >= self._wait:
            self._take_back()
            self._wait = min(2 * self._wait, MOST_WAIT_S)
            self._progress_at = now

    def _resync(self, now: float) -> None:
        """Want everything up to where we were, as soon as the watermark is known."""
        old_will_do = now - self._linked_at >= STALE_MARK_S
        for state in self._boots.values():
            known = state.fresh or (state.marked and old_will_do) or not self._needs_logger
            if state.resync_to is not None and known:
                state.wanted.update(state.missing(state.floor, state.resync_to))
                state.resync_to = None

    def _look_at_tail(self, now: float, hold: Sequence[Hold]) -> None:
        """Records that were there a minute ago, with a watermark that has not moved since: send them again."""
        if self._tail is None:
            self._tail = (now, {h.boot: (h.next, self._boot(h.boot).end) for h in hold})
            return
        since, then = self._tail
        if now - since < self._tail_wait:
            return
        stuck = [name for name in then if name in self._boots and self._stuck(self._boots[name], *then[name])]
        for name in stuck:
            self._boots[name].wanted.update(self._boots[name].missing(self._boots[name].floor, then[name][0]))
        self._tail_wait = min(2 * self._tail_wait, MOST_TAIL_S) if stuck else TAIL_S
        self._tail = (now, {h.boot: (h.next, self._boot(h.boot).end) for h in hold})

    def _stuck(self, state: _Boot, next_: int, end: int) -> bool:
        if self._sent or state.wanted or state.resync_to is not None or not (state.marked and self._needs_logger):
            return False
        return state.end == end and bool(state.missing(state.floor, next_))
