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


class Pulse:
    """Says how the bridge is: at every connect and every 30 s."""

    def __init__(self, topics: Topics, name: str, boot: str, clock: Clock) -> None:
        self._topic = topics.service_status("bridge", name)
        self._boot = boot
        self._clock = clock

    def will(self, connection: int) -> Will:
        """What the broker says for us when we vanish. A will carries no ``ts``."""
        lost = ServiceStatus(state="lost", boot=self._boot, conn=connection, reason="no connection to the broker")
        return Will(self._topic, encode(lost))

    def say(self, client: Client, figures: Figures, state: Literal["online", "offline"] = "online") -> None:
        status = ServiceStatus(
            state=state,
            boot=self._boot,
            conn=client.connection,
            ts=int(self._clock() * 1000),
            version=release(),
            figures=figures,
        )
        client.publish(self._topic, encode(status), retain=True, expiry_s=EXPIRY_S)

    async def beat(self, client: Client, hub: Hub, sleep: Sleep) -> None:
        """Every 30 s, for ever."""
        while True:
            await sleep(HEARTBEAT_S)
            if client.connected:
                self.say(client, figures(hub))

    async def greet(self, client: Client, hub: Hub) -> None:
        """At every connect, for ever."""
        async for _ in client.connections():
            self.say(client, figures(hub))


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
    }


def release() -> str:
    try:
        return version("labwire")
    except PackageNotFoundError:
        return "unknown"
