"""What other loggers say of themselves, and instruments of theirs: two for one instrument, or none, is a mistake.

At the start it is refused; what becomes wrong later is complained of, once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from broker.config import ConfigError
from broker.messages import Commit, MessageError, ServiceStatus, Status, decode
from broker.topics import Kind, Topic, Topics
from logger.awaited import GONE, Awaited
from logger.share import Share, overlap


class Said(Protocol):
    """A message: ``broker.client.Message`` is one."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


def refuse(name: str, patterns: Sequence[str], found: Iterable[Said], topics: Topics) -> None:
    """Raise ConfigError when a logger that is there would store one of this logger's instruments too."""
    mine = Share(tuple(patterns))
    for said in found:
        other = _logger(said, topics)
        if other is None or other[0] == name:
            continue
        both = overlap(mine, Share(other[1]))
        if both is not None:
            raise ConfigError(
                f"the logger {name!r} with instruments = {_listed(patterns)} would store {both!r}, and so does the"
                f" logger {other[0]!r} with {_listed(other[1])}, which is running: each instrument belongs to one"
            )


def _logger(said: Said, topics: Topics) -> tuple[str, tuple[str, ...]] | None:
    """Name and patterns of a logger that is there."""
    topic = topics.parse(said.topic)
    if topic is None or topic.kind is not Kind.SERVICE_STATUS or topic.part != "logger" or not said.payload:
        return None
    try:
        status: ServiceStatus = decode(Kind.SERVICE_STATUS, said.payload)
    except MessageError:
        return None
    return None if status.state in GONE or not status.instruments else (topic.name, tuple(status.instruments))


def _listed(patterns: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{p}"' for p in patterns) + "]"


@dataclass(slots=True)
class Neighbours:
    """Judges what is heard while the logger ``name`` runs; remembers what it has complained of."""

    name: str
    share: Share
    awaited: Awaited = field(init=False)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.awaited = Awaited(self.name, self.share)

    def hear(self, topic: Topic, message: object) -> str:
        """Take a status or a commit; returns a complaint, "" for none."""
        if isinstance(message, Status):
            self.awaited.status(topic.name, message)
            return self.instrument(topic.name, message)
        if isinstance(message, Commit):
            self.awaited.commit(topic.part, topic.name, message)
        elif isinstance(message, ServiceStatus) and topic.part == "logger":
            self.awaited.logger(topic.name, message)
            return self.logger(topic.name, message)
        return ""

    def logger(self, other: str, status: ServiceStatus) -> str:
        """A complaint about another logger's status; "" for none, or one that was told."""
        if other == self.name or status.state in GONE or not status.instruments:
            return ""
        patterns = tuple(status.instruments)
        if f"{other}{patterns}" in self._told:
            return ""
        both = overlap(self.share, Share(patterns))
        self._told.add(f"{other}{patterns}")
        return "" if both is None else f"the logger {other!r} ({_listed(patterns)}) stores {both!r} too"

    def instrument(self, instrument: str, status: Status) -> str:
        """A complaint about whom an instrument's edge believes."""
        says, mine = status.stored_by, self.share.has(instrument)
        if not says or mine is (says == self.name):
            return ""
        if mine:
            return self._once(
                f"{instrument} names the logger {says!r} in stored_by: what is stored here it never hears"
            )
        return self._once(
            f"{instrument} names this logger in stored_by, but instruments = {_listed(self.share.patterns)}"
            " leaves it out: its data stays in its spool"
        )

    def _once(self, complaint: str) -> str:
        if complaint in self._told:
            return ""
        self._told.add(complaint)
        return complaint
