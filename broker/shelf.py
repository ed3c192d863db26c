"""The finished segments of a spool's folder: found at the start, read on request, freed when room is needed."""

import logging
from collections.abc import Iterator
from pathlib import Path

from broker.segment import (
    Column,
    Record,
    Segment,
    cut_and_seal,
    load_index,
    load_spans,
    parse_name,
    read_records,
    scan,
    spans_of,
)

log = logging.getLogger("broker.shelf")

_CACHED_INDEXES = 4


class Shelf:
    """``segments`` in the order in which they were written, ``size`` their bytes."""

    def __init__(self, folder: Path) -> None:
        self.segments: list[Segment] = []
        self.size = 0
        self._folder = folder
        self._indexes: dict[Path, list[Column]] = {}

    def open(self) -> list[Segment]:
        """Find what earlier runs left; returns those of them that were not finished.

        Finished files are read at their end only. Raises OSError.
        """
        found = sorted((p, f) for f in self._folder.iterdir() if (p := parse_name(f.name)))
        unfinished: list[Segment] = []
        for (number, stream, boot), path in found:
            spans = load_spans(path)
            if spans is not None:
                self.add(Segment(path, number, stream, boot, path.stat().st_size, spans))
                continue
            columns = self._repair(path)
            if columns:
                segment = Segment(path, number, stream, boot, path.stat().st_size, spans_of(columns))
                self.add(segment)
                unfinished.append(segment)
        return unfinished

    def _repair(self, path: Path) -> list[Column]:
        columns, end = scan(path)
        torn = path.stat().st_size - end
        if torn:
            log.warning("%s: a torn tail of %d bytes is cut off", path.name, torn)
        if not columns:
            path.unlink()
            return []
        try:
            cut_and_seal(path, columns, end)
        except OSError as e:  # a full disk: readable as it is, and tried again at the next start
            log.warning("%s cannot be finished: %s", path.name, e.strerror)
        return columns

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)
        self.size += segment.size

    def free(self, segment: Segment) -> None:
        """Delete one. Raises OSError."""
        segment.path.unlink(missing_ok=True)
        self._indexes.pop(segment.path, None)
        self.segments.remove(segment)
        self.size -= segment.size

    def records(self, segment: Segment, source: str, first: int, end: int) -> Iterator[Record]:
        """The records of ``source`` that touch [first, end). Raises OSError."""
        columns = self._index(segment)
        with segment.path.open("rb") as file:
            yield from read_records(file.fileno(), columns, source, first, end)

    def _index(self, segment: Segment) -> list[Column]:
        columns = self._indexes.pop(segment.path, None) or load_index(segment.path) or scan(segment.path)[0]
        self._indexes[segment.path] = columns  # the last used one last
        while len(self._indexes) > _CACHED_INDEXES:
            del self._indexes[next(iter(self._indexes))]
        return columns
