"""An HTTP request that waits for its command to end."""

import asyncio

from bridge_ws.pending import CommandState


class Waiting:
    """An asker whose ``over`` is set by the first final state; the last state told stands in ``state``."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.state: CommandState | None = None

    def tell(self, state: CommandState) -> None:
        self.state = state
        if state.final:
            self.over.set()
