"""What sessions share, and who they are."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class Identity:
    """What ``remote_host`` said."""

    peer: str
    connected_ns: int
    name: bytes = b""
    application: bytes = b""
    write: bool = False
    polite: bool = False


class Member(Protocol):
    """A session, as its fellows see it."""

    who: Identity

    def notice(self, index: int, due_ns: int) -> None: ...
    def hear(self, element: bytes) -> None: ...


class Office:
    """Notices and broadcasts reach all sessions."""

    def __init__(self) -> None:
        self.sessions: list[Member] = []

    def notice(self, index: int, due_ns: int) -> None:
        for session in self.sessions:
            session.notice(index, due_ns)

    def broadcast(self, element: bytes) -> None:
        for session in self.sessions:
            session.hear(element)
