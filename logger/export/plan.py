"""From a question to what of the store answers it: which instruments, which time, which columns."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from broker.messages import Run
from logger.export.ask import Ask, ExportError, check
from logger.export.fields import Descriptions, Remarks, Series, series
from logger.store import History, listing


class NothingThere(ExportError):
    """What is asked for does not exist."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One instrument in an export: the stamps it has within the time asked for, and its columns."""

    instrument: str
    from_us: int
    to_us: int
    about: Descriptions
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Plan:
    """``from_us`` ≤ t < ``to_us``; instruments without a row in it have no scope."""

    ask: Ask
    from_us: int
    to_us: int
    scopes: Sequence[Scope]
    run: Run | None = None


def plan(history: History, ask: Ask) -> Plan:
    """Raises ExportError (NothingThere) and HistoryError."""
    check(ask)
    run = _run(history, ask)
    names = _instruments(history, ask, run)
    spans = {name: span for name in names if (span := history.span(name)) is not None}
    if not spans:
        raise NothingThere(f"there are no samples of {', '.join(names[:20])}")
    start, end = _times(ask, run, min(s[0] for s in spans.values()), max(s[1] for s in spans.values()) + 1)
    scopes = [_scope(history, ask, name, max(start, a), min(end, b + 1)) for name, (a, b) in spans.items()]
    found = [s for s in scopes if s.from_us < s.to_us and s.series]
    if not found and ask.channels:
        raise NothingThere(f"there is no channel {' or '.join(ask.channels)} in this time")
    return Plan(ask, start, end, found, run)


def _run(history: History, ask: Ask) -> Run | None:
    if not ask.run:
        return None
    run = listing.run(history, ask.run)
    if run is None:
        raise NothingThere(f"there is no run {ask.run!r}")
    return run


def _instruments(history: History, ask: Ask, run: Run | None) -> list[str]:
    known = history.instruments()
    if not ask.instruments:
        wanted = [name for name in known if run is None or not run.instruments or name in run.instruments]
        if not wanted:
            raise NothingThere("there are no instruments yet" if run is None else f"run {run.run!r} has no instruments")
        return wanted
    found = [name for name in known if any(fnmatch.fnmatchcase(name, p) for p in ask.instruments)]
    lost = [p for p in ask.instruments if not any(fnmatch.fnmatchcase(name, p) for name in known)]
    if lost:
        raise NothingThere(
            f"there are no samples of {', '.join(map(repr, lost))}; instruments: {', '.join(known[:20]) or 'none'}"
        )
    return found


def _times(ask: Ask, run: Run | None, first: int, end: int) -> tuple[int, int]:
    if run is not None:
        return run.start * 1000, end if run.end is None else run.end * 1000
    start = first if ask.from_us is None else ask.from_us
    return start, max(start, end if ask.to_us is None else ask.to_us)


def _scope(history: History, ask: Ask, instrument: str, start: int, end: int) -> Scope:
    about = Descriptions([d.meta for d in listing.descriptions(history, instrument)])
    if start >= end:
        return Scope(instrument, start, end, about, ())
    qualities, uncertainties = history.remarks(instrument, start, end)
    remarks = Remarks(qualities, uncertainties, {name for name, _ in history.calibrations(instrument, start, end)})
    found = series(history.shapes(instrument, start, end), about, remarks, ask.values)
    return Scope(instrument, start, end, about, [s for s in found if ask.wants(instrument, s.channel)])
