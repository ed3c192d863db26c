"""One file of the spool: records one after another, an index at its end once it is full.

    file    = "labwire spool 1\\n" frame* [footer]
    frame   = length u32, crc32 u32, seq u64, rows u32, number u16, kind u16, body
    footer  = a frame with the index, a frame with the spans (both msgpack), their lengths u32 u32 and a magic u32

Little-endian; the CRC covers what follows it. A frame of kind DECLARE says which source and tag a ``number`` stands for
in this file. Without a footer (the process was killed) the frames are read once; what follows the first damaged one is
a torn tail and is cut off.
"""

import os
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

Stream = Literal["samples", "events"]
STREAMS: tuple[Stream, ...] = ("samples", "events")

_START = b"labwire spool 1\n"
_HEAD = struct.Struct("<IIQIHH")
_REST = struct.Struct("<QIHH")  # the checked part of the head
_TAIL = struct.Struct("<III")
_MAGIC = 0x31_5057_4C  # "LWP1"
_DECLARE = 0xFFFE
_INDEX = 0xFFFF
_SPANS = 0xFFFD


@dataclass(frozen=True, slots=True)
class Record:
    """``rows`` sample sets (or one event) from ``seq`` on. ``kind`` and ``tag`` are the writer's own business."""

    seq: int
    rows: int
    kind: int
    tag: str
    body: bytes

    @property
    def end(self) -> int:
        return self.seq + self.rows


@dataclass(slots=True)
class Column:
    """Where the records of one (source, tag) stand in the file. ``seqs`` count from ``first``."""

    source: str
    tag: str
    first: int
    end: int
    seqs: "array[int]" = field(default_factory=lambda: array("I"))
    offsets: "array[int]" = field(default_factory=lambda: array("I"))


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    source: str
    tag: str
    first: int
    end: int
    seqs: bytes
    offsets: bytes


class _Declared(msgspec.Struct, array_like=True, frozen=True):
    source: str
    tag: str


_read_index = msgspec.msgpack.Decoder(list[_Entry])
_read_spans = msgspec.msgpack.Decoder(dict[str, tuple[int, int]])
_read_declared = msgspec.json.Decoder(_Declared)


@dataclass(slots=True)
class Segment:
    """A file that is no longer written. ``spans``: source → [first, end) of its sequence numbers."""

    path: Path
    number: int
    stream: Stream
    boot: str
    size: int
    spans: dict[str, tuple[int, int]]


def name_of(number: int, stream: Stream, boot: str) -> str:
    return f"{number:010d}.{stream}.{boot}.seg"


def parse_name(name: str) -> tuple[int, Stream, str] | None:
    match name.split("."):
        case [number, ("samples" | "events") as stream, boot, "seg"] if number.isascii() and number.isdigit() and boot:
            return int(number), stream, boot
    return None


class Writer:
    """The file being written. Every method raises OSError when the disk does not take it, and may be called again."""

    def __init__(self, path: Path, number: int, stream: Stream, boot: str) -> None:
        self.path, self.number, self.stream, self.boot = path, number, stream, boot
        self.columns: list[Column] = []
        self._current: dict[str, int] = {}  # source → number of its latest column
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self.size = 0
        try:
            self._put(_START)
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    def append(self, source: str, record: Record) -> int:
        """Write one record; returns the bytes it took."""
        number = self._current.get(source)
        declared = b""
        if number is None or self.columns[number].tag != record.tag:
            number = len(self.columns)
            declared = _frame(0, 0, number, _DECLARE, msgspec.json.encode(_Declared(source, record.tag)))
        data = declared + _frame(record.seq, record.rows, number, record.kind, record.body)
        offset = self.size + len(declared)
        self._put(data)
        if declared:
            self.columns.append(Column(source, record.tag, record.seq, record.seq))
            self._current[source] = number
        column = self.columns[number]
        column.seqs.append(record.seq - column.first)
        column.offsets.append(offset)
        column.end = record.end
        return len(data)

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        return spans_of(self.columns)

    def records(self, source: str, first: int, end: int) -> Iterator[Record]:
        """The records of ``source`` that touch [first, end)."""
        return read_records(self.fd, self.columns, source, first, end)

    def seal(self) -> Segment:
        """Write the index; a disk that does not take it only makes the next start slower."""
        try:
            self._put(footer(self.columns))
        except OSError:
            os.ftruncate(self.fd, self.size)
        return Segment(self.path, self.number, self.stream, self.boot, self.size, self.spans)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _put(self, data: bytes) -> None:
        """Write at the known end: what a failed write left behind is overwritten by the next."""
        view, offset = memoryview(data), self.size
        while view:
            written = os.pwrite(self.fd, view, offset)
            view, offset = view[written:], offset + written
        self.size = offset


def spans_of(columns: list[Column]) -> dict[str, tuple[int, int]]:
    spans: dict[str, tuple[int, int]] = {}
    for column in columns:
        first = spans.get(column.source, (column.first, 0))[0]
        spans[column.source] = (first, column.end)
    return spans


