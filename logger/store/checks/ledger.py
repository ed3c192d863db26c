"""The ledger against what is there: every number that counts as stored has its row, or a reason to have none."""

import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from logger.ranges import Ranges
from logger.store import retention
from logger.store.checks.pieces import DAMAGE
from logger.store.reading import Reader


class _Size(msgspec.Struct):
    n: int = 1


def run(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    with reader.snapshot() as db:
        books = db.execute(
            "SELECT book.id, book.stream, source.name, boot FROM book JOIN source ON source.id = book.source"
        ).fetchall()
    for count, (id_, stream, source, boot) in enumerate(books, 1):
        with reader.snapshot() as db:
            there, twice = _samples(db, id_, source, boot) if stream == 0 else _records(db, id_, source, boot)
            stored = Ranges(db.execute("SELECT a, b FROM span WHERE book = ? ORDER BY a", (id_,)))
        whose = f"{source} {boot or '(no boot)'}{'' if stream == 0 else ', records'}"
        for a, b in twice:
            yield f"{whose}: rows {a}…{b - 1} are there twice"
        for a, b in _without(stored, there):
            yield f"{whose}: {a}…{b - 1} count as stored and are not there"
        for a, b in _without(there, stored):
            yield f"{whose}: {a}…{b - 1} are there and do not count as stored"
        progress(count / len(books))


def _without(one: Ranges, other: Ranges) -> list[tuple[int, int]]:
    return [part for a, b in one for part in other.missing(a, b)]


_Found = tuple[Ranges, list[tuple[int, int]]]


def _samples(db: sqlite3.Connection, book: int, source: str, boot: str) -> _Found:
    there, twice, end = Ranges(), [], 0
    for seq, n in db.execute("SELECT seq, n FROM piece WHERE book = ? ORDER BY seq", (book,)):
        if seq < end:
            twice.append((seq, min(end, seq + n)))
        there.add(seq, seq + n)
        end = max(end, seq + n)
    for a, b in retention.read(db, book):
        there.add(a, b)
    _set_aside(db, there, source, boot)
    return there, twice


def _records(db: sqlite3.Connection, book: int, source: str, boot: str) -> _Found:
    there = Ranges()
    for (eseq,) in db.execute("SELECT eseq FROM record WHERE book = ? ORDER BY eseq", (book,)):
        there.add(eseq, eseq + 1)
    _set_aside(db, there, source, boot)
    return there, []


def _set_aside(db: sqlite3.Connection, there: Ranges, source: str, boot: str) -> None:
    """Whole messages nobody could read: the numbers they claimed need not come again."""
    rows = db.execute(
        "SELECT seq, value FROM aside JOIN source ON source.id = aside.source"
        " WHERE name = ? AND boot = ? AND channel = ''",
        (source, boot),
    )
    for seq, value in rows:
        try:
            n = msgspec.json.decode(value, type=_Size).n
        except DAMAGE:
            n = 1
        there.add(seq, seq + n)
