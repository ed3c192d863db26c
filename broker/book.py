"""The book that makes sure a command runs once.

An id and its ``accepted`` are durable before the first byte goes to the instrument, so neither a repeated message nor a
restart executes a command twice.
"""

import contextlib
import logging
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from broker.messages import TERMINAL, Reply

log = logging.getLogger("broker.book")

KEEP_S = 600.0
MAX_IDS = 100_000
_COMPACT_LINES = 1000


class BookError(Exception):
    """The book cannot be read or written (disk full, read-only, failing); the text says which file and why."""


class _Line(msgspec.Struct, frozen=True):
    """One record of the journal: the reply and the wall clock in ms when it was written."""

    at: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Entry:
    reply: Reply
    since: float  # monotonic seconds
    at: int  # wall clock, ms


class Book:
    """The commands of the last ten minutes with their last reply, on disk.

    A journal of lines ``crc32 json``; a torn tail is cut off, a damaged line is skipped and logged. Ten minutes are
    counted on the monotonic clock, so a jumping wall clock forgets nothing early; an unfinished command is never
    forgotten. Beyond ``max_ids`` new ids are refused, since forgetting one could execute it twice.
    Blocking (it waits for the disk). One thread at a time; not locked: whoever owns the folder opens one Book.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        max_ids: int = MAX_IDS,
    ) -> None:
        """Open or make the journal. Raises BookError."""
        self._path = path
        self._clock = clock
        self._monotonic = monotonic
        self._max_ids = max_ids
        self._entries: dict[str, _Entry] = {}  # oldest first
        self._unwritten: dict[str, bytes] = {}  # finished while the disk was full
        self._lines = 0
        self._compact_at = _COMPACT_LINES
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _sync_folder(path.parent)
            self._size = self._load()
        except OSError as e:
            raise self._error(e, "opened") from e

    def known(self, id_: str) -> Reply | None:
        """The last reply of a command seen in the last ten minutes, or still unfinished."""
        self._forget_old()
        entry = self._entries.get(id_)
        return entry.reply if entry else None

    def unfinished(self) -> list[Reply]:
        """Accepted commands without a terminal reply; after a restart their outcome is unknown."""
        return [e.reply for e in self._entries.values() if e.reply.state not in TERMINAL]

    def accept(self, reply: Reply) -> None:
        """Remember a command that is about to run; durable when this returns. Raises BookError, then do not run it."""
        self._check_room(reply)
        entry = self._entry(reply)
        self._write(_line(entry), sync=True)
        self._remember(entry)

    def update(self, reply: Reply) -> None:
        """Remember a ``running`` reply of an accepted command. In memory: after a restart it is unfinished anyway."""
        if reply.id in self._entries:
            self._remember(self._entry(reply))

    def finish(self, reply: Reply) -> None:
        """Remember a terminal reply, also of a command that was never accepted (rejected, expired).

        Durable when this returns, if it was accepted; a refused one reaches the file only. Raises BookError when the
        disk fails: it is remembered all the same, and written with the next accepted command.
        """
        self._check_room(reply)
        accepted = reply.id in self._entries
        entry = self._entry(reply)
        self._remember(entry)
        line = _line(entry)
        try:
            self._write(line, sync=accepted)
        except BookError:
            if accepted:
                self._unwritten[reply.id] = line
            raise

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _entry(self, reply: Reply) -> _Entry:
        return _Entry(reply, self._monotonic(), int(self._clock() * 1000))

    def _remember(self, entry: _Entry) -> None:
        self._entries.pop(entry.reply.id, None)
        self._entries[entry.reply.id] = entry

    def _check_room(self, reply: Reply) -> None:
        self._forget_old()
        if reply.id not in self._entries and len(self._entries) >= self._max_ids:
            raise BookError(f"{self._path} already remembers {self._max_ids} commands of the last ten minutes")

    def _forget_old(self) -> None:
        limit = self._monotonic() - KEEP_S
        kept: list[_Entry] = []
        while self._entries:
            id_, entry = next(iter(self._entries.items()))
            if entry.since >= limit:
                break
            del self._entries[id_]
            if entry.reply.state not in TERMINAL:
                kept.append(entry)
        if kept:  # unfinished ones stay in front
            self._entries = {e.reply.id: e for e in kept} | self._entries

    def _write(self, data: bytes, *, sync: bool) -> None:
        """Append ``data`` and what could not be written before, whole or not at all. Raises BookError."""
        try:
            if self._lines >= self._compact_at:
                self._compact()
            data = b"".join(self._unwritten.values()) + data
            _write_all(self._fd, data, self._size)
            if sync:
                os.fdatasync(self._fd)
        except OSError as e:
            with contextlib.suppress(OSError):  # what is left behind is overwritten by the next record
                os.ftruncate(self._fd, self._size)
            raise self._error(e, "written") from e
        self._unwritten.clear()
        self._size += len(data)
        self._lines += data.count(b"\n")

    def _compact(self) -> None:
        """Write the journal anew with what is still remembered. A full disk leaves the old one in use.

        Raises OSError when the folder cannot be synchronised: the new file is in use, but a power cut may undo it.
        """
        new = self._path.with_suffix(self._path.suffix + ".new")
        data = b"".join(map(_line, self._entries.values()))
        try:
            fd = _replace(self._path, new, data)
        except OSError as e:
            log.warning("%s could not be shortened, it goes on growing: %s", self._path, e.strerror)
            self._compact_at = self._lines * 2
            return
        os.close(self._fd)
        self._fd, self._size, self._lines = fd, len(data), len(self._entries)
        self._compact_at = max(_COMPACT_LINES, 2 * self._lines)
        _sync_folder(self._path.parent)

    def _load(self) -> int:
        """Read the journal into memory and cut a torn tail off. Returns its length."""
        data = self._path.read_bytes()
        whole, _, tail = data.rpartition(b"\n")
        size = len(data) - len(tail)
        if tail:
            os.ftruncate(self._fd, size)
        now_ms, now = int(self._clock() * 1000), self._monotonic()
        damaged = 0
        for line in whole.split(b"\n") if size else []:
            record = _parse(line)
            if record is None:
                damaged += 1
                continue
            age = min(max(now_ms - record.at, 0) / 1000, KEEP_S + 1)
            self._remember(_Entry(record.reply, now - age, record.at))
            self._lines += 1
        if damaged:
            log.error("%s has %d damaged records, the commands in them are forgotten", self._path, damaged)
        self._sort()
        return size

    def _sort(self) -> None:
        """Oldest first: a wall clock that went back while we were down has mixed the ages."""
        self._entries = {e.reply.id: e for e in sorted(self._entries.values(), key=lambda e: e.since)}

    def _error(self, error: OSError, done: str) -> BookError:
        return BookError(f"the command journal {self._path} cannot be {done}: {error.strerror or error}")


def _line(entry: _Entry) -> bytes:
    record = msgspec.json.encode(_Line(entry.at, entry.reply))
    return b"%08x %s\n" % (zlib.crc32(record), record)


def _parse(line: bytes) -> _Line | None:
    check, _, record = line.partition(b" ")
    if check != b"%08x" % zlib.crc32(record):
        return None
    try:
        return msgspec.json.decode(record, type=_Line)
    except msgspec.DecodeError:
        return None


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def _replace(path: Path, new: Path, data: bytes) -> int:
    """Put a synchronised file of ``data`` in the place of ``path``, by way of ``new``; returns its descriptor."""
    fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write_all(fd, data, 0)
        os.fsync(fd)
        new.replace(path)
    except OSError:
        os.close(fd)
        raise
    return fd


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
