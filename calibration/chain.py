"""Canonical JSON and a chain of hashes: a flipped byte and a missing entry are found."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = "0" * 64
_FIELDS = frozenset({"seq", "t", "event", "id", "rev", "record", "pdf", "dcc", "prev"})
_OPTIONAL = frozenset({"by"})
"""Left out where there is nothing to say."""


class ChainError(ValueError):
    """Something in the ledger is not as it was written; names the entry."""


def canonical(value: Any) -> bytes:
    """Sorted keys, no blanks, UTF-8. Raises ChainError for a float or what JSON has no word for."""
    _check(value)
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as e:
        raise ChainError("a text has half a character in it") from e


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. ``prev`` is the hash of the line before; ``record``, ``pdf``, ``dcc`` are of files.

    ``by`` says who, where that does not stand in what was hashed.
    """

    seq: int
    t: str
    event: str
    id: str
    rev: int
    record: str
    pdf: str
    dcc: str
    prev: str
    by: str = ""

    @property
    def hash(self) -> str:
        return digest(self._fields())

    def line(self) -> bytes:
        """As it stands in ledger.jsonl."""
        return canonical(self._fields()) + b"\n"

    def _fields(self) -> dict[str, str | int]:
        said = {name for name in _OPTIONAL if getattr(self, name)}
        return {name: getattr(self, name) for name in sorted(_FIELDS | said)}


def append(
    last: Entry | None,
    *,
    t: str,
    event: str,
    id: str,  # noqa: A002 - the entry's own word
    rev: int,
    record: str,
    pdf: str = "",
    dcc: str = "",
    by: str = "",
) -> Entry:
    """The entry after ``last`` (None: the first)."""
    seq, prev = (0, START) if last is None else (last.seq + 1, last.hash)
    return Entry(seq, t, event, id, rev, record, pdf, dcc, prev, by)


def read(lines: Iterable[bytes], *, head: str | None = None) -> list[Entry]:
    """Read and check a whole ledger; ``head`` is the last hash as printed on paper. Raises ChainError."""
    entries: list[Entry] = []
    for number, line in enumerate(lines):
        entry = _entry(number, line)
        expected = entries[-1].hash if entries else START
        if entry.seq != number or entry.prev != expected:
            raise ChainError(f"entry {number} does not follow the one before: something was changed or removed")
        entries.append(entry)
    if head is not None and head != (entries[-1].hash if entries else START):
        raise ChainError("the ledger does not end with the entry that was asked for: its end was changed or removed")
    return entries


def _entry(number: int, line: bytes) -> Entry:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise ChainError(f"entry {number} is not JSON") from e
    if not isinstance(fields, Mapping) or not _FIELDS <= set(fields) <= _FIELDS | _OPTIONAL:
        raise ChainError(f"entry {number} does not have the fields of an entry")
    numbers = ("seq", "rev")
    if not all((type(v) is int) if k in numbers else isinstance(v, str) for k, v in fields.items()):
        raise ChainError(f"entry {number} has a field of the wrong type")
    entry = Entry(**fields)
    if entry.line().rstrip(b"\n") != line.rstrip(b"\n"):
        raise ChainError(f"entry {number} is not in the form it was written in")
    return entry


def _check(value: Any) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        for part in value.values():
            _check(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part)
    else:
        raise ChainError(f"{value!r} has no canonical form: numbers that are not whole are kept as decimal strings")
