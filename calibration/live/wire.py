"""Messages of instruments as samples of a run: the raw value where there is one, good ones only, by their own times."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from broker.correction import raw_name
from broker.messages import Block, Data, Value
from calibration.live.judge import padded, padded_text
from calibration.live.plan import Setup, Source
from calibration.procedure import Procedure

Stream = Literal["item", "reference"]
GOOD = frozenset({"good"})
GOOD_OF_PLAIN = GOOD | {"extrapolated", "uncertain"}
"""A calibration that changes no value still marks it where it is overdue or does not reach: the value is raw."""
_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
ROOM = ("temperature", "humidity", "pressure")


@dataclass(frozen=True, slots=True)
class Heard:
    """One sample of the run: of the item or the reference as text, or of the room as numbers."""

    t: float
    stream: Stream | None = None
    text: str = ""
    room: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One sample set, from whichever message."""

    t: float
    values: Mapping[str, Value]
    q: Mapping[str, str]
    cal: Mapping[str, str]


def rows(message: Data | Block) -> Iterator[Row]:
    """A block that comes late is history, not now: it has none."""
    if isinstance(message, Data):
        yield Row(message.t_us / 1e6, message.values, message.q, message.cal)
        return
    if message.late:
        return
    for k, t_us in enumerate(message.times_us()):
        q = {name: codes[str(k)] for name, codes in message.q.items() if str(k) in codes}
        yield Row(t_us / 1e6, {name: col[k] for name, col in message.cols.items()}, q, message.cal)


class Wire:
    """``trouble`` says why samples that come are not taken; empty when they are.

    A channel that is corrected comes with its raw value beside it, and that is read. Where the raw value is missing,
    or what was corrected by one calibration is suddenly corrected by another, nothing is taken.
    """

    def __init__(self, setup: Setup, procedure: Procedure) -> None:
        self._troubles: dict[Stream, str] = {}
        self._room = setup.room
        self._plain = frozenset(setup.plain)
        self._sources: dict[Stream, Source] = {"item": setup.source, "reference": setup.reference}
        self._raw: dict[Stream, bool] = {"item": procedure.signal == "raw", "reference": True}
        self._certificate = setup.applied.certificate if setup.applied else ""
        self._as_begun: dict[Stream, str] = {}

    @property
    def trouble(self) -> str:
        return "; ".join(filter(None, self._troubles.values()))

    def heard(self, instrument: str, message: Data | Block) -> list[Heard]:
        """The samples in it, in the order of their times."""
        if instrument not in (self._room, *(s.instrument for s in self._sources.values())):
            return []
        return [heard for row in rows(message) for heard in self.row(instrument, row)]

    def row(self, instrument: str, row: Row) -> list[Heard]:
        """The samples in one sample set of ``instrument``; of any where that is empty."""
        found: list[Heard] = []
        for stream, source in self._sources.items():
            text = self._text(stream, source, row) if instrument in ("", source.instrument) else None
            found += [Heard(row.t, stream, text)] if text is not None else []
        room = _room(row) if instrument in ("", self._room) else {}
        return found + ([Heard(row.t, room=room)] if room else [])

    def _text(self, stream: Stream, source: Source, row: Row) -> str | None:
        raw, mark = raw_name(source.channel), row.cal.get(source.channel, "")
        by = "" if mark in self._plain else mark
        name = raw if self._raw[stream] and raw in row.values else source.channel
        if name not in row.values:
            return None
        self._troubles[stream] = self._problem(stream, source, by, name == raw)
        if self._troubles[stream]:
            return None
        value = row.values[name]
        good = GOOD_OF_PLAIN if mark in self._plain else GOOD
        if row.q.get(name, "good") not in good or isinstance(value, bool) or value is None:
            return None
        return _numeral(value, source.digits)

    def _problem(self, stream: Stream, source: Source, by: str, is_raw: bool) -> str:
        if self._raw[stream] and by and not is_raw:
            return f"{source} is corrected by {by} and its raw value does not come with it"
        if stream == "reference":
            return ""
        before = self._as_begun.setdefault(stream, by)
        if by != before:
            return f"{source} was corrected by {before or 'nothing'} when the run began, now by {by or 'nothing'}"
        if self._raw[stream] and by != self._certificate:
            return f"{source} is corrected by {by or 'nothing'}, the run began with {self._certificate or 'nothing'}"
        return ""


def _numeral(value: float | int | str, digits: int) -> str | None:
    """A text keeps the digits it has; one that is no number is no sample."""
    if not isinstance(value, str):
        return padded(value, digits)
    return padded_text(value, digits) if _NUMERAL.fullmatch(value) else None


def _room(row: Row) -> dict[str, float]:
    found = {}
    for name in ROOM:
        value = row.values.get(name)
        if row.q.get(name, "good") == "good" and isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    return found
