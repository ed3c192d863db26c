"""What a bridge reads at its start: one frozen struct."""

from pathlib import Path
from typing import Literal

import msgspec

from broker.config import BrokerConfig, load
from broker.topics import TopicError, check_name
from logger.influx.config import InfluxConfig


class BridgeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """bridge.toml; every key is explained in docs/configuration-bridge.md."""

    name: str = "main"
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: str
    stored_by: str = "main"
    history_db: str | list[str] = ""
    calibration_dir: str = ""
    tokens_file: str = ""
    anonymous: Literal["none", "viewer"] = "none"
    dashboard_dir: str = ""
    allowed_origins: list[str] = []
    ring_s: int = 60
    ring_bytes: int = 128 * 1024 * 1024
    influx: InfluxConfig | None = None
    broker: BrokerConfig = BrokerConfig()

    def __post_init__(self) -> None:
        try:
            check_name(self.name, "name")
        except TopicError as e:
            raise ValueError(str(e)) from e
        if not 0 <= self.port < 65536:
            raise ValueError(f"port {self.port} is not within 0…65535")
        if not 1 <= self.ring_s <= 3600 or self.ring_bytes < 1024 * 1024:
            raise ValueError("ring_s is 1…3600 and ring_bytes at least 1048576")

    @property
    def databases(self) -> list[Path]:
        """One for each logger whose history this bridge shows."""
        named = [self.history_db] if isinstance(self.history_db, str) else self.history_db
        return [Path(name) for name in named if name]


def read(path: Path) -> BridgeConfig:
    """Read ``path``; a relative ``history_db`` is taken from its folder, as other paths are. Raises ConfigError."""
    config = load(path, BridgeConfig)
    found = [str(path.parent / name) for name in config.databases]
    several = found if isinstance(config.history_db, list) else "".join(found)
    return msgspec.structs.replace(config, history_db=several)
