"""Instruments whose edge waits in vain: it holds what a logger has not said to have stored, for five minutes.

Each logger looks after the instruments that name it in ``stored_by``, and after those that name one that is not there.
Pure: instants are arguments, in seconds; what is heard needs none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from broker.messages import Commit, Hold, Mark, ServiceStatus, Status
from logger.share import Share

AFTER_S = 300.0
GONE = ("lost", "offline")

_Stored = dict[str, Mark]


@dataclass(frozen=True, slots=True)
class Alarm:
    instrument: str
    state: Literal["raised", "cleared"]
    text: str


@dataclass(slots=True)
class _Instrument:
    status: Status
    committed: dict[str, Commit] = field(default_factory=dict)
    """What each logger has said of it last."""
    progress: int = 0
    since: float | None = None
    """Since when what its edge waits for has not changed; None: it does not wait."""
    raised: bool = False


@dataclass(slots=True)
class Awaited:
    """What the logger ``name`` has heard of edges that wait for a watermark."""

    name: str
    share: Share
    _instruments: dict[str, _Instrument] = field(default_factory=dict)
    _early: dict[str, dict[str, Commit]] = field(default_factory=dict)
    """Commits of instruments without a status."""
    _loggers: set[str] = field(default_factory=set)

    def status(self, instrument: str, status: Status) -> None:
        known = self._instruments.get(instrument)
        if known is None:
            self._instruments[instrument] = _Instrument(status, self._early.pop(instrument, {}))
        else:
            known.status = status

    def commit(self, logger: str, instrument: str, commit: Commit) -> None:
        known = self._instruments.get(instrument)
        said = self._early.setdefault(instrument, {}) if known is None else known.committed
        said[logger] = commit

    def logger(self, name: str, status: ServiceStatus) -> None:
        if status.state in GONE:
            self._loggers.discard(name)
        else:
            self._loggers.add(name)

    @property
    def raised(self) -> int:
        return sum(one.raised for one in self._instruments.values())

    def due(self, now: float) -> list[Alarm]:
        """What to say at ``now``; it counts as said."""
        return [alarm for name, one in self._instruments.items() for alarm in self._judge(name, one, now)]

    def _judge(self, name: str, one: _Instrument, now: float) -> Iterator[Alarm]:
        if one.status.state == "lost" or not self._ours(name, one.status):
            one.since = None
            return
        samples, records, progress = _waiting(one)
        if not samples and not records:
            one.since = None
            if one.raised:
                one.raised = False
                yield Alarm(name, "cleared", "everything its edge holds is stored")
        elif one.since is None or progress != one.progress:
            one.since, one.progress = now, progress
        elif now - one.since >= AFTER_S and not one.raised:
            one.raised = True
            yield Alarm(name, "raised", self._sentence(one.status, samples, records))

    def _ours(self, instrument: str, status: Status) -> bool:
        named = status.stored_by
        if not named:
            return self.share.has(instrument)
        return named == self.name or named not in self._loggers

    def _sentence(self, status: Status, samples: int, records: int) -> str:
        named = status.stored_by or self.name
        there = named == self.name or named in self._loggers
        why = "has said nothing of them" if there else "is not there (stored_by)"
        return (
            f"{samples} sample sets and {records} replies or events wait at the edge {status.edge!r} to be stored, for"
            f" {AFTER_S / 60:g} minutes and more: the logger {named!r} {why}"
        )


def _waiting(one: _Instrument) -> tuple[int, int, int]:
    """Sample sets and records that wait, and a sum that changes when more is stored, not when more is thrown away."""
    named = one.status.stored_by
    said = [c for name, c in one.committed.items() if not named or name == named]
    samples = [_of(hold, (c.boots for c in said)) for hold in one.status.hold]
    records = [_of(hold, (c.eboots for c in said)) for hold in one.status.ehold]
    return sum(n for n, _ in samples), sum(n for n, _ in records), sum(end for _, end in samples + records)


def _of(hold: Hold, said: Iterable[_Stored]) -> tuple[int, int]:
    """How many of a numbering wait, and the ends of what is stored of it, added up."""
    marks = [stored[hold.boot] for stored in said if hold.boot in stored]
    upto = max((mark.upto for mark in marks), default=-1)
    have = max((b for mark in marks for _, b in mark.have), default=-1)
    return max(0, hold.next - max(hold.first, upto + 1)), upto + have + 2
