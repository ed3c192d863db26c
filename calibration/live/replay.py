"""A run over samples that were stored: the same machine, no waiting. CSV as people make it and as ``labwire export``
writes it.

Columns: ``time`` (ISO 8601, or seconds since the epoch) or ``t_us``; the item as ``item`` or by its channel's name, the
reference as ``reference`` or by its channel's; ``temperature``, ``humidity``, ``pressure`` of the room where there are
any. ``NAME_raw``, ``NAME:quality`` and ``NAME:cal`` mean what they mean in an export. Lines that begin with # are none.
"""

import csv
import hashlib
import heapq
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from broker.messages import Channel, Meta, Value
from calibration.live.plan import Source
from calibration.live.start import Facts
from calibration.live.times import seconds
from calibration.live.wire import ROOM, Row
from calibration.procedure import Procedure
from calibration.record import RecordError

_UNIT = re.compile(r"\s*\(.*\)$")
_SECONDS = re.compile(r"\d{9,11}(\.\d+)?")
TIMES = ("t_us", "time", "t")
_GENERIC = ("item", "reference")


class ReplayError(Exception):
    """A file that cannot be replayed; one sentence."""


@dataclass(frozen=True, slots=True)
class Recording:
    """``rows`` are in the order of time, under the channels' own names, each with the instrument it came from ("":
    any); ``sha256`` is of the files."""

    rows: list[tuple[str, Row]]
    columns: frozenset[str]
    sha256: str

    @property
    def begin(self) -> float:
        return self.rows[0][1].t


def read(files: Sequence[Path], item: Source, reference: Source) -> Recording:
    """One file, or the item's and the reference's. Raises ReplayError."""
    if len(files) > 2:
        raise ReplayError("one file with everything, or the item's and the reference's")
    owners = [""] if len(files) == 1 else [item.instrument, reference.instrument]
    digest, columns = hashlib.sha256(), set()
    streams: list[list[tuple[str, Row]]] = []
    for owner, file in zip(owners, files, strict=True):
        try:
            data = file.read_bytes()
            digest.update(data)
            rows, names = _rows(data.decode("utf-8-sig"), {"item": item.channel, "reference": reference.channel})
        except OSError as e:
            raise ReplayError(f"{file} cannot be read: {e.strerror}") from e
        except (UnicodeDecodeError, csv.Error, RecordError, ValueError) as e:
            raise ReplayError(f"{file}: {e}") from e
        streams.append([(owner, row) for row in sorted(rows, key=lambda row: row.t)])
        columns |= names
    merged = list(heapq.merge(*streams, key=lambda pair: pair[1].t))
    if not merged:
        raise ReplayError("there are no samples")
    return Recording(merged, frozenset(columns), digest.hexdigest())


def facts(recording: Recording, item: Source, reference: Source, rules: Procedure) -> Facts:
    """What an instrument would say of itself. Raises ReplayError where a column is missing."""
    metas: dict[str, dict[str, Channel]] = {}
    marks: dict[str, dict[str, str]] = {}
    for source, generic in ((item, "item"), (reference, "reference")):
        if not source.live:
            continue
        if source.channel not in recording.columns:
            raise ReplayError(f"no column is called {generic} or {source.channel}")
        metas.setdefault(source.instrument, {})[source.channel] = Channel(unit=rules.unit)
        mark = next((row.cal[source.channel] for _, row in recording.rows if source.channel in row.cal), "")
        marks.setdefault(source.instrument, {})[source.channel] = mark
    return Facts(metas={name: Meta(channels=channels) for name, channels in metas.items()}, marks=marks)


def _rows(text: str, names: Mapping[str, str]) -> tuple[list[Row], set[str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.reader(lines, delimiter=";" if lines and lines[0].count(";") > lines[0].count(",") else ",")
    heads = [_UNIT.sub("", cell).strip() for cell in next(reader, [])]
    time = next((k for k, head in enumerate(heads) if head in TIMES), None)
    if time is None:
        raise ReplayError(f"no column is called time or t_us; there are {', '.join(heads) or 'none'}")
    heads = [names.get(head) or head if head in _GENERIC else head for head in heads]
    rows = [_row(heads, cells, time) for cells in reader if len(cells) > time and cells[time].strip()]
    return rows, set(heads)


def _row(heads: list[str], cells: list[str], time: int) -> Row:
    values: dict[str, Value] = {}
    q: dict[str, str] = {}
    cal: dict[str, str] = {}
    for head, cell in zip(heads, cells, strict=False):
        name, _, what = head.partition(":")
        text = cell.strip()
        if not text:
            continue
        if what == "quality":
            q[name] = text
        elif what == "cal":
            cal[name] = text
        elif not what and name not in TIMES:
            values[name] = float(text) if name in ROOM else text
    return Row(_time(heads[time], cells[time].strip()), values, q, cal)


def _time(head: str, text: str) -> float:
    if head == "t_us":
        return int(text) / 1e6
    return float(text) if _SECONDS.fullmatch(text) else seconds(text)
