"""CSV, as programs read it and as a spreadsheet in German or English does. Pure: bytes come out.

A float is written in its shortest exact form, an absent value is an empty field. A spreadsheet keeps 15 digits and
milliseconds, so it gets the microseconds below them and the offset from UTC in columns of their own.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from logger.columns import Array, Column
from logger.export.ask import Excel
from logger.export.fields import Field
from logger.export.table import Table

BOM = b"\xef\xbb\xbf"
_QUARTER_US = 900 * 10**6
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Style:
    """How a CSV file is written."""

    zone: ZoneInfo
    excel: Excel = ""

    @property
    def comma(self) -> bool:
        return self.excel == "de"


def write(table: Table, style: Style) -> Iterator[tuple[bytes, int, str, int]]:
    """The file in parts: bytes, rows in them, of what, and how far in time."""
    kept = [(k, f) for k, f in enumerate(table.fields) if not (style.excel and f.name == "t_us")]
    head = [title for _, f in kept for title in _titles(f, style)]
    yield (BOM if style.excel else b"") + _text([head], style), 0, "", 0
    for batch in table.batches:
        columns = [c for k, f in kept for c in _column(f, batch.columns[k], batch.n, style)]
        yield _text(zip(*columns, strict=True), style), batch.n, batch.what, batch.upto_us


def _text(rows: Any, style: Style) -> bytes:
    out = io.StringIO()
    ends = "\r\n" if style.excel else "\n"
    csv.writer(out, delimiter=";" if style.comma else ",", lineterminator=ends).writerows(rows)
    return out.getvalue().encode()


def _titles(field: Field, style: Style) -> list[str]:
    if field.type != "time":
        return [field.title]
    title = f"{field.name} ({style.zone.key})"
    return [title, "utc_offset", "us"] if style.excel else [title]


def _column(field: Field, column: Column | None, n: int, style: Style) -> list[Any]:
    """The cells of one column, as lists of what the csv module writes."""
    if column is None:
        return [repeat(None, n)]
    if field.type == "time":
        return _spreadsheet_times(column, style) if style.excel else [iso(np.asarray(column.values), style.zone)]
    return [_CELLS.get(column.type, _plain)(column.python(), style)]


def _plain(values: Sequence[Any], _style: Style) -> Sequence[Any]:
    return values


def _floats(values: Sequence[Any], style: Style) -> Sequence[Any]:
    return [None if v is None else repr(v).replace(".", ",") for v in values] if style.comma else values


def _bools(values: Sequence[Any], style: Style) -> Sequence[Any]:
    no, yes = ("0", "1") if style.excel else ("false", "true")
    return [None if v is None else yes if v else no for v in values]


def _texts(values: Sequence[Any], style: Style) -> Sequence[Any]:
    """A spreadsheet would run a text that begins as a formula does."""
    return [f"'{v}" if v and v.startswith(_FORMULA) else v for v in values] if style.excel else values


_CELLS: dict[str, Callable[[Sequence[Any], Style], Sequence[Any]]] = {"float": _floats, "bool": _bools, "str": _texts}


# --- times ------------------------------------------------------------------------------------------------------------


def iso(t_us: Array, zone: ZoneInfo) -> list[str]:
    """2026-11-20T15:00:00.000250+01:00; ``Z`` for UTC."""
    if zone.key == "UTC":
        return [text + "Z" for text in _texts_of(t_us)]
    offsets = _offsets(t_us, zone)
    named = {o: _named(o) for o in set(offsets.tolist())}
    texts = _texts_of(t_us + offsets)
    return [text + named[o] for text, o in zip(texts, offsets.tolist(), strict=True)]


def _texts_of(t_us: Array) -> list[str]:
    texts: list[str] = np.datetime_as_string(t_us.astype("<M8[us]"), unit="us").tolist()
    return texts


def _offsets(t_us: Array, zone: ZoneInfo) -> Array:
    """The zone's offset from UTC at each instant, µs. Zones change theirs on quarters of an hour."""
    quarters, place = np.unique(t_us // _QUARTER_US, return_inverse=True)
    found = [_offset_us(int(k) * 900, zone) for k in quarters.tolist()]
    return np.array(found, "<i8")[place]


def _offset_us(at_s: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at_s, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 10**6


def _named(offset_us: int) -> str:
    minutes = abs(offset_us) // (60 * 10**6)
    return f"{'-' if offset_us < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _spreadsheet_times(column: Column, style: Style) -> list[Any]:
    """A time as the spreadsheet's language reads it, the offset, the microseconds below the milliseconds."""
    t_us = np.asarray(column.values)
    offsets = _offsets(t_us, style.zone)
    named = {o: _named(o) for o in set(offsets.tolist())}
    texts = [text[:23].replace("T", " ") for text in _texts_of(t_us + offsets)]
    times = [t.replace(".", ",") for t in texts] if style.comma else texts
    return [times, [named[o] for o in offsets.tolist()], (t_us % 1000).tolist()]
