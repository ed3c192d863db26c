"""All feeds and who reads them: when each is flushed, and what a client gets that joins or comes back."""

from bridge_ws import ops
from bridge_ws.feed import Feed
from bridge_ws.interest import Selection, select
from bridge_ws.page import Page
from bridge_ws.samples import Chunk
from bridge_ws.world import World
from broker.topics import Topics

EVERY_MS = 50.0
"""A feed is flushed this often at most: 20 frames a second."""


class Feeds:
    """Feeds by what they select, with their pages."""

    def __init__(self, world: World, topics: Topics) -> None:
        self._world = world
        self._topics = topics
        self._feeds: dict[frozenset[Selection], tuple[Feed, set[Page]]] = {}
        self.frames = 0

    def offer(self, chunk: Chunk) -> bool:
        """Hand a chunk to all feeds; whether anybody wants it."""
        wanted = [feed.offer(chunk) for feed, _ in self._feeds.values()]
        return any(wanted)

    def changed(self, instrument: str) -> None:
        """Channels of ``instrument`` came, went or look different."""
        for feed, _ in self._feeds.values():
            feed.forget(instrument)

    def flush(self, now_ms: float) -> float | None:
        """Deliver what is due; returns when (ms) the next will be, None when nothing waits."""
        next_ms = None
        for feed, pages in self._feeds.values():
            if not feed.pending:
                continue
            due = feed.flushed_ms + EVERY_MS
            if due <= now_ms or due > now_ms + EVERY_MS:  # the latter: the clock was set back
                self._flush(feed, pages, now_ms)
            else:
                next_ms = due if next_ms is None else min(due, next_ms)
        return next_ms

    def _flush(self, feed: Feed, pages: set[Page], now_ms: float) -> None:
        waiting = feed.waiting()
        flush = feed.flush(now_ms)
        if not flush:
            return
        self.frames += flush.frame is not None
        used = {name: feed.selected(name).numbers & flush.numbers for name in waiting}
        for page in pages:
            for name, numbers in used.items():
                page.announce(name, numbers)
            page.deliver(flush)

    # --- who reads ---

    def leave(self, page: Page) -> None:
        feed, pages = self._feeds.get(page.key, (None, set()))
        pages.discard(page)
        if feed is not None and not pages:
            del self._feeds[page.key]

    def drop(self, page: Page, id_: int, now_ms: float) -> None:
        """The page does not want subscription ``id_`` any more."""
        self._flush_of(page, now_ms)
        self.leave(page)
        del page.selections[id_]
        self._join(page, now_ms)

    def add(self, page: Page, id_: int, selection: Selection, since_ms: float | None, now_ms: float) -> None:
        """The page wants this too: it gets the latest values at once, and what it missed since ``since_ms``."""
        had = {name: self._numbers(page, name) for name in self._world.instruments}
        self._flush_of(page, now_ms)
        self.leave(page)
        page.selections[id_] = selection
        self._join(page, now_ms)
        if since_ms is not None and selection.samples:
            self._tell_if_too_old(page, id_, selection, since_ms)
        feed, _ = self._feeds[page.key]
        for name in list(self._world.instruments):
            self._catch_up(page, feed, name, selection, since_ms, had[name], now_ms)

    def _numbers(self, page: Page, instrument: str) -> set[int]:
        """Channels whose samples the page gets already."""
        channels = self._world.registry.of(instrument)
        return set(select(page.selections.values(), instrument, channels, self._topics).steps)

    def _join(self, page: Page, now_ms: float) -> None:
        if not page.key:
            return
        if page.key not in self._feeds:
            self._feeds[page.key] = (Feed(page.key, self._world.registry, self._topics), set())
        self._flush_of(page, now_ms)
        self._feeds[page.key][1].add(page)

    def _flush_of(self, page: Page, now_ms: float) -> None:
        """What was gathered so far belongs to those who were there."""
        feed, pages = self._feeds.get(page.key, (None, set()))
        if feed is not None and feed.pending:
            self._flush(feed, pages, now_ms)

    def _catch_up(
        self,
        page: Page,
        feed: Feed,
        name: str,
        selection: Selection,
        since_ms: float | None,
        had: set[int],
        now_ms: float,
    ) -> None:
        channels = self._world.registry.of(name)
        selected = select([selection], name, channels, self._topics)
        if not selected:
            return
        page.announce(name, selected.numbers)
        latest = self._world.instruments[name].latest
        page.values({n: latest[n] for n in selected.values if n in latest})
        missed = selected.steps.keys() - had
        if since_ms is not None and missed:
            chunks = self._world.rings.since(name, since_ms)
            page.frame(feed.replay(chunks, since_ms * 1000, now_ms, missed).frame)

    def _tell_if_too_old(self, page: Page, id_: int, selection: Selection, since_ms: float) -> None:
        names = [n for n in self._world.instruments if selection.wants(n, self._topics)]
        covered = max((self._world.covers_from_ms(n) for n in names), default=since_ms)
        if covered > since_ms:
            page.control(ops.text(ops.TooOld(id_, int(covered) + 1)))
