"""The answers of several stores as one. Every logger keeps what belongs to no instrument: it is said once. Pure."""

from collections.abc import Sequence

from logger.store import LogEntry, MarkLine

SAME_MS = 5_000
"""Two loggers hear a message within so long of each other."""


def marks(found: Sequence[Sequence[MarkLine]]) -> list[MarkLine]:
    """In order of time, each once."""
    return sorted(dict.fromkeys(line for lines in found for line in lines), key=lambda line: line.ts)


def log(found: Sequence[Sequence[LogEntry]], limit: int) -> list[LogEntry]:
    """The last ``limit``, oldest first."""
    if len(found) == 1:
        return list(found[0])
    several = sorted(((e, k) for k, entries in enumerate(found) for e in entries), key=lambda x: x[0].t_ms)
    heard: dict[tuple[object, ...], tuple[int, int]] = {}
    kept = []
    for entry, store in several:
        key = (entry.topic, entry.payload, entry.digest)
        other, at = heard.get(key, (store, 0))
        if other != store and entry.t_ms - at <= SAME_MS:
            continue
        heard[key] = (store, entry.t_ms)
        kept.append(entry)
    return kept[-limit:]
