"""Where commands are handed in: checked, sent, and followed until they end."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import NamedTuple

from bridge_ws import ids, ops
from bridge_ws.pending import Asker, Commands, Pending
from bridge_ws.world import World
from broker.client import Client, MqttError, NotConnected
from broker.messages import Command, Problem, encode
from broker.runtime import Clock
from broker.topics import Kind, Topics

log = logging.getLogger("bridge_ws.desk")

MOST_COMMANDS = 1000
"""Commands under way at a time."""


class CommandRefused(Exception):
    """The bridge itself did not send a command."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message)


class _Sent(NamedTuple):
    id: str
    acknowledged: "asyncio.Future[None]"


class Desk:
    """Publishes commands and tells their askers how far they are. Limits are judged by the instrument's edge."""

    def __init__(
        self,
        client: Client,
        topics: Topics,
        world: World,
        *,
        clock: Clock,
        random80: Callable[[], int] = lambda: secrets.randbits(80),
    ) -> None:
        self.commands = Commands()
        self._client = client
        self._topics = topics
        self._world = world
        self._clock = clock
        self._random80 = random80
        self._sent: asyncio.Queue[_Sent] = asyncio.Queue(MOST_COMMANDS)

    def send(self, asker: Asker, by: str, ask: ops.DoCommand) -> Pending:
        """Send a command; its states are told to ``asker``. Raises CommandRefused: then nothing was sent."""
        timeout_ms = self._check(ask)
        now = self._clock() * 1000
        id_ = ids.ulid(int(now), self._random80())
        command = Command(id=id_, name=ask.name, ts=int(now), ttl_ms=ask.ttl_ms, args=ask.args, by=by, via="bridge")
        pending = Pending(id_, ask, asker, by=by, now_ms=now, timeout_ms=timeout_ms)
        self.commands.add(pending)
        acknowledged = self._client.publish(
            self._topics.of(ask.instrument, Kind.CMD),
            encode(command),
            expiry_s=max(1, -(-ask.ttl_ms // 1000)),  # 0 would mean: never
        )
        self._sent.put_nowait(_Sent(id_, acknowledged))
        log.info("%s commands %s: %s as %s", by, ask.instrument, ask.name, id_)
        return pending

    def _check(self, ask: ops.DoCommand) -> int:
        """Returns the command's own time-out in ms. Raises CommandRefused."""
        known = self._world.instruments.get(ask.instrument)
        if known is None or known.meta is None:
            raise CommandRefused("unknown_instrument", f"there is no instrument {ask.instrument!r}")
        spec = known.meta.commands.get(ask.name)
        if spec is None:
            names = ", ".join(sorted(known.meta.commands)) or "none"
            raise CommandRefused("unknown_command", f"{ask.instrument} has no command {ask.name!r}; known: {names}")
        if not self._client.connected:
            raise CommandRefused("broker_down", f"not sent: {self._client.problem or 'no connection to the broker'}")
        if self._sent.full() or len(self.commands) >= MOST_COMMANDS:
            raise CommandRefused("busy", f"not sent: {MOST_COMMANDS} commands are under way already")
        return spec.timeout_ms

    async def confirm(self) -> None:
        """Tell ``sent`` when the broker has a command, for ever. A link lost meanwhile leaves its fate open."""
        while True:
            id_, acknowledged = await self._sent.get()
            try:
                await acknowledged
            except NotConnected as e:
                log.warning("command %s: not known whether the broker got it: %s", id_, e)
            except MqttError as e:
                self.commands.fail(id_, Problem(code="not_sent", message=str(e)))
            else:
                self.commands.sent(id_)
