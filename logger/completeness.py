"""The ledger of one instrument over a time: how many sample sets there were, how many are here, and why some are not.

The books know sequence numbers, not times. Missing numbers are placed between the stamps of their neighbours, evenly:
over adjoining times (days) the counts add up exactly. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from logger.ledger import AT_SENDER

SILENCE_MS = 90_000
"""A status is said again every 30 s; after so long nobody knows how the instrument was."""

UNKNOWN = "unknown"
NO_STATUS = "no status was heard: logger, broker or edge were down"


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers [a, b) of a boot, made between these two stamps, and why they are not here."""

    boot: str
    a: int
    b: int
    reason: str
    from_us: int
    to_us: int

    @property
    def n(self) -> int:
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Away:
    """A time in which the instrument did not say that it was well: nothing was expected, or nothing is known."""

    from_ms: int
    to_ms: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A status as it arrived. ``boot`` and ``conn`` tell a late will of an old session."""

    t_ms: int
    state: str
    reason: str
    boot: str = ""
    conn: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """``from_us`` ≤ t < ``to_us``. ``stored``: sample sets here; ``late`` of them came late; ``coming``: still held by
    their sender; ``expired``: were here, and went as retention says; ``set_aside``: values and messages that could not
    be stored as samples."""

    instrument: str
    from_us: int
    to_us: int
    stored: int
    late: int
    set_aside: int
    missing: Sequence[Missing]
    coming: Sequence[Missing]
    away: Sequence[Away]
    expired: int = 0

    @property
    def lost(self) -> int:
        return sum(m.n for m in self.missing)

    @property
    def expected(self) -> int:
        """Sample sets that were made, as far as their numbers tell."""
        return self.stored + self.expired + self.lost + sum(m.n for m in self.coming)

    @property
    def complete(self) -> bool:
        """Every sample set that was made is here."""
        return self.stored == self.expected


def within(missing: Missing, from_us: int, to_us: int) -> Missing | None:
    """The part of missing numbers that falls into a time; None for nothing."""
    a = missing.a + _before(missing, from_us)
    b = missing.a + _before(missing, to_us)
    if a >= b:
        return None
    return replace(missing, a=a, b=b, from_us=max(from_us, missing.from_us), to_us=min(to_us, missing.to_us))


def _before(missing: Missing, t_us: int) -> int:
    """How many of the missing were made before ``t_us``, if they were made evenly."""
    span = missing.to_us - missing.from_us
    if t_us <= missing.from_us:
        return 0
    return missing.n if t_us >= missing.to_us or span <= 0 else missing.n * (t_us - missing.from_us) // span


def split(missing: Iterable[Missing]) -> tuple[list[Missing], list[Missing]]:
    """What is missing, and what is only still to come."""
    lost: list[Missing] = []
    coming: list[Missing] = []
    for m in missing:
        (coming if m.reason == AT_SENDER else lost).append(m)
    return lost, coming


def away(heard: Sequence[Heard], from_ms: int, to_ms: int) -> list[Away]:
    """When the instrument was not online, from its statuses; the first may be older than ``from_ms``."""
    found: list[Away] = []
    for span in _spans(list(_newest(heard)), from_ms, to_ms):
        if found and (found[-1].state, found[-1].reason, found[-1].to_ms) == (span.state, span.reason, span.from_ms):
            found[-1] = replace(found[-1], to_ms=span.to_ms)
        elif span.state != "online" and span.from_ms < span.to_ms:
            found.append(span)
    return found


def _newest(heard: Iterable[Heard]) -> Iterator[Heard]:
    """Without what an older session still had to say."""
    newest = ("", 0)
    for h in heard:
        if (h.boot, h.conn) >= newest:
            newest = (h.boot, h.conn)
            yield h


def _spans(heard: Sequence[Heard], from_ms: int, to_ms: int) -> Iterator[Away]:
    """All of the time, cut where something was heard, or nothing for too long."""
    start = min(heard[0].t_ms, to_ms) if heard else to_ms
    if start - from_ms >= SILENCE_MS:  # less: its first status was on its way
        yield Away(from_ms, start, UNKNOWN, NO_STATUS)
    for one, following in pairwise([*heard, Heard(to_ms, "", "")]):
        end = min(following.t_ms, to_ms)
        known = end if one.state in ("offline", "lost") else min(end, one.t_ms + SILENCE_MS)
        yield Away(max(from_ms, one.t_ms), max(from_ms, known), one.state, one.reason)
        if known < end:
            yield Away(max(from_ms, known), max(from_ms, end), UNKNOWN, NO_STATUS)
