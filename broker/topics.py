"""The topic grammar: the only place where a topic is put together or taken apart.

Nothing else in labwire contains a topic string; a test greps for it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

INSTRUMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""An instrument, edge, service or user in a topic. Names that start with ``_`` are the system's own."""

CHANNEL = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_CHANNELS = frozenset({"ts", "time", "topic", "host", "instrument"})


class Kind(StrEnum):
    """What a topic carries. The values of the instrument kinds are the topic's own last level."""

    DATA = "data"
    BLOCK = "block"
    LAST = "last"
    META = "meta"
    STATUS = "status"
    CMD = "cmd"
    REPLY = "reply"
    EVENT = "event"
    CALIBRATION = "calibration"
    EDGE_STATUS = "edge-status"
    SERVICE_STATUS = "service-status"
    COMMIT = "commit"
    REQUEST = "request"
    AUDIT = "audit"
    RUN = "run"
    NOTE = "note"
    CAL_STATE = "cal-state"
    CAL_CMD = "cal-cmd"
    CAL_EVENT = "cal-event"
    CAL_DUE = "cal-due"


INSTRUMENT_KINDS = (
    Kind.DATA,
    Kind.BLOCK,
    Kind.LAST,
    Kind.META,
    Kind.STATUS,
    Kind.CMD,
    Kind.REPLY,
    Kind.EVENT,
    Kind.CALIBRATION,
)
_CAL = {"state": Kind.CAL_STATE, "cmd": Kind.CAL_CMD, "event": Kind.CAL_EVENT}
_BY_LEVEL = {str(kind): kind for kind in INSTRUMENT_KINDS}


class TopicError(ValueError):
    """A name that cannot stand in a topic; the text says which and what is allowed."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart.

    ``name`` is the instrument, the edge, the service's name or the run; ``part`` is the second name where the topic
    has one: the user of a command or note, the service's kind (``logger``), for a commit or request its logger.
    """

    kind: Kind
    name: str
    part: str = ""


def check_name(name: str, what: str = "instrument") -> str:
    """Return ``name`` if it may stand in a topic, else raise TopicError with the rule."""
    if not INSTRUMENT.fullmatch(name):
        raise TopicError(
            f"{what} {name!r} is not a valid name: use 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit"
        )
    return name


def check_channel(name: str) -> str:
    """Return ``name`` if it may be a channel, else raise TopicError with the rule."""
    if not CHANNEL.fullmatch(name):
        raise TopicError(f"channel {name!r} is not a valid name: use a-z, 0-9 and '_', beginning with a letter")
    if name in RESERVED_CHANNELS:
        raise TopicError(f"channel {name!r} is reserved: {', '.join(sorted(RESERVED_CHANNELS))} have another meaning")
    return name


