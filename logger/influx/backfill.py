"""A history that was stored before the projection: window by window, with a cursor of its own.

A window's lines are gathered first and written then, so a database that is slow never holds a snapshot of the store.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from broker.topics import Kind, Topics
from logger.influx import points
from logger.influx.cursor import Cursor
from logger.influx.line import lines
from logger.influx.writer import Writer
from logger.store.history import History
from logger.store.reading import Reader

FIRST_US = 3_600_000_000
SHORTEST_US, LONGEST_US = 1_000_000, 86_400_000_000
MOST_BYTES = 8_000_000
SENT_BYTES = 2_000_000
"""In one request."""

_RECORDS = (
    "SELECT record.id, record.kind, source.name, record.payload FROM record JOIN source ON source.id = record.source"
    " WHERE record.t_ms >= ? AND record.t_ms < ? ORDER BY record.t_ms, record.id"
)


@dataclass(frozen=True, slots=True)
class Progress:
    """``what``: an instrument, or "records" (with statuses); done up to ``at_us``."""

    what: str
    at_us: int
    rows: int


class Backfill:
    """``from_us`` ≤ t < ``to_us`` of the store into the database. Raises HistoryError, Stopped, sqlite3.Error."""

    def __init__(
        self, database: Path, topics: Topics, cursor: Cursor, writer: Writer, target: str, from_us: int, to_us: int
    ) -> None:
        self._database = database
        self._topics = topics
        self._cursor = cursor
        self._writer = writer
        self._target = target
        self._from_us = from_us
        self._to_us = to_us

    def run(self) -> Generator[Progress, None, None]:
        """Work; what an earlier, interrupted call has done of the same time is passed over."""
        with History(self._database) as history:
            for instrument in history.instruments():
                yield from self._samples(history, instrument)
            yield from self._records(history)
        begin = self._key("")
        done = {key: "" for key in self._cursor.marks if key.startswith(begin)}
        self._cursor.advance(marks=done)  # finished: the next call begins anew

    def _key(self, what: str) -> str:
        return f"backfill {self._target} {what}"

    def _begin(self, what: str) -> int:
        """Where to begin: what was done from an earlier instant on need not be done again."""
        began, _, reached = self._cursor.marks.get(self._key(what), "").partition(" ")
        if began and int(began) <= self._from_us <= int(reached):
            return int(reached)
        return self._from_us

    def _reached(self, what: str, at: int) -> None:
        self._cursor.advance(marks={self._key(what): f"{self._from_us} {at}"})

    def _samples(self, history: History, instrument: str) -> Iterator[Progress]:
        span = history.span(instrument)
        if span is None:
            return
        at, end = max(self._begin(instrument), span[0]), min(self._to_us, span[1] + 1)
        window, rows = FIRST_US, 0
        while at < end:
            until = min(at + window, end)
            found, count = self._window(history, instrument, at, until, window > SHORTEST_US)
            if found is None:
                window = max(SHORTEST_US, window // 4)
                continue
            self._send(found)
            at, rows = until, rows + count
            self._reached(instrument, at)
            yield Progress(instrument, at, rows)
            if sum(map(len, found)) < MOST_BYTES // 4:
                window = min(LONGEST_US, 2 * window)

    def _window(
        self, history: History, instrument: str, a: int, b: int, may_be_less: bool
    ) -> tuple[list[bytes] | None, int]:
        """The lines of a window and how many rows they are; None when they are too many at once."""
        found: list[bytes] = []
        size = count = 0
        for part in history.rows(instrument, None, a, b):
            made = lines(instrument, part.chunk, part.shape, part.fold, self._cursor)
            found += made
            count += len(part.chunk)
            size += sum(map(len, made))
            if size > MOST_BYTES and may_be_less:
                return None, 0
        return found, count

    def _send(self, found: list[bytes]) -> None:
        start = size = 0
        for k, line in enumerate(found):
            size += len(line)
            if size > SENT_BYTES:
                self._writer.write(found[start : k + 1])
                start, size = k + 1, 0
        if start < len(found):
            self._writer.write(found[start:])

    def _records(self, history: History) -> Iterator[Progress]:
        at, end, rows = self._begin("records"), self._to_us, 0
        known: points.Known = {}
        at = max(at, _first_record_us(self._database, at))
        while at < end:
            until = min(at + LONGEST_US, end)
            found = [*self._said(at // 1000, until // 1000), *self._presence(history, at // 1000, until // 1000, known)]
            self._send(found)
            at, rows = until, rows + len(found)
            self._reached("records", at)
            yield Progress("records", at, rows)

    def _said(self, from_ms: int, to_ms: int) -> list[bytes]:
        reader = Reader(self._database)
        try:
            with reader.snapshot() as db:
                rows = db.execute(_RECORDS, (from_ms, to_ms)).fetchall()
        finally:
            reader.close()
        wanted = [r for r in rows if r[1] in points.RECORDS]
        return [
            line for id_, kind, source, payload in wanted for line in points.record(Kind(kind), source, payload, id_)
        ]

    def _presence(self, history: History, from_ms: int, to_ms: int, known: points.Known) -> list[bytes]:
        heard = points.heard(history, self._topics, from_ms, to_ms - 1)
        return list(points.statuses(heard, known))


def _first_record_us(database: Path, at: int) -> int:
    """Where records or traffic begin: years before them need not be looked at."""
    reader = Reader(database)
    try:
        with reader.snapshot() as db:
            (record,) = db.execute("SELECT min(t_ms) FROM record").fetchone()
            (segment,) = db.execute("SELECT min(t_min) FROM segment").fetchone()
    finally:
        reader.close()
    found = [t for t in (record, segment) if t is not None]
    return min(found) * 1000 if found else at
