"""Feeds: when they are flushed, who gets what, and that nobody gets it twice."""

from typing import Any

import pytest

from bridge_ws import frames
from bridge_ws.feeds import EVERY_MS, Feeds
from bridge_ws.interest import Selection
from bridge_ws.page import Page
from bridge_ws.rings import Rings
from bridge_ws.tokens import ANONYMOUS
from bridge_ws.world import World
from broker.messages import Channel, Data, Meta
from broker.topics import Topics
from tests.bridge_ws.bench import points

SAMPLES = Selection("lab/+/data", None, True)
LATEST = Selection("lab/+/data", None, False)


class Stage:
    """A world with one instrument, its feeds, and a clock in the test's hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000_000.0
        self.world = World(Rings(), lambda: self.ms)
        self.world.broker(True, 1, "")
        self.world.meta("a", Meta(channels={"x": Channel()}))
        self.feeds = Feeds(self.world, Topics())
        self.seq = 0

    def page(self) -> Page:
        return Page("s", ANONYMOUS, "here", self.world.registry)

    def sample(self, x: float) -> None:
        self.seq += 1
        chunk = self.world.data("a", Data(ts=int(self.ms), boot="b", seq=self.seq, values={"x": x}), b"")
        assert chunk is not None
        self.feeds.offer(chunk)

    def flush(self) -> float | None:
        return self.feeds.flush(self.ms)

    def add(self, page: Page, selection: Selection, id_: int = 1, since: float | None = None) -> None:
        self.feeds.add(page, id_, selection, since, self.ms)


def seen(page: Page) -> list[float]:
    """The samples that wait for the page."""
    found: list[float] = []
    while (frame := page.outbox.next_frame()) is not None:
        assert isinstance(frame, bytes)
        found += [v for part in frames.decode(frame)[1] for _, v in points(part)]
    return found


def controls(page: Page) -> list[Any]:
    found = []
    while (text := page.outbox.next_control()) is not None:
        found.append(text)
    return found


def test_an_idle_feed_is_flushed_at_once_and_a_busy_one_waits() -> None:
    stage = Stage()
    page = stage.page()
    stage.add(page, SAMPLES)
    stage.sample(1.0)
    assert stage.flush() is None
    assert seen(page) == [1.0]
    stage.ms += 10
    stage.sample(2.0)
    stage.sample(3.0)
    assert stage.flush() == stage.ms - 10 + EVERY_MS
    assert seen(page) == []
    stage.ms += 40
    assert stage.flush() is None
    assert seen(page) == [2.0, 3.0]
    assert stage.feeds.frames == 2


def test_equal_wishes_share_the_very_same_frame() -> None:
    stage = Stage()
    pages = [stage.page() for _ in range(3)]
    for page in pages:
        stage.add(page, SAMPLES)
    stage.sample(1.0)
    stage.flush()
    first, second, third = (page.outbox.next_frame() for page in pages)

    assert first is second is third


def test_who_joins_gets_nothing_twice_and_takes_nothing_away() -> None:
    stage = Stage()
    old, new = stage.page(), stage.page()
    stage.add(old, SAMPLES)
    stage.sample(1.0)
    stage.flush()
    stage.ms += 1
    stage.sample(2.0)
    stage.add(new, SAMPLES, since=stage.ms)
    stage.ms += 1
    stage.sample(3.0)
    stage.ms += EVERY_MS
    stage.flush()

    assert seen(old) == [1.0, 2.0, 3.0]
    assert seen(new) == [2.0, 3.0]


def test_one_more_wish_repeats_nothing_that_was_there() -> None:
    stage = Stage()
    page = stage.page()
    stage.add(page, SAMPLES)
    stage.sample(1.0)
    stage.add(page, Selection("lab/a/data", None, True), id_=2, since=stage.ms)
    stage.add(page, LATEST, id_=3)
    stage.ms += 1
    stage.sample(2.0)
    stage.ms += EVERY_MS
    stage.flush()

    assert seen(page) == [1.0, 2.0]
    assert [latest[1] for latest in page.outbox.take_values().values()] == [2.0]


def test_what_was_gathered_reaches_those_who_leave_it() -> None:
    stage = Stage()
    page = stage.page()
    stage.add(page, SAMPLES)
    stage.sample(1.0)
    stage.feeds.drop(page, 1, stage.ms)
    stage.sample(2.0)
    stage.ms += EVERY_MS

    assert stage.flush() is None
    assert seen(page) == [1.0]


def test_a_number_is_announced_once_and_before_it_is_used() -> None:
    stage = Stage()
    page = stage.page()
    stage.add(page, SAMPLES)
    assert len(controls(page)) == 1
    stage.sample(1.0)
    stage.flush()
    assert controls(page) == []


@pytest.mark.parametrize("turn_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_is_set_does_not_stop_the_feeds(turn_ms: float) -> None:
    stage = Stage()
    page = stage.page()
    stage.add(page, SAMPLES)
    stage.sample(1.0)
    stage.flush()
    stage.ms += turn_ms
    stage.sample(2.0)
    stage.flush()

    assert seen(page) == [1.0, 2.0]