class Topics:
    """Puts topics together and takes them apart below one root (``lab`` unless configured)."""

    def __init__(self, root: str = "lab") -> None:
        if not root or any(c in root for c in "+#\0") or root.startswith(("/", "$")) or root.endswith("/"):
            raise TopicError(f"topic root {root!r} may not be empty, contain + or #, or begin or end with /")
        self.root = root
        self._prefix = root + "/"

    def of(self, instrument: str, kind: Kind) -> str:
        """``lab/<instrument>/<kind>`` for one of INSTRUMENT_KINDS."""
        return f"{self.root}/{instrument}/{kind}"

    def cmd_by(self, instrument: str, user: str) -> str:
        """Where the MQTT user ``user`` itself may write a command: the broker vouches for the name."""
        return f"{self.root}/{instrument}/cmd/{user}"

    def edge_status(self, edge: str) -> str:
        return f"{self.root}/_edge/{edge}/status"

    def service_status(self, service: str, name: str) -> str:
        return f"{self.root}/_sys/{service}/{name}/status"

    def commit(self, logger: str, source: str) -> str:
        """The watermark of ``source``: an instrument, or ``_bridge-<name>`` for a bridge's own records."""
        return f"{self.root}/_sys/logger/{logger}/commit/{source}"

    def request(self, logger: str, source: str) -> str:
        return f"{self.root}/_sys/logger/{logger}/request/{source}"

    def audit(self, service: str, name: str) -> str:
        return f"{self.root}/_sys/{service}/{name}/audit"

    def run(self, run: str) -> str:
        return f"{self.root}/_run/{run}/state"

    def note(self, user: str) -> str:
        return f"{self.root}/_note/{user}/new"

    def cal_state(self, run: str) -> str:
        """A calibration run under way: how it stands."""
        return f"{self.root}/_cal/{run}/state"

    def cal_cmd(self, run: str) -> str:
        return f"{self.root}/_cal/{run}/cmd"

    def cal_event(self, run: str) -> str:
        return f"{self.root}/_cal/{run}/event"

    def cal_due(self, name: str) -> str:
        """What is due, as the calibration service ``name`` knows it."""
        return f"{self.root}/_sys/calibration/{name}/due"

    def everything(self) -> str:
        return f"{self.root}/#"

    def all_of(self, kind: Kind) -> str:
        """The MQTT filter for one kind from every source, e.g. ``lab/+/data``."""
        if kind in INSTRUMENT_KINDS:
            return f"{self.root}/+/{kind}"
        return {
            Kind.EDGE_STATUS: self.edge_status("+"),
            Kind.SERVICE_STATUS: self.service_status("+", "+"),
            Kind.COMMIT: self.commit("+", "+"),
            Kind.REQUEST: self.request("+", "+"),
            Kind.AUDIT: self.audit("+", "+"),
            Kind.RUN: self.run("+"),
            Kind.NOTE: self.note("+"),
            Kind.CAL_STATE: self.cal_state("+"),
            Kind.CAL_CMD: self.cal_cmd("+"),
            Kind.CAL_EVENT: self.cal_event("+"),
            Kind.CAL_DUE: self.cal_due("+"),
        }[kind]

    def parse(self, topic: str) -> Topic | None:
        """Take a topic apart; None when it is not one of the contract's."""
        if not topic.startswith(self._prefix):
            return None
        levels = topic[len(self._prefix) :].split("/")
        first = levels[0]
        if first.startswith("_"):
            return _parse_system(levels)
        if not INSTRUMENT.fullmatch(first):
            return None
        if len(levels) == 2 and (kind := _BY_LEVEL.get(levels[1])):
            return Topic(kind, first)
        if len(levels) == 3 and levels[1] == "cmd" and levels[2]:
            return Topic(Kind.CMD, first, levels[2])
        return None


def _parse_system(levels: list[str]) -> Topic | None:
    match levels:
        case ["_note", user, "new"] if user:
            return Topic(Kind.NOTE, user)
        case ["_sys", "logger", logger, "commit", source] if _names(logger, source.removeprefix("_")):
            return Topic(Kind.COMMIT, source, logger)
        case ["_sys", "logger", logger, "request", source] if _names(logger, source.removeprefix("_")):
            return Topic(Kind.REQUEST, source, logger)
        case ["_edge", name, "status"] if _names(name):
            return Topic(Kind.EDGE_STATUS, name)
        case ["_sys", service, name, "status"] if _names(service, name):
            return Topic(Kind.SERVICE_STATUS, name, service)
        case ["_sys", service, name, "audit"] if _names(service, name):
            return Topic(Kind.AUDIT, name, service)
        case ["_sys", "calibration", name, "due"] if _names(name):
            return Topic(Kind.CAL_DUE, name)
        case ["_cal", run, part] if part in _CAL and _names(run):
            return Topic(_CAL[part], run)
        case ["_run", run, "state"] if _names(run):
            return Topic(Kind.RUN, run)
        case _:
            return None


def _names(*levels: str) -> bool:
    return all(INSTRUMENT.fullmatch(level) for level in levels)
