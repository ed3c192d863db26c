"""The folder on disk: one writer at a time, every change whole or not at all, and each one in the chain.

A change is written to ``pending.json`` first. Whoever takes the lock next does what is left of it, so a power cut
leaves the folder either before the change or after it.
"""

import base64
import fcntl
import hashlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calibration import chain
from calibration.register.errors import RegisterError

LEDGER, HEAD, PENDING, LOCK = "ledger.jsonl", "ledger.head", "pending.json", ".lock"
_TAIL = 1 << 16


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the chain and what it writes: ``line`` goes to the end of ``file``, ``content`` replaces it.

    ``also`` are further files, which the entry vouches for by ``pdf``, ``dcc`` or by what stands in ``content``.
    """

    event: str
    id: str
    rev: int = 0
    file: str = ""
    line: bytes = b""
    content: bytes = b""
    record: str = ""
    pdf: str = ""
    dcc: str = ""
    by: str = ""
    also: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Of the bytes that are written; ``record`` where nothing is."""
        content = self.line.rstrip(b"\n") or self.content
        return sha256(content) if content else self.record


def _write(name: str, offset: int | None, data: bytes) -> dict[str, Any]:
    return {"file": name, "offset": offset, "data": base64.b64encode(data).decode()}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Folder:
    """The register's files. Raises RegisterError where they cannot be read or written, or do not fit together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else writes meanwhile; may be nested. What an earlier writer left undone is done first."""
        with self._threads:
            if self._depth:
                yield
                return
            with self._locked():
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as e:
            raise RegisterError(f"{self.path} cannot be written: {e.strerror}") from e
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._recover()
            yield
        finally:
            os.close(lock)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nobody writes meanwhile, where that can be had: a folder that is only a copy has no lock."""
        try:
            lock = os.open(self.path / LOCK, os.O_RDONLY)
        except OSError:
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield
        finally:
            os.close(lock)

    def head(self) -> str:
        """The hash of the last entry, as printed on documents; ``chain.START`` before the first."""
        text = self.read(HEAD)
        return chain.START if text is None else text.decode(errors="replace").strip()

    def ledger(self) -> list[bytes]:
        """Its lines. One that is being written is left out."""
        lines = (self.read(LEDGER) or b"").splitlines(keepends=True)
        return lines[:-1] if lines and not lines[-1].endswith(b"\n") else lines

    def commit(self, steps: Sequence[Step], t: str) -> list[chain.Entry]:
        """Chain the steps and write what they write, all of them or none. Returns their entries."""
        with self.writing():
            entries, last = [], self._last()
            for step in steps:
                hashes = {"record": step.hash, "pdf": step.pdf, "dcc": step.dcc}
                last = chain.append(last, t=t, event=step.event, id=step.id, rev=step.rev, by=step.by, **hashes)
                entries.append(last)
            pending = self._pending(entries, steps)
            self.replace(PENDING, chain.canonical(pending))
            self._apply(pending)
            return entries

    def _pending(self, entries: Sequence[chain.Entry], steps: Sequence[Step]) -> dict[str, Any]:
        writes = []
        lines: dict[str, bytes] = defaultdict(bytes)
        for step in steps:
            writes += [_write(name, None, data) for name, data in sorted(step.also.items())]
            if step.line:
                lines[step.file] += step.line
            elif step.content:
                writes.append(_write(step.file, None, step.content))
        lines[LEDGER] = b"".join(entry.line() for entry in entries)
        writes += [_write(name, self._size(name), data) for name, data in lines.items()]
        return {"writes": writes, "head": entries[-1].hash}

    def _apply(self, pending: dict[str, Any]) -> None:
        for write in pending["writes"]:
            data = base64.b64decode(write["data"])
            if write["offset"] is None:
                self.replace(write["file"], data)
            else:
                self._write_at(write["file"], write["offset"], data)
        self.replace(HEAD, pending["head"].encode() + b"\n")
        (self.path / PENDING).unlink()

    def _recover(self) -> None:
        text = self.read(PENDING)
        if text is None:
            return
        try:
            pending = json.loads(text)
            self._apply(pending)
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise RegisterError(
                f"{self.path / PENDING} was changed by somebody: it is not what the register wrote"
            ) from e

    def _last(self) -> chain.Entry | None:
        """The entry the next one follows."""
        head, line = self.head(), self._last_line()
        if not line:
            if head != chain.START:
                raise RegisterError(f"{self.path / LEDGER} is empty, {HEAD} is not: labwire cal verify tells more")
            return None
        try:
            fields = json.loads(line)
            entry = chain.Entry(**fields)
            found = entry.hash
        except (ValueError, TypeError) as e:
            raise RegisterError(
                f"the last line of {self.path / LEDGER} is no entry: labwire cal verify tells more"
            ) from e
        if found != head:
            raise RegisterError(f"{self.path / LEDGER} does not end as {HEAD} says: labwire cal verify tells more")
        return entry

    def _last_line(self) -> bytes:
        try:
            with (self.path / LEDGER).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                return file.read().rstrip(b"\n").rpartition(b"\n")[2]
        except FileNotFoundError:
            return b""
        except OSError as e:
            raise RegisterError(f"{self.path / LEDGER} cannot be read: {e.strerror}") from e

    def _size(self, name: str) -> int:
        try:
            return (self.path / name).stat().st_size
        except FileNotFoundError:
            return 0

    def _write_at(self, name: str, offset: int, data: bytes) -> None:
        """The file is ``offset`` bytes and ``data`` afterwards, also where part of it was written before."""
        if not offset <= self._size(name) <= offset + len(data):
            raise RegisterError(f"{self.path / name} was changed while nobody held the lock")
        try:
            with open(os.open(self.path / name, os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
                file.seek(offset)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as e:
            raise RegisterError(f"{self.path / name} cannot be written: {e.strerror}") from e

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise RegisterError(f"{self.path / name} cannot be read: {e.strerror}") from e

    def replace(self, name: str, data: bytes) -> None:
        """The file's content, whole or as before."""
        path = self.path / name
        fresh = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _sync(path.parent)
        except OSError as e:
            raise RegisterError(f"{path} cannot be written: {e.strerror}") from e


def _sync(folder: Path) -> None:
    """So that the name, too, survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
