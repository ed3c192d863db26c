"""A real Mosquitto for one test, with labwire's own configuration, passwords and ACL."""

from dataclasses import dataclass, field
from pathlib import Path

from broker import mosquitto
from broker.acl import User
from broker.config import BrokerConfig

INSTRUMENTS = ("balance1", "stirrer1", "vib1", "dmm1", "bath1", "osc1", "plant", *(f"i{k}" for k in range(10)))
USERS = (
    User("edge-pi", "edge", INSTRUMENTS),
    User("edge-other", "edge", ("other1", "balance1")),
    User("edge-etherlab", "edge", ("steeping", "germination", "kiln")),
    User("logger-main", "logger"),
    User("bridge-main", "bridge"),
    User("calibration-main", "calibration"),
    User("logger-kilns", "logger"),
    User("replay-main", "replay"),
    User("bridge-replay", "bridge", root="replay"),
    User("viewer", "viewer"),
    User("anna", "operator"),
)


def password(user: str) -> str:
    return f"secret-of-{user}"


@dataclass
class TestBroker:
    """Start, stop and kill Mosquitto on one port; ``config(user)`` is how ``user`` connects."""

    __test__ = False

    folder: Path
    port: int = field(default_factory=mosquitto.free_port)
    ws_port: int = field(default_factory=mosquitto.free_port)
    broker: mosquitto.Broker | None = None

    def prepare(self, users: tuple[User, ...] = USERS) -> None:
        mosquitto.prepare(self.folder, {u: password(u.name) for u in users}, port=self.port, ws_port=self.ws_port)
        for user in users:
            (self.folder / f"{user.name}.password").write_text(password(user.name))

    def config(self, user: str, port: int | None = None) -> BrokerConfig:
        secret = self.folder / f"{user}.password"
        return BrokerConfig(port=port or self.port, user=user, password_file=str(secret))

    @property
    def running(self) -> mosquitto.Broker:
        assert self.broker is not None, "Mosquitto is not running"
        return self.broker

    async def start(self) -> None:
        self.broker = await mosquitto.start(self.folder)

    async def kill(self) -> None:
        """kill -9."""
        await self.running.kill()

    async def stop(self) -> None:
        if self.broker is not None:
            await self.broker.stop()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def forget(self) -> None:
        """Delete what Mosquitto keeps over a restart: sessions and retained messages."""
        (self.folder / "mosquitto.db").unlink(missing_ok=True)
