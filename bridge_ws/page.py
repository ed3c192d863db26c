"""One client as the hub sees it: what it asked for and what waits for it."""

import asyncio
from collections.abc import Iterable, Mapping

from bridge_ws import ops
from bridge_ws.channels import Registry
from bridge_ws.feed import Flush
from bridge_ws.interest import Selection
from bridge_ws.ops import Latest
from bridge_ws.outbox import Frame, Outbox
from bridge_ws.pending import CommandState
from bridge_ws.tokens import Identity


class Page:
    """A connected client. Filling its outbox wakes its writer."""

    def __init__(self, session: str, identity: Identity, address: str, registry: Registry) -> None:
        self.session = session
        self.identity = identity
        self.address = address
        self.outbox = Outbox()
        self.wake = asyncio.Event()
        self.selections: dict[int, Selection] = {}
        self.plain: dict[int, str] = {}
        self.audited: set[str] = set()
        self._registry = registry
        self._announced: set[int] = set()

    @property
    def subscriptions(self) -> int:
        return len(self.selections) + len(self.plain)

    @property
    def key(self) -> frozenset[Selection]:
        """Pages with equal keys share a feed."""
        return frozenset(self.selections.values())

    def control(self, text: str) -> None:
        self.outbox.control(text)
        self.wake.set()

    def error(self, code: str, text: str, id_: int | None = None) -> None:
        self.control(ops.text(ops.ErrorOp(code, text, id_)))

    def tell(self, state: CommandState) -> None:
        """A state of a command this client gave."""
        self.control(ops.text(state))

    def announce(self, instrument: str, numbers: Iterable[int], again: bool = False) -> None:
        """Say what the numbers stand for, before they are used."""
        wanted = set(numbers) if again else set(numbers) - self._announced
        if not wanted:
            return
        for info in self._registry.of(instrument).values():
            if info.n in wanted:
                self._announced.add(info.n)
                self.control(ops.text(info))

    def knows(self, number: int) -> bool:
        return number in self._announced

    def values(self, update: Mapping[int, Latest]) -> None:
        if update:
            self.outbox.values(update)
            self.wake.set()

    def frame(self, frame: Frame | None) -> None:
        if frame is not None:
            self.outbox.frame(frame)
            self.wake.set()

    def deliver(self, flush: Flush) -> None:
        self.frame(flush.frame)
        self.values(flush.values)
