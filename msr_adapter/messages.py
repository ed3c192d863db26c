"""Messages of the application (protocol section 8): which are new, which stand, and what they are called here. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from msr_adapter.names import matches
from msr_adapter.wire import Event, to_text

RING = 100
"""So many messages a server keeps unless it is told otherwise."""

Severity = Literal["info", "warning", "error", "critical"]
_SEVERITIES: Mapping[str, Severity] = {"warn": "warning", "error": "error", "crit_error": "critical"}
_Key = tuple[bytes, int | None]


class Told(msgspec.Struct, frozen=True):
    """A message as an event of the contract."""

    path: bytes
    text: str
    severity: Severity
    state: Literal["raised", "cleared"]
    ts_ms: int


class Standing:
    """What was raised and not cleared, over all sessions. Each method returns what is news, in order."""

    def __init__(self) -> None:
        self._last: dict[_Key, Event] = {}
        self._began = False

    def take(self, event: Event) -> list[Event]:
        """A message that came by itself. One that the history has told already is no news."""
        key = (event.name, event.element)
        last = self._last.get(key)
        if last is not None and (last.state, last.time_us) == (event.state, event.time_us):
            return []
        self._last[key] = event
        return [event]

    def recover(self, history: Iterable[Event]) -> list[Event]:
        """The server's ring after a connection was made, oldest first.

        At first only what stands now is news. Later everything since the last connection is, and what stands here and
        has left a ring that is not full was cleared by a restart of the server.
        """
        ring = list(history)
        news = self._missed(ring) if self._began else _still_raised(ring)
        gone = self._gone(ring) if len(ring) < RING else []
        for event in ring:
            self._last[event.name, event.element] = event
        self._began = True
        return [*gone, *news]

    def _missed(self, ring: list[Event]) -> list[Event]:
        """Of each message what is later in the ring than the last one known; all of it when that is not there."""
        news = []
        for key, events in _by_key(ring).items():
            last = self._last.get(key)
            known = [k for k, e in enumerate(events) if last and (e.state, e.time_us) == (last.state, last.time_us)]
            news += events[known[-1] + 1 :] if known else events
        return sorted(news, key=ring.index)

    def _gone(self, ring: list[Event]) -> list[Event]:
        there = set(_by_key(ring))
        gone = [e for key, e in self._last.items() if e.state and key not in there]
        for event in gone:
            del self._last[event.name, event.element]
        return [msgspec.structs.replace(event, state=False, time_us=0) for event in gone]


def _by_key(ring: Iterable[Event]) -> dict[_Key, list[Event]]:
    found: dict[_Key, list[Event]] = {}
    for event in ring:
        found.setdefault((event.name, event.element), []).append(event)
    return found


def _still_raised(ring: list[Event]) -> list[Event]:
    return [events[-1] for events in _by_key(ring).values() if events[-1].state]


def told(event: Event, texts: Mapping[str, str], now_ms: int) -> Told:
    """In the contract's words: the configured text or the path, with the element; ``now_ms`` where it has no time."""
    path = to_text(event.name)
    fitting = [text for pattern, text in texts.items() if pattern != path and matches(pattern, event.name)]
    text = texts.get(path) or (fitting[-1] if fitting else to_text(event.text) or path)
    element = "" if event.element is None else f" [{event.element}]"
    raised = event.state and event.severity != "reset"
    return Told(
        event.name,
        text + element,
        _SEVERITIES.get(event.severity, "info"),
        "raised" if raised else "cleared",
        event.time_us // 1000 or now_ms,
    )
