"""What a campaign of faults comes to: the instruments' own journal beside the store. Pure.

A number that was on the line is stored, or reported lost by the ledger, or it was on the line when nobody read it (the
edge was dead, or was killed with it in hand). Everything else is missing.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

GRACE_US = 500_000
"""What an instrument has sent so shortly before the edge read last may not have been read."""
IN_HAND = 3
"""Answers to polls, at most, that an edge had in hand when it ended: it asks again when it has read."""


@dataclass(frozen=True, slots=True)
class End:
    """An edge was ended at ``t_us``; until ``read_us`` it certainly read (a busy machine lets it wait)."""

    read_us: int
    t_us: int

    def near(self, t_us: int) -> bool:
        return self.read_us - GRACE_US <= t_us <= self.t_us + GRACE_US


@dataclass(frozen=True, slots=True)
class Row:
    """One stored sample set of a counter."""

    boot: str
    seq: int
    n: int


@dataclass(slots=True)
class Verdict:
    """Of one counter: how many numbers were sent, read by an edge, stored; which are missing; reported lost by
    reason; how many stored more than once; numbers reported lost and stored all the same."""

    name: str
    sent: int = 0
    unread: int = 0
    stored: int = 0
    missing: list[int] = field(default_factory=list)
    double: int = 0
    reported: Counter[str] = field(default_factory=Counter)
    contradictions: int = 0

    @property
    def produced(self) -> int:
        return self.sent - self.unread

    @property
    def good(self) -> bool:
        return not self.missing and not self.double and not self.contradictions


@dataclass(frozen=True, slots=True)
class Copy:
    """Of one counter in InfluxDB, beside what is stored: numbers that are missing, set aside with a reason, there more
    than once, and there although the store has them no more (it went back to an older state)."""

    name: str
    there: int
    missing: list[int]
    set_aside: int
    double: int
    beyond: int

    @property
    def good(self) -> bool:
        return not self.missing and not self.double


def compare_copy(name: str, rows: Sequence[Row], there: Mapping[int, int], set_aside: Set[int]) -> Copy:
    """``there``: number → at how many points."""
    stored = {row.n for row in rows}
    return Copy(
        name,
        there=sum(there.values()),
        missing=sorted(stored - there.keys() - set_aside),
        set_aside=len(set_aside - there.keys()),
        double=sum(times - 1 for times in there.values()),
        beyond=len(there.keys() - stored),
    )


def judge(
    name: str,
    sent: Sequence[tuple[int, int]],
    rows: Sequence[Row],
    gaps: Mapping[str, Sequence[tuple[int, int, str]]],
    ends: Sequence[End],
    most: float = math.inf,
) -> Verdict:
    """Compare. ``sent``: (number, µs) in order; ``gaps``: boot → [a, b) and reason; ``ends``: of the edge; ``most``:
    so many numbers at an end it can have had in hand."""
    reported = _numbers(rows, gaps)
    counts = Counter(row.n for row in rows)
    found = Verdict(
        name,
        sent=len(sent),
        stored=len(rows),
        double=len(rows) - len(counts),
        reported=Counter(reason for _, reason in reported.values()),
        contradictions=sum(n in counts for n in reported) + _out_of_step(rows),
    )
    boots = {row.n: row.boot for row in rows} | {n: boot for n, (boot, _) in reported.items()}
    for run in _runs(sent, boots):
        if run.between_boots and len(run.numbers) <= most and any(end.near(run.began_us) for end in ends):
            found.unread += len(run.numbers)
        elif run.before == "":
            found.unread += len(run.numbers)  # before the first edge
        else:
            found.missing += run.numbers
    return found


def ends(sent: Sequence[tuple[int, int]], rows: Sequence[Row], ended_us: Sequence[int]) -> list[End]:
    """The ends of an edge, from a counter that it polled: it has read what is stored."""
    stored = {row.n for row in rows}
    read_us = sorted(t_us for n, t_us in sent if n in stored)
    return [End(read_us[k - 1] if (k := bisect_right(read_us, t_us)) else t_us, t_us) for t_us in ended_us]


def _numbers(rows: Sequence[Row], gaps: Mapping[str, Sequence[tuple[int, int, str]]]) -> dict[int, tuple[str, str]]:
    """The counter's numbers behind the sequence numbers in ``gaps`` → boot and reason: in a boot both grow by one.

    Of a boot without any stored row they are not known, and count as missing.
    """
    steps = {row.boot: row.n - row.seq for row in rows}
    return {
        steps[boot] + seq: (boot, reason)
        for boot, ranges in gaps.items()
        if boot in steps
        for a, b, reason in ranges
        for seq in range(a, b)
    }


def _out_of_step(rows: Sequence[Row]) -> int:
    """Rows whose number and sequence number do not grow together within their boot."""
    ordered = sorted(rows, key=lambda r: (r.boot, r.seq))
    return sum(b.n - a.n != b.seq - a.seq for a, b in pairwise(ordered) if a.boot == b.boot)


@dataclass(slots=True)
class _Run:
    """Numbers that followed each other on the line and are not known; the boots of the known ones around them."""

    before: str
    began_us: int
    numbers: list[int] = field(default_factory=list)
    after: str = ""

    @property
    def between_boots(self) -> bool:
        return self.before != self.after


def _runs(sent: Sequence[tuple[int, int]], boots: Mapping[int, str]) -> list[_Run]:
    runs: list[_Run] = []
    current: _Run | None = None
    before = ""
    for n, t_us in sent:
        boot = boots.get(n)
        if boot is None:
            if current is None:
                current = _Run(before, t_us)
                runs.append(current)
            current.numbers.append(n)
        else:
            if current is not None:
                current.after, current = boot, None
            before = boot
    return runs