def footer(columns: list[Column]) -> bytes:
    entries = [_Entry(c.source, c.tag, c.first, c.end, c.seqs.tobytes(), c.offsets.tobytes()) for c in columns]
    index = _frame(0, 0, 0, _INDEX, msgspec.msgpack.encode(entries))
    spans = _frame(0, 0, 0, _SPANS, msgspec.msgpack.encode(spans_of(columns)))
    return index + spans + _TAIL.pack(len(index), len(spans), _MAGIC)


def _frame(seq: int, rows: int, number: int, kind: int, body: bytes) -> bytes:
    rest = _REST.pack(seq, rows, number, kind)
    crc = zlib.crc32(body, zlib.crc32(rest))
    return _HEAD.pack(len(body), crc, seq, rows, number, kind) + body


# --- reading ----------------------------------------------------------------------------------------------------------


def load_spans(path: Path) -> dict[str, tuple[int, int]] | None:
    """What a finished file holds, from its last bytes; None when it was not finished (killed). Raises OSError."""
    body = _from_footer(path, _SPANS)
    try:
        return None if body is None else _read_spans.decode(body)
    except msgspec.DecodeError:
        return None


def load_index(path: Path) -> list[Column] | None:
    """Where the records of a finished file stand; None when it was not finished. Raises OSError."""
    body = _from_footer(path, _INDEX)
    try:
        return None if body is None else [_column(e) for e in _read_index.decode(body)]
    except msgspec.DecodeError:
        return None


def _from_footer(path: Path, kind: int) -> bytes | None:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < len(_START) + _TAIL.size:
            return None
        file.seek(size - _TAIL.size)
        index, spans, magic = _TAIL.unpack(file.read(_TAIL.size))
        back = _TAIL.size + spans + (index if kind == _INDEX else 0)
        if magic != _MAGIC or back > size:
            return None
        file.seek(size - back)
        return _body(file.read(index if kind == _INDEX else spans), kind)


def _column(entry: _Entry) -> Column:
    column = Column(entry.source, entry.tag, entry.first, entry.end)
    column.seqs.frombytes(entry.seqs)
    column.offsets.frombytes(entry.offsets)
    return column


def _body(frame: bytes, kind: int) -> bytes | None:
    if len(frame) < _HEAD.size:
        return None
    length, crc, *_, found = _HEAD.unpack_from(frame)
    body = frame[_HEAD.size : _HEAD.size + length]
    if found != kind or len(body) != length or zlib.crc32(body, zlib.crc32(frame[8 : _HEAD.size])) != crc:
        return None
    return body


def scan(path: Path) -> tuple[list[Column], int]:
    """Read a file without index: its columns, and where its last whole record ends. Raises OSError."""
    data = path.read_bytes()
    columns: list[Column] = []
    end = len(_START) if data.startswith(_START) else 0
    while end:
        head = _whole_frame(data, end)
        if head is None:
            break
        length, seq, rows, number, kind = head
        if kind == _DECLARE:
            declared = _read_declared.decode(data[end + _HEAD.size : end + _HEAD.size + length])
            columns.append(Column(declared.source, declared.tag, 0, 0))
        elif number < len(columns):
            _note(columns[number], seq, rows, end)
        end += _HEAD.size + length
    return [c for c in columns if c.offsets], end


def _whole_frame(data: bytes, at: int) -> tuple[int, int, int, int, int] | None:
    if at + _HEAD.size > len(data):
        return None
    length, crc, seq, rows, number, kind = _HEAD.unpack_from(data, at)
    start, end = at + _HEAD.size, at + _HEAD.size + length
    if kind in (_INDEX, _SPANS) or end > len(data):
        return None
    if zlib.crc32(data[start:end], zlib.crc32(data[at + 8 : start])) != crc:
        return None
    return length, seq, rows, number, kind


def _note(column: Column, seq: int, rows: int, offset: int) -> None:
    if not column.offsets:
        column.first = seq
    column.seqs.append(seq - column.first)
    column.offsets.append(offset)
    column.end = seq + rows


def cut_and_seal(path: Path, columns: list[Column], end: int) -> int:
    """Cut the torn tail off and write the index; returns the size. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, end)
        return end + os.pwrite(fd, footer(columns), end)
    finally:
        os.close(fd)


def read_records(fd: int, columns: list[Column], source: str, first: int, end: int) -> Iterator[Record]:
    """The undamaged records of ``source`` that touch [first, end), in order. Raises OSError."""
    for column in columns:
        if column.source != source or column.end <= first or column.first >= end:
            continue
        low = max(0, bisect_right(column.seqs, first - column.first) - 1)
        high = bisect_left(column.seqs, end - column.first)
        for offset in column.offsets[low:high]:
            record = _read_one(fd, offset, column.tag)
            if record is not None and record.end > first:
                yield record


_GUESS = 512  # most single sample sets are shorter: one read instead of two


def _read_one(fd: int, offset: int, tag: str) -> Record | None:
    data = os.pread(fd, _GUESS, offset)
    if len(data) < _HEAD.size:
        return None
    length, crc, seq, rows, _, kind = _HEAD.unpack_from(data)
    missing = _HEAD.size + length - len(data)
    if missing > 0:
        data += os.pread(fd, missing, offset + len(data))
    body = data[_HEAD.size : _HEAD.size + length]
    if len(body) != length or zlib.crc32(body, zlib.crc32(data[8 : _HEAD.size])) != crc:
        return None
    return Record(seq, rows, kind, tag, body)
