"""Descriptions of instruments: every revision is kept, and says which type a channel's values must have."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from broker.messages import ChannelType, MessageError, Meta, decode, with_rev
from broker.topics import Kind
from logger.store.books import Names


@dataclass(frozen=True, slots=True)
class Types:
    """The declared channels of one revision; empty for an instrument nobody described."""

    rev: str = ""
    channels: Mapping[str, ChannelType] = field(default_factory=dict)


class Metas:
    """Belongs to the writer; after a failed transaction a new one is made."""

    def __init__(self, db: sqlite3.Connection, sources: Names) -> None:
        self._db = db
        self._sources = sources
        self._current: dict[str, Types] = {}
        self._known: dict[tuple[str, str], Types] = {}

    def take(self, source: str, meta: Meta, payload: bytes, now_ms: int) -> None:
        """Keep this description and make it the present one."""
        rev = meta.rev or with_rev(meta).rev
        if self.types(source, None).rev == rev:
            return
        id_ = self._sources.id(source)
        (turn,) = self._db.execute("SELECT coalesce(max(turn), 0) + 1 FROM meta WHERE source = ?", (id_,)).fetchone()
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET turn = excluded.turn",
            (id_, rev, now_ms, turn, payload),
        )
        self._current[source] = self._known[source, rev] = _types(meta, rev)

    def types(self, source: str, rev: str | None) -> Types:
        """The types of revision ``rev``; those of the present description when it is None or unknown."""
        if rev is not None:
            known = self._known.get((source, rev)) or self._read(source, rev)
            if known is not None:
                return known
        current = self._current.get(source)
        if current is None:
            current = self._current[source] = self._read(source, None) or Types()
        return current

    def _read(self, source: str, rev: str | None) -> Types | None:
        meta = read_meta(self._db, source, rev)
        if meta is None:
            return None
        types = self._known[source, meta.rev] = _types(meta, meta.rev)
        return types


def _types(meta: Meta, rev: str) -> Types:
    return Types(rev, {name: channel.type for name, channel in meta.channels.items()})


def read_meta(db: sqlite3.Connection, source: str, rev: str | None = None) -> Meta | None:
    """Revision ``rev`` of an instrument's description, or the present one; None when there is none."""
    which = "" if rev is None else " AND rev = ?"
    row = db.execute(
        "SELECT payload, rev FROM meta JOIN source ON source.id = meta.source WHERE name = ?"  # noqa: S608 - no input
        + which
        + " ORDER BY turn DESC LIMIT 1",
        (source,) if rev is None else (source, rev),
    ).fetchone()
    if row is None:
        return None
    try:
        meta: Meta = decode(Kind.META, row[0])
    except MessageError:  # written by a version with other rules
        return None
    return meta if meta.rev else with_rev(meta)
