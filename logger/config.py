"""The logger's configuration: ``logger.toml``. Every key is explained in docs/configuration-logger.md."""

from pathlib import Path

import msgspec

from broker.config import BrokerConfig, ConfigError, load
from broker.topics import TopicError, check_name
from logger.influx.config import InfluxConfig
from logger.share import Share, overlap
from logger.store.retention import Retention
from logger.store.schema import FILE_NAME

MOST_LINGER_MS = 5_000


class LoggerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``instruments``: which this logger is responsible for, as shell patterns. ``want_hours``: how far back a new
    store asks for what the senders still have. ``linger_ms``: the least time from one transaction to the next.
    ``influx``: where everything stored is written as well. ``retention``: how long it stays."""

    data_dir: str
    name: str = "main"
    instruments: tuple[str, ...] = ("*",)
    want_hours: float = 24.0
    linger_ms: int = 250
    broker: BrokerConfig = BrokerConfig()
    influx: InfluxConfig | None = None
    retention: Retention = Retention()

    @property
    def database(self) -> Path:
        return Path(self.data_dir) / FILE_NAME


def read(path: Path) -> LoggerConfig:
    """Read ``path``. Raises ConfigError."""
    config = load(path, LoggerConfig)
    try:
        check_name(config.name, "name")
    except TopicError as e:
        raise ConfigError(f"{path}: {e}") from e
    if not config.want_hours >= 0:
        raise ConfigError(f"{path}: want_hours is {config.want_hours}, a number of hours was expected")
    if not 0 <= config.linger_ms <= MOST_LINGER_MS:
        raise ConfigError(f"{path}: linger_ms is {config.linger_ms}, 0 to {MOST_LINGER_MS} was expected")
    if not config.instruments:
        raise ConfigError(f'{path}: instruments is empty; ["*"] stores every instrument')
    for pattern in config.instruments:
        if overlap(Share((pattern.removeprefix("!"),)), Share()) is None:
            raise ConfigError(f"{path}: instruments: no name there can be is like {pattern!r}")
    return config
