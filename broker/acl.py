"""Least rights: what each MQTT user may write and read, as Mosquitto's ACL file.

Mosquitto judges by delivery, never by SUBACK, and a right to write a retained topic is also the right to delete it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from broker.topics import INSTRUMENT_KINDS, Kind, Topics

Role = Literal["edge", "logger", "bridge", "calibration", "replay", "viewer", "operator"]

STAGE = "replay"
"""The root below which recorded traffic is shown again, unless a user's own root says otherwise."""


@dataclass(frozen=True, slots=True)
class User:
    """One MQTT user. Edges and services are named ``<role>-<name>``; ``instruments`` are an edge's own.

    ``root``: where its rights are, when that is not the laboratory's root: for whoever shows or watches a replay."""

    name: str
    role: Role
    instruments: tuple[str, ...] = ()
    root: str = ""

    @property
    def short(self) -> str:
        """The name in topics: ``pi-03`` of the user ``edge-pi-03``."""
        return self.name.removeprefix(f"{self.role}-")


Rule = tuple[Literal["read", "write", "readwrite"], str]


def acl_text(users: Iterable[User], root: str = "lab") -> str:
    """The ACL file for ``users``: one section a user; what is not named is denied."""
    lines = ["# Written by labwire: changes are overwritten."]
    for user in users:
        topics = Topics(user.root or (STAGE if user.role == "replay" else root))
        lines += ["", f"user {user.name}"]
        lines += [f"topic {verb} {filter_}" for verb, filter_ in rules(user, topics)]
    return "\n".join(lines) + "\n"


def rules(user: User, topics: Topics) -> list[Rule]:
    """The rights of one user, as (verb, topic filter)."""
    match user.role:
        case "edge":
            return _edge(user, topics)
        case "logger":
            return [
                ("read", topics.everything()),
                ("write", topics.service_status("logger", user.short)),
                ("write", topics.commit(user.short, "+")),
                ("write", topics.request(user.short, "+")),
                ("write", topics.all_of(Kind.EVENT)),  # what a projection refused, what is not stored
                ("read", "$SYS/#"),
            ]
        case "bridge":
            return [
                ("read", topics.everything()),
                ("write", topics.all_of(Kind.CMD)),
                ("write", topics.all_of(Kind.NOTE)),
                ("write", topics.all_of(Kind.RUN)),
                ("write", topics.all_of(Kind.CAL_CMD)),
                ("write", topics.service_status("bridge", user.short)),
                ("write", topics.audit("bridge", user.short)),
                ("read", "$SYS/#"),
            ]
        case "calibration":
            return _calibration(user, topics)
        case "replay":
            return _replay(user, topics)
        case "viewer":
            return [("read", topics.everything())]
        case "operator":
            return [("read", topics.everything()), ("write", topics.cmd_by("+", user.name))]


def _calibration(user: User, topics: Topics) -> list[Rule]:
    """Nobody else may write a calibration; the service itself commands no instrument."""
    return [
        ("readwrite", topics.all_of(Kind.CALIBRATION)),
        *(("readwrite", topics.all_of(kind)) for kind in (Kind.CAL_STATE, Kind.CAL_CMD, Kind.CAL_EVENT)),
        ("readwrite", topics.service_status("calibration", user.short)),
        ("readwrite", topics.cal_due(user.short)),
        *(("read", topics.all_of(kind)) for kind in (Kind.DATA, Kind.BLOCK, Kind.META, Kind.STATUS)),
    ]


def _replay(user: User, topics: Topics) -> list[Rule]:
    """Everything but commands, and nothing that a sender of data obeys: it shows, it does not act."""
    shown = [kind for kind in INSTRUMENT_KINDS if kind is not Kind.CMD]
    return [
        ("read", topics.everything()),
        *(("write", topics.all_of(kind)) for kind in (*shown, Kind.EDGE_STATUS, Kind.RUN, Kind.NOTE)),
        ("write", topics.service_status("replay", user.short)),
    ]


def _edge(user: User, topics: Topics) -> list[Rule]:
    found: list[Rule] = [
        ("readwrite", topics.edge_status(user.short)),
        ("read", topics.service_status("logger", "+")),
    ]
    for instrument in user.instruments:
        # Its own status is read too: another edge that serves the same instrument must be noticed.
        found += [
            ("readwrite" if kind is Kind.STATUS else "write", topics.of(instrument, kind))
            for kind in INSTRUMENT_KINDS
            if kind not in (Kind.CMD, Kind.CALIBRATION)
        ]
        found += [
            ("read", topics.of(instrument, Kind.CMD)),
            ("read", topics.cmd_by(instrument, "+")),
            ("read", topics.of(instrument, Kind.CALIBRATION)),
            ("read", topics.commit("+", instrument)),
            ("read", topics.request("+", instrument)),
        ]
    return found
