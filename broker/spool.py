"""The disk spool: everything an edge says stands here before it is published, until a logger has stored it.

Append-only segment files (``broker.segment``), one byte budget for all sources and both streams: samples numbered by
``seq``, events (replies, events, notes) by ``eseq``. Written before publishing, so a kill -9 loses nothing;
synchronised every second or MiB, so a power cut costs at most that. Room is made lazily: committed segments oldest
first, and only when the budget needs it, then the oldest others, whose records are counted as lost. No clock and no
broker in here.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from broker.config import ConfigError
from broker.folder import DiskSync, State, lock, read_state, write_state
from broker.messages import Hold
from broker.ranges import Ranges
from broker.segment import Record, Segment, Stream, Writer, name_of
from broker.shelf import Shelf
from broker.stamps import Stamps
from broker.stretch import Key, Stretch, holds

__all__ = ["DiskSync", "Record", "Spool", "Stream", "default_limit"]

log = logging.getLogger("broker.spool")

MOST_BYTES = 2 * 1024**3
SYNC_BYTES = 1024 * 1024
MOST_FILES = 4000
"""An edge that starts again and again leaves a small file each time."""

StampOf = Callable[[int, bytes], tuple[int, int] | None]
"""(kind, body) of a record → its last stamp in µs since the epoch and its fold."""


def default_limit(folder: Path) -> int:
    """2 GiB, or a fifth of a disk that is smaller than ten. In bytes. Raises OSError."""
    return min(MOST_BYTES, shutil.disk_usage(folder).total // 5)


class Spool:
    """Opened for one process and one ``boot``. Raises ConfigError when the folder cannot be used or is in use.

    ``stamp_of`` reads the stamp out of a record. After opening nothing raises for the disk: what could not be written
    is counted in ``failed`` and explained in ``problem`` until the disk takes records again.
    """

    def __init__(
        self, folder: Path, boot: str, *, stamp_of: StampOf, limit: int = 0, segment_bytes: int | None = None
    ) -> None:
        self.folder, self.boot = folder, boot
        self.failed = self.written = self.unsynced_bytes = 0
        self.problem = ""
        self._stamp_of = stamp_of
        self._active: dict[Stream, Writer] = {}
        self._stretches: dict[Key, Stretch] = {}
        self._by_stream: dict[tuple[str, Stream], list[Stretch]] = {}
        self._unsynced: list[int] = []  # descriptors of finished files
        self._lock = lock(folder)
        try:
            self.limit = limit or default_limit(folder)
            self._state = read_state(folder)
            self._shelf = Shelf(folder)
            unfinished = self._shelf.open()
        except OSError as e:
            self._lock.close()
            raise ConfigError(f"the spool {folder} cannot be read: {e.strerror or e}") from e
        self.segment_bytes = segment_bytes or max(16 * 1024, min(4 * 1024**2, self.limit // 64))
        self.lost = self._state.lost
        self._stamps = Stamps(self._state.stamps)
        self._number = max((s.number for s in self._shelf.segments), default=-1) + 1
        self._restore()
        for segment in unfinished:
            self._restore_stamps(segment)

    def close(self) -> None:
        """Finish the segments and let the folder go. Blocking: waits for the disk."""
        for stream in list(self._active):
            self._finish(stream)
        self._save_state()
        sync = self.to_sync()
        if sync is not None:
            self.synced(sync.run())
        self._lock.close()

    # --- writing ---

    def next(self, source: str, stream: Stream) -> int:
        """The number of the next record of this boot."""
        return self._now(source, stream).next

    def append(self, source: str, stream: Stream, kind: int, body: bytes, *, rows: int = 1, tag: str = "") -> bool:
        """Take the next ``rows`` numbers and write the record. False when the disk did not take it (counted)."""
        stretch = self._now(source, stream)
        record = Record(stretch.next, rows, kind, tag, body)
        stretch.next += rows
        try:
            self._write(stretch, record)
        except OSError as e:
            self.failed += rows
            self._trouble(f"the spool {self.folder} cannot be written: {e.strerror or e}")
            return False
        if stretch.open_first is None:
            stretch.open_first = record.seq
        self.problem = ""
        return True

    def _now(self, source: str, stream: Stream) -> Stretch:
        key = Key(source, stream, self.boot)
        stretch = self._stretches.get(key)
        if stretch is None:
            stretch = self._keep(Stretch(key, self._number))
        return stretch

    def _keep(self, stretch: Stretch) -> Stretch:
        self._stretches[stretch.key] = stretch
        self._by_stream.setdefault(stretch.key[:2], []).append(stretch)
        return stretch

    def _drop_if_over(self, stretch: Stretch) -> None:
        if stretch.over(self.boot):
            del self._stretches[stretch.key]
            self._by_stream[stretch.key[:2]].remove(stretch)

    def _write(self, stretch: Stretch, record: Record) -> None:
        source, stream, _ = stretch.key
        self._make_room(len(record.body) + 256)
        try:
            size = self._writer(stream, len(record.body)).append(source, record)
        except OSError:
            # Others may have filled the disk: what is stored elsewhere anyway makes room first.
            if not self._free_committed():
                raise
            size = self._writer(stream, len(record.body)).append(source, record)
        self.written += size
        self.unsynced_bytes += size

    def _writer(self, stream: Stream, length: int) -> Writer:
        """The segment being written; a new one when it is full."""
        writer = self._active.get(stream)
        if writer is not None and writer.columns and writer.size + length > self.segment_bytes:
            self._finish(stream)
            writer = None
        if writer is None:
            path = self.folder / name_of(self._number, stream, self.boot)
            writer = self._active[stream] = Writer(path, self._number, stream, self.boot)
            self._number += 1
        return writer

    def _finish(self, stream: Stream) -> None:
        writer = self._active.pop(stream)
        segment = writer.seal()
        self._unsynced.append(writer.fd)
        self._shelf.add(segment)
        for source in segment.spans:
            stretch = self._stretches[Key(source, stream, self.boot)]
            stretch.segments.append(segment)
            stretch.open_first = None
        self._save_state()

    def stamp(self, source: str, first_us: int, last_us: int | None = None, stream: str = "") -> int:
        """Note the stamps of samples; returns the fold: it grows whenever one is not after the last one noted.

        Each ``stream`` of a source has its own.
        """
        return self._stamps.take(source, first_us, last_us, stream)

    def last_stamp(self, source: str) -> int:
        """µs since the epoch; -1 before the first."""
        return self._stamps.last(source)

    # --- what is here, what is stored elsewhere ---

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._shelf.size + sum(w.size for w in self._active.values())

    @property
    def uncommitted_bytes(self) -> int:
        """Bytes of the segments that are not known to be stored elsewhere."""
        waiting = [w.size for w in self._active.values() if not self._committed(w)]
        return sum(waiting) + sum(s.size for s in self._shelf.segments if not self._committed(s))

    def room(self) -> int:
        """Bytes that can still be written before something that is not stored elsewhere is lost."""
        try:
            disk = shutil.disk_usage(self.folder).free + self.size
        except OSError:
            disk = 0
        return max(0, min(self.limit, disk) - self.uncommitted_bytes)

    def sources(self) -> set[str]:
        return {key.source for key in self._stretches}

    def hold(self, source: str, stream: Stream) -> list[Hold]:
        """What is here of each boot of ``source``, the oldest boot first."""
        return holds(self._by_stream.get((source, stream), []), self.boot)

    def waiting(self, source: str, stream: Stream) -> int:
        """How many records are here and not known to be stored elsewhere."""
        return sum(s.waiting for s in self._by_stream.get((source, stream), []))

    def unseen(self, source: str, stream: Stream) -> list[Hold]:
        """What of ``hold`` a logger must be told of at once: losses, and beginnings beyond what it has stored."""
        return [s.unseen() for s in self._by_stream.get((source, stream), [])]

    def marked(self, source: str, stream: Stream, boot: str) -> int:
        """The ``end`` of the last ``mark``; 0 before the first."""
        stretch = self._stretches.get(Key(source, stream, boot))
        return 0 if stretch is None else stretch.marked

    def mark(self, source: str, stream: Stream, boot: str, end: int, floor: int = 0) -> None:
        """Everything before ``end`` is stored; it may be freed when room is needed. ``end`` may go back.

        ``floor``: what is older will not be sent, and ``hold`` says so.
        """
        stretch = self._stretches.get(Key(source, stream, boot))
        if stretch is None:
            return
        stretch.marked, stretch.floor = end, floor
        self._drop_if_over(stretch)

    def lose(self, source: str, stream: Stream, boot: str, first: int, end: int, reason: str) -> None:
        """Set records aside for good: not here, or not publishable. Counted; ``hold`` passes over them."""
        stretch = self._stretches.get(Key(source, stream, boot))
        if stretch is None:
            return
        before = len(stretch.holes)
        stretch.holes.add(first, end)
        self._count_lost(stretch, len(stretch.holes) - before, reason)
        self._save_state()

    def _count_lost(self, stretch: Stretch, rows: int, reason: str) -> None:
        if rows > 0:
            stretch.lost += rows
            self.lost += rows
            log.error("%s: %d records (%s) are lost: %s", stretch.key.source, rows, stretch.key.stream, reason)

    # --- room ---

    def _make_room(self, length: int) -> None:
        while self.size + length > self.limit or len(self._shelf.segments) >= MOST_FILES:
            if not self._free_committed() and not self._free_oldest():
                return

    def _committed(self, segment: Segment | Writer) -> bool:
        key = (segment.stream, segment.boot)
        return all(self._stretches[Key(s, *key)].marked >= end for s, (_, end) in segment.spans.items())

    def _free_committed(self) -> bool:
        for segment in self._shelf.segments:
            if self._committed(segment):
                return self._free(segment)
        return False

    def _free_oldest(self) -> bool:
        """The oldest of the stream that takes more room: a flood of events does not push the samples out."""
        if not self._shelf.segments:
            full = max(self._active.values(), key=lambda w: w.size, default=None)
            if full is None or not full.columns:
                return False
            self._finish(full.stream)
        sizes: dict[Stream, int] = {}
        for segment in self._shelf.segments:
            sizes[segment.stream] = sizes.get(segment.stream, 0) + segment.size
        biggest = max(sizes, key=sizes.__getitem__)
        return self._free(next(s for s in self._shelf.segments if s.stream == biggest))

    def _free(self, segment: Segment) -> bool:
        self._count_overflow(segment)
        try:
            self._shelf.free(segment)
        except OSError as e:
            self._trouble(f"{segment.path} cannot be deleted: {e.strerror or e}")
            return False
        for source in segment.spans:
            stretch = self._stretches[Key(source, segment.stream, segment.boot)]
            stretch.segments.remove(segment)
            stretch.holes.remove(0, stretch.first)
            self._drop_if_over(stretch)
        return True

    def _count_overflow(self, segment: Segment) -> None:
        """Note what goes with the segment before it goes: killed in between, nothing may be gone unnoticed."""
        lost = self.lost
        for source, (first, end) in segment.spans.items():
            stretch = self._stretches[Key(source, segment.stream, segment.boot)]
            gone = Ranges([(max(first, stretch.marked), end)])
            gone.subtract(stretch.holes)  # counted before
            stretch.holes.update(gone)
            self._count_lost(stretch, len(gone), "the spool is full")
        if self.lost > lost:
            self._save_state()

    # --- reading ---

    def read(self, source: str, stream: Stream, boot: str, first: int, end: int, limit: int) -> list[Record] | None:
        """Records that touch [first, end), in order, until their bodies reach ``limit`` bytes; at least one.

        Empty when there are none, None when the disk could not say.
        """
        found: list[Record] = []
        size = 0
        try:
            for record in self._records(Key(source, stream, boot), first, end):
                size += len(record.body)
                if found and size > limit:
                    break
                found.append(record)
        except OSError as e:
            self._trouble(f"the spool {self.folder} cannot be read: {e.strerror or e}")
            return None
        return found

    def _records(self, key: Key, first: int, end: int) -> Iterator[Record]:
        stretch = self._stretches.get(key)
        for segment in [] if stretch is None else stretch.segments:
            span = segment.spans[key.source]
            if span[0] < end and first < span[1]:
                yield from self._shelf.records(segment, key.source, first, end)
        writer = self._active.get(key.stream)
        if writer is not None and writer.boot == key.boot:
            yield from writer.records(key.source, first, end)

    def since(self, source: str, stream: Stream, boot: str, t_us: int) -> int:
        """The first record of ``boot`` not older than ``t_us``; exact while the clock runs forward."""
        stretch = self._stretches.get(Key(source, stream, boot))
        low, high = (0, 0) if stretch is None or t_us <= 0 else (stretch.first, stretch.next)
        while low < high:
            middle = (low + high) // 2
            records = self.read(source, stream, boot, middle, high, 1)
            stamp = self._stamp_of(records[0].kind, records[0].body) if records else None
            if records and stamp is not None and stamp[0] < t_us:
                low = records[0].end
            else:
                high = middle
        return low

    # --- the disk ---

    def to_sync(self) -> DiskSync | None:
        """What has to be synchronised now, None when nothing was written since; run it in a thread."""
        if not self.unsynced_bytes and not self._unsynced:
            return None
        sync = DiskSync(self.folder, [*self._unsynced, *(os.dup(w.fd) for w in self._active.values())])
        self._unsynced.clear()
        self.unsynced_bytes = 0
        return sync

    def synced(self, problem: str) -> None:
        """Hand in what ``DiskSync.run`` returned."""
        if problem:
            self._trouble(problem)

    def _trouble(self, problem: str) -> None:
        if problem != self.problem:
            log.error("%s", problem)
        self.problem = problem

    def _save_state(self) -> None:
        kept = [s.kept() for s in self._stretches.values()]
        try:
            write_state(self.folder, State(self.lost, self._stamps.noted, kept))
        except OSError as e:
            self._trouble(f"the spool {self.folder} cannot note its state: {e.strerror or e}")

    def _restore(self) -> None:
        """The stretches, from the segments and from what was noted about them."""
        for kept in self._state.kept:
            key = Key(kept.source, kept.stream, kept.boot)
            self._keep(Stretch(key, -1, kept.next, kept.marked, kept.lost, holes=Ranges(kept.holes)))
        for segment in self._shelf.segments:
            for source, (_, end) in segment.spans.items():
                key = Key(source, segment.stream, segment.boot)
                stretch = self._stretches.get(key) or self._keep(Stretch(key, segment.number))
                stretch.order = segment.number if stretch.empty else stretch.order
                stretch.segments.append(segment)
                stretch.next = max(stretch.next, end)
        for stretch in list(self._stretches.values()):
            self._drop_if_over(stretch)

    def _restore_stamps(self, segment: Segment) -> None:
        """The stamps in a segment that was not finished: newer than the noted ones."""
        for source, (first, end) in segment.spans.items() if segment.stream == "samples" else ():
            records = self.read(source, "samples", segment.boot, first, end, segment.size) or []
            stamps = (self._stamp_of(r.kind, r.body) for r in records)
            self._stamps.found(source, [s for s in stamps if s is not None])
