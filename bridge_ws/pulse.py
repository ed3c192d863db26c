"""The bridge's own status on the broker: retained, with figures, and a will that says ``lost``."""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from bridge_ws.hub import Hub
from broker.client import Client, Will
from broker.messages import ServiceStatus, encode
from broker.runtime import Clock, Sleep
from broker.topics import Topics
from broker.values import Figures

HEARTBEAT_S = 30.0
EXPIRY_S = 90
LOOK_S = 0.25


class Pulse:
    """Says how the bridge is: at every connect and every 30 s."""

    def __init__(self, topics: Topics, name: str, boot: str, stored_by: str, clock: Clock) -> None:
        self._topic = topics.service_status("bridge", name)
        self._boot = boot
        self._stored_by = stored_by
        self._clock = clock
        self._said = 0.0

    def will(self, connection: int) -> Will:
        """What the broker says for us when we vanish. A will carries no ``ts``."""
        lost = ServiceStatus(state="lost", boot=self._boot, conn=connection, reason="no connection to the broker")
        return Will(self._topic, encode(lost))

    def say(self, client: Client, hub: Hub, state: Literal["online", "offline"] = "online") -> None:
        spooled = hub.records.spooled
        self._said = self._clock()
        status = ServiceStatus(
            state="degraded" if state == "online" and spooled.problem else state,
            boot=self._boot,
            conn=client.connection,
            ts=int(self._said * 1000),
            reason=spooled.problem,
            version=release(),
            figures=figures(hub),
            stored_by=self._stored_by,
            ehold=spooled.ehold,
        )
        client.publish(self._topic, encode(status), retain=True, expiry_s=EXPIRY_S)

    async def beat(self, client: Client, hub: Hub, sleep: Sleep) -> None:
        """Every 30 s, and at once when the logger should hear what our spool holds; for ever."""
        while True:
            await sleep(LOOK_S)
            due = not 0 <= self._clock() - self._said < HEARTBEAT_S
            if client.connected and (hub.records.spooled.changed() or due):
                self.say(client, hub)

    async def greet(self, client: Client, hub: Hub) -> None:
        """At every connect, for ever."""
        async for _ in client.connections():
            self.say(client, hub)


def figures(hub: Hub) -> Figures:
    """What the bridge counts, for its status."""
    world = hub.world
    return {
        "clients": len(hub.pages),
        "dropped_frames": hub.counts["dropped"] + sum(p.outbox.dropped for p in hub.pages),
        "frames": hub.feeds.frames,
        "instruments": len(world.instruments),
        "refused_instruments": world.refused_instruments,
        "refused_channels": world.registry.refused,
        "undecodable": hub.counts["undecodable"],
        "foreign": hub.counts["foreign"],
        "duplicates": world.seen.duplicates,
        "commands": len(hub.desk.commands),
        "no_answer": hub.counts["no_answer"],
        "ring_bytes": world.rings.bytes,
        "records_waiting": hub.records.spooled.waiting,
    }


def release() -> str:
    try:
        return version("labwire")
    except PackageNotFoundError:
        return "unknown"
