"""The record as the player reads it: a few seconds at a time, each in a moment of the store of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broker.messages import MessageError, Run, Status, decode
from broker.topics import Kind, Topics
from logger.replay.script import Recorded
from logger.store import History, LogEntry, listing

WINDOW_MS = 10_000
"""So much of the record is in memory at a time, twice."""

_RETAINED = (Kind.META, Kind.STATUS, Kind.CALIBRATION, Kind.LAST)


@dataclass(frozen=True, slots=True)
class Tape:
    """Blocking; raises HistoryError. ``live`` is the root the record was made below."""

    path: Path
    live: Topics
    wanted: Callable[[str], bool]

    def span(self) -> tuple[int, int] | None:
        """When the first and the last message came, ms."""
        with History(self.path) as history:
            return listing.traffic_span(history)

    def run(self, id_: str) -> Run | None:
        with History(self.path) as history:
            return listing.run(history, id_)

    def below(self, root: str) -> bool:
        """Whether messages below ``root`` have been recorded: then that is a laboratory."""
        with History(self.path) as history:
            return any(name.startswith(root + "/") for name in listing.topics(history))

    def window(self, from_ms: int, to_ms: int) -> list[Recorded]:
        """The messages that came in this time, in order."""
        with History(self.path) as history:
            return [_recorded(history, e) for e in listing.traffic(history, None, from_ms, to_ms)]

    def opening(self, from_ms: int) -> list[Recorded]:
        """What was retained when the time begins: descriptions first, then as it was said."""
        with History(self.path) as history:
            names = [name for name in history.instruments() if self.wanted(name)]
            found = [r for name in names for r in self._of(history, name, from_ms)]
            edges = sorted({edge for r in found if (edge := self._edge(r))})
            found += [r for e in edges if (r := _last(history, self.live.edge_status(e), from_ms)) is not None]
            found += self._runs(history, from_ms)
        metas = [r for r in found if self._kind(r) is Kind.META]
        return metas + sorted((r for r in found if self._kind(r) is not Kind.META), key=lambda r: r.t_ms)

    def _of(self, history: History, name: str, from_ms: int) -> Iterator[Recorded]:
        for kind in _RETAINED:
            found = _last(history, self.live.of(name, kind), from_ms)
            if found is not None:
                yield found

    def _kind(self, r: Recorded) -> Kind | None:
        topic = self.live.parse(r.topic)
        return None if topic is None else topic.kind

    def _edge(self, r: Recorded) -> str:
        if self._kind(r) is not Kind.STATUS:
            return ""
        try:
            status: Status = decode(Kind.STATUS, r.payload or b"")
        except MessageError:
            return ""
        return status.edge

    def _runs(self, history: History, from_ms: int) -> list[Recorded]:
        """Those under way."""
        last: dict[str, Run] = {}
        for said in listing.records(history, {Kind.RUN}, 0, from_ms):
            last[said.message.run] = said.message
        under_way = [self.live.run(run.run) for run in last.values() if run.end is None]
        return [r for topic in under_way if (r := _last(history, topic, from_ms)) is not None]


def _last(history: History, topic: str, before_ms: int) -> Recorded | None:
    found = [_recorded(history, e) for e in history.log(topic, None, before_ms - 1, 1)]
    return found[0] if found and found[0].payload else None


def _recorded(history: History, entry: LogEntry) -> Recorded:
    payload = history.payload(entry) if entry.readable else b"\0"
    return Recorded(entry.t_ms, entry.topic, payload)
