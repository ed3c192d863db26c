"""An export as a stream of bytes: the one way for the command line and for the bridge.

Everything is read and written piece by piece; whoever takes the parts slowly only makes it slow. A file that has
begun and cannot be finished ends in an error, never in something that looks whole.
"""

import hashlib
import zipfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from broker.topics import Topics
from logger.export import csvfile, every, manifest, parquetfile, samples
from logger.export.ask import Ask, ExportError
from logger.export.fields import Field
from logger.export.manifest import Manifest, Written
from logger.export.plan import Plan, plan
from logger.export.table import Table
from logger.store import History

MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet", "zip": "application/zip"}

_Parts = Iterator[tuple[bytes, int, str, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of the file, and how far it is: ``rows`` so far, of which instrument, ``done`` from 0 to 1."""

    data: bytes
    rows: int = 0
    what: str = ""
    done: float = 0.0


@dataclass(frozen=True, slots=True)
class Export:
    """An answer that has begun: everything that can be wrong with the question has been said. Who does not take
    all ``parts`` closes them."""

    plan: Plan
    name: str
    media: str
    parts: Generator[Part, None, None]


def begin(history: History, ask: Ask, topics: Topics, now_us: int) -> Export:
    """Raises ExportError and HistoryError; ``parts`` may raise HistoryError."""
    planned = plan(history, ask)
    if ask.table == "parquet":
        _check_pyarrow()
    tables = _tables(history, planned)
    if ask.format == "csv":
        parts = _parts(planned, _write(planned, tables[0][1], {}))
    else:
        said = manifest.make(history, planned, topics, now_us)
        if ask.format == "zip":
            parts = _zipped(planned, tables, said, now_us)
        else:
            parts = _parts(planned, _write(planned, tables[0][1], {"labwire": said.text()}))
    return Export(planned, f"{_stem(planned)}.{ask.format}", MEDIA[ask.format], parts)


def _tables(history: History, planned: Plan) -> list[tuple[str, Table]]:
    """The tables with their names; a zip has one for each instrument."""
    ask = planned.ask
    if ask.every_us:
        return [("table", every.aligned(history, planned))]
    if planned.scopes and (ask.one or ask.format == "zip"):
        return [(s.instrument, samples.one(history, s)) for s in planned.scopes]
    return [("samples", samples.several(history, planned.scopes))]


def _stem(planned: Plan) -> str:
    """A name for the file: whose, and from when."""
    names = [s.instrument for s in planned.scopes]
    whose = planned.ask.run or (names[0] if len(names) == 1 else f"{len(names)}-instruments")
    begun = datetime.fromtimestamp(planned.from_us // 10**6, UTC)
    return f"labwire-{whose}-{begun:%Y%m%dT%H%M%SZ}"


def _write(planned: Plan, table: Table, metadata: dict[str, bytes]) -> _Parts:
    ask, zone = planned.ask, ZoneInfo(planned.ask.zone)
    if ask.table == "csv":
        return csvfile.write(table, csvfile.Style(zone, ask.excel))
    return parquetfile.write(table, zone, metadata)


def _check_pyarrow() -> None:
    """What is missing is said before the first byte."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as e:
        raise ExportError("Parquet needs pyarrow here: pip install 'labwire[parquet]'") from e


def _parts(planned: Plan, written: _Parts) -> Generator[Part, None, None]:
    progress = _Progress(planned)
    for data, rows, what, upto_us in written:
        yield progress.part(data, rows, what, upto_us)


class _Progress:
    """Counts rows, and how much of all instruments' time is behind us."""

    def __init__(self, planned: Plan) -> None:
        self._spans = {s.instrument: (s.from_us, s.to_us) for s in planned.scopes}
        self._whole = (planned.from_us, planned.to_us)
        self._total = max(1, sum(b - a for a, b in self._spans.values()))
        self._behind = 0
        self._last = Part(b"")

    def part(self, data: bytes, rows: int, what: str, upto_us: int) -> Part:
        """``what`` "" for what belongs to no time: heads and ends."""
        last = self._last
        done = last.done
        if what:
            if what != last.what:
                a, b = self._spans.get(last.what, (0, 0))
                self._behind += b - a
            done = max(done, min(1.0, self._done(what, upto_us)))
        self._last = Part(b"", last.rows + rows, what or last.what, done)
        return replace(self._last, data=data)

    def _done(self, what: str, upto_us: int) -> float:
        if what in self._spans:
            return (self._behind + upto_us - self._spans[what][0]) / self._total
        a, b = self._whole
        return (upto_us - a) / max(1, b - a)


# --- zip --------------------------------------------------------------------------------------------------------------


def _zipped(planned: Plan, tables: list[tuple[str, Table]], said: Manifest, now_us: int) -> Generator[Part, None, None]:
    """The tables, and the manifest last: it names their rows and hashes."""
    sink, progress = _Stream(), _Progress(planned)
    at = datetime.fromtimestamp(now_us // 10**6, UTC)
    with zipfile.ZipFile(sink, "w") as archive:
        for stem, table in tables:
            name = f"{stem}.{planned.ask.inner}"
            tally = _Tally()
            with archive.open(_entry(name, at, planned.ask.inner == "csv"), "w", force_zip64=True) as out:
                for data, rows, what, upto_us in _write(planned, table, {}):
                    tally.add(data, rows)
                    out.write(data)
                    yield progress.part(sink.take(), rows, what, upto_us)
            said.files.append(tally.written(name, table.fields))
        archive.writestr(_entry(manifest.NAME, at, True), said.text())
    yield Part(sink.take(), done=1.0, rows=sum(w.rows for w in said.files))


def _entry(name: str, at: datetime, deflate: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    info.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


class _Stream:
    """What zipfile writes to: it cannot go back, so sizes stand behind the data."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Whoever takes the parts ends the stream."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


class _Tally:
    """Rows, bytes and hash of one file."""

    def __init__(self) -> None:
        self._rows = self._size = 0
        self._hash = hashlib.sha256()

    def add(self, data: bytes, rows: int) -> None:
        self._rows += rows
        self._size += len(data)
        self._hash.update(data)

    def written(self, name: str, fields: Sequence[Field]) -> Written:
        return Written(name, self._rows, self._size, self._hash.hexdigest(), fields)
