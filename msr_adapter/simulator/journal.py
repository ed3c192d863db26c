"""What the simulator has sent, for a comparison with what was stored: every frame, as it went out.

A record is a line ``KIND µs SESSION LENGTH`` and LENGTH bytes: ``L`` the list of channels of a new run, ``F`` a frame.
Reading it uses nothing of ``wire``: a fault there must not hide itself.
"""

import base64
import html
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CODES = {"TDBL": "d", "TFLT": "f", "TLINT": "q", "TULINT": "Q", "TINT": "i", "TUINT": "I", "TSHORT": "h"}
_CODES |= {"TUSHORT": "H", "TCHAR": "b", "TUCHAR": "B"}
_CHANNEL = re.compile(rb'<channel index="(\d+)" name="([^"]*)".*? typ="([A-Z]+)[^"]*"(?: anz="(\d+)")?', re.DOTALL)
_COLUMN = re.compile(rb'<[FE] c="(\d+)" d="([^"]*)"/>')


@dataclass(frozen=True, slots=True)
class Sent:
    """The samples of one channel in one frame: ``values`` row after row, ``count`` to each stamp."""

    session: int
    name: bytes
    t_ns: tuple[int, ...]
    values: tuple[float, ...]
    count: int


class Journal:
    """Appends records; without a path it writes nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None if path is None else path.open("ab")

    def listing(self, t_ns: int, channels: bytes) -> None:
        self._write(b"L", t_ns, 0, channels)

    def frame(self, t_ns: int, session: int, frame: bytes) -> None:
        self._write(b"F", t_ns, session, frame)

    def flush(self) -> None:
        if self._file:
            self._file.flush()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _write(self, kind: bytes, t_ns: int, session: int, data: bytes) -> None:
        if self._file:
            self._file.write(b"%b %d %d %d\n%b" % (kind, t_ns // 1000, session, len(data), data))


def read_journal(path: Path) -> Iterator[Sent]:
    """All samples of binary frames, in the order sent; a record that a kill has cut is left out."""
    channels: dict[int, tuple[bytes, str, int]] = {}
    with path.open("rb") as file:
        while header := file.readline().split():
            kind, _, session, length = header
            data = file.read(int(length))
            if len(data) < int(length):
                return
            if kind == b"L":
                channels = {int(i): (_plain(n), t.decode(), int(a or 1)) for i, n, t, a in _CHANNEL.findall(data)}
            else:
                yield from _samples(int(session), data, channels)


def _samples(session: int, frame: bytes, channels: dict[int, tuple[bytes, str, int]]) -> Iterator[Sent]:
    image = base64.b64decode(frame.partition(b'<time d="')[2].partition(b'"')[0])
    stamps = struct.unpack(f"<{len(image) // 8}Q", image)
    for index, text in _COLUMN.findall(frame):
        name, typ, count = channels[int(index)]
        values = struct.unpack(f"<{len(stamps) * count}{_CODES[typ]}", base64.b64decode(text))
        yield Sent(session, name, stamps, values, count)


def _plain(name: bytes) -> bytes:
    return html.unescape(name.decode("latin-1")).encode("latin-1")
