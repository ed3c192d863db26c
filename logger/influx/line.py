"""Line protocol from columns: sample sets as InfluxDB reads them. Pure.

A point is ``data,instrument=oven1 temp=21.5,temp_q="bad" 1795219199000001007``. A chunk is written column by column:
msgspec turns a column into text at once, and the lines are put together by slices of one list.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from broker.messages import ChannelType
from logger.columns import NO_BOOL, Array, Column
from logger.pieces import Chunk, Shape, Uncertainty

Kind = str
"""A field's type in the database: float, int, uint, bool or str."""

KINDS: Mapping[ChannelType, Kind] = {
    "float": "float",
    "int": "int",
    "int64": "int",
    "uint64": "uint",
    "bool": "bool",
    "str": "str",
}
_SUFFIX: Mapping[Kind, bytes] = {"float": b"", "int": b"i", "uint": b"u"}
MEASUREMENT = "data"


class Names(Protocol):
    """Which field a channel's values of one kind go to."""

    def field(self, channel: str, kind: Kind) -> str: ...


class PlainNames:
    """Every kind under the channel's own name."""

    def field(self, channel: str, kind: Kind) -> str:
        return channel


_encoder = msgspec.json.Encoder()


def lines(instrument: str, chunk: Chunk, shape: Shape, fold: int, names: Names) -> list[bytes]:
    """One line a row, without line ends; a row with no value, quality or uncertainty at all has none."""
    tags = f",fold={fold}" if fold else ""
    head = f"{MEASUREMENT},instrument={tag(instrument)}{tags} ".encode()
    fields = [f for name, column in chunk.columns.items() for f in _fields(name, column, chunk, shape, names)]
    stamps = numbers(chunk.t_us * 1000 + (chunk.seq + np.arange(len(chunk))) % 1000)
    if fields and all(field.everywhere for field in fields):
        return _table(head, fields, stamps)
    return _sparse(head, fields, stamps)


# --- fields -----------------------------------------------------------------------------------------------------------


class _Field:
    """A field of all rows: ``before`` and ``after`` stand around each text; absent where the text is b""."""

    __slots__ = ("after", "before", "everywhere", "texts")

    def __init__(self, key: str, texts: list[bytes], everywhere: bool, after: bytes = b"") -> None:
        self.before = escape(key).encode() + b"="
        self.texts = texts
        self.after = after
        self.everywhere = everywhere


def _fields(name: str, column: Column, chunk: Chunk, shape: Shape, names: Names) -> Iterator[_Field]:
    kind = KINDS[column.type]
    key = names.field(name, kind)
    texts, everywhere = _values(column)
    if everywhere or any(texts):
        yield _Field(key, texts, everywhere, _SUFFIX.get(kind, b""))
        if name in chunk.u:
            yield _uncertainty(key, chunk.u[name], texts)
        cal = dict(shape.cal).get(name)
        if cal is not None:
            yield _Field(f"{key}_cal", _where(texts, quoted(cal)), everywhere)
    if name in chunk.q:
        codes = [b""] * len(chunk)
        for row, code in chunk.q[name].items():
            codes[row] = quoted(code)
        yield _Field(f"{key}_q", codes, all(codes))


def _uncertainty(key: str, u: Uncertainty, texts: list[bytes]) -> _Field:
    if not isinstance(u, list):
        return _Field(f"{key}_u", _where(texts, repr(float(u)).encode()), all(texts))
    found = [b"" if v is None or not t else repr(float(v)).encode() for v, t in zip(u, texts, strict=True)]
    return _Field(f"{key}_u", found, all(found))


def _where(texts: list[bytes], text: bytes) -> list[bytes]:
    """``text`` in the rows that have a value."""
    return [text] * len(texts) if all(texts) else [text if t else b"" for t in texts]


def _values(column: Column) -> tuple[list[bytes], bool]:
    """The texts of a column, b"" where absent, and whether none is absent."""
    values = column.values
    if isinstance(values, list):
        texts = [b"" if v is None else quoted(v) for v in values]
        return texts, None not in values
    if column.type == "bool":
        return _bools(values)
    gone = ~np.isfinite(values) if column.type == "float" else column.nulls
    texts = numbers(values)
    if gone is None or not gone.any():
        return texts, True
    for row in np.flatnonzero(gone).tolist():
        texts[row] = b""
    return texts, False


def _bools(values: Array) -> tuple[list[bytes], bool]:
    words = (b"false", b"true", b"")
    return [words[v] for v in values.tolist()], not bool((values == NO_BOOL).any())


def numbers(values: Array) -> list[bytes]:
    """Each number as its shortest decimal that reads back as the same bits."""
    return _encoder.encode(values.tolist())[1:-1].split(b",") if len(values) else []


# --- lines ------------------------------------------------------------------------------------------------------------


def _table(head: bytes, fields: Sequence[_Field], stamps: list[bytes]) -> list[bytes]:
    """Every row has every field: constants and texts take turns in one list. Texts may hold line ends, so the lines
    are cut by a byte that no text of UTF-8 has."""
    width = 2 * len(fields) + 2
    parts: list[Any] = [b""] * (width * len(stamps))
    before = b"\xff" + head
    for k, field in enumerate(fields):
        parts[2 * k :: width] = [before + field.before] * len(stamps)
        parts[2 * k + 1 :: width] = field.texts
        before = field.after + b","
    parts[width - 2 :: width] = [fields[-1].after + b" "] * len(stamps)
    parts[width - 1 :: width] = stamps
    return b"".join(parts).split(b"\xff")[1:]


def _sparse(head: bytes, fields: Sequence[_Field], stamps: list[bytes]) -> list[bytes]:
    found = []
    for row, stamp in enumerate(stamps):
        present = [f.before + f.texts[row] + f.after for f in fields if f.texts[row]]
        if present:
            found.append(head + b",".join(present) + b" " + stamp)
    return found


# --- words ------------------------------------------------------------------------------------------------------------

_SPECIAL = re.compile(r"([,= ])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def escape(name: str) -> str:
    """A measurement, tag or field name, or a tag's value. Control characters become a space, a backslash a slash:
    neither has a spelling that every database reads the same."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", name).replace("\\", "/"))


tag = escape


def quoted(text: str) -> bytes:
    """A text as a field's value."""
    return b'"' + text.encode("utf-8", "replace").replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def point(
    measurement: str, tags: Mapping[str, str], fields: Mapping[str, float | int | bool | str | None], t_ns: int
) -> bytes | None:
    """One point; empty tags and None fields are left out. None when no field is left."""
    named = "".join(f",{escape(k)}={tag(v)}" for k, v in sorted(tags.items()) if v)
    written = b",".join(escape(k).encode() + b"=" + _value(v) for k, v in fields.items() if v is not None)
    return f"{escape(measurement)}{named} ".encode() + written + f" {t_ns}".encode() if written else None


def _value(value: float | int | bool | str) -> bytes:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return f"{value}i".encode() if isinstance(value, int) else repr(value).encode()
