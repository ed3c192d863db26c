"""Messages of the application: what is news."""

import pytest

from msr_adapter.messages import RING, Standing, told
from msr_adapter.wire import Event
from msr_adapter.wire.events import Severity


def event(
    name: str, state: bool = True, at: int = 1, *, element: int | None = None, severity: Severity = "warn"
) -> Event:
    return Event(severity, name.encode(), state, at, element)


def test_at_first_only_what_stands_is_news() -> None:
    history = [event("/a"), event("/b"), event("/a", False, 2), event("/b", True, 3, element=1)]

    assert Standing().recover(history) == [event("/b"), event("/b", True, 3, element=1)]


def test_what_the_history_told_already_is_none() -> None:
    standing = Standing()
    standing.recover([event("/a")])

    assert standing.take(event("/a")) == []
    assert standing.take(event("/a", False, 2)) == [event("/a", False, 2)]
    assert standing.take(event("/a", False, 2)) == []


def test_after_a_reconnect_everything_missed_is_news_in_order() -> None:
    standing = Standing()
    standing.recover([event("/a", at=1)])
    ring = [event("/a", at=1), event("/a", False, 2), event("/b", True, 3), event("/a", True, 4)]

    assert standing.recover(ring) == ring[1:]
    assert standing.recover(ring) == []


def test_what_stood_before_a_restart_of_the_server_is_cleared() -> None:
    standing = Standing()
    standing.recover([event("/a", at=1, element=2), event("/b", at=1)])

    assert standing.recover([event("/b", at=9)]) == [event("/a", False, 0, element=2), event("/b", at=9)]


def test_a_full_ring_may_have_forgotten_what_stands() -> None:
    standing = Standing()
    standing.recover([event("/a", at=1)])

    assert all(e.name != b"/a" for e in standing.recover([event("/b", k % 2 == 0, k) for k in range(RING)]))


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("info", "info"), ("warn", "warning"), ("error", "error"), ("crit_error", "critical"), ("reset", "info")],
)
def test_severities(severity: Severity, expected: str) -> None:
    t = told(event("/a", severity=severity), {}, 0)

    assert t.severity == expected
    assert t.state == ("cleared" if severity == "reset" else "raised")


def test_texts_come_from_the_exact_path_then_a_glob_then_the_path() -> None:
    texts = {"/Kiln/*": "something with the kiln", "/Kiln/Hot": "too hot"}

    assert told(event("/Kiln/Hot"), texts, 0).text == "too hot"
    assert told(event("/Kiln/Cold", element=3), texts, 0).text == "something with the kiln [3]"
    assert told(event("/x"), texts, 0).text == "/x"


def test_the_servers_time_is_kept() -> None:
    assert told(event("/x", at=5_000_123), {}, 99).ts_ms == 5000
    assert told(event("/x", at=0), {}, 99).ts_ms == 99
