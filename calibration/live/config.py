"""The calibration service's ``calibration.toml``; docs/configuration-calibration.md explains its keys."""

from pathlib import Path

import msgspec

from broker.config import BrokerConfig, ConfigError, load
from broker.topics import TopicError, check_name


class CalibrationConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``calibration_dir`` is the register of ``labwire cal``; ``publish``: tell the broker what is in force and due."""

    calibration_dir: str
    name: str = "main"
    publish: bool = True
    wait_s: float = 10.0
    broker: BrokerConfig = BrokerConfig()


def read(path: Path) -> CalibrationConfig:
    """Read ``path``. Raises ConfigError."""
    config = load(path, CalibrationConfig)
    try:
        check_name(config.name, "name")
    except TopicError as e:
        raise ConfigError(f"{path}: {e}") from e
    if not 0 < config.wait_s <= 120:
        raise ConfigError(f"{path}: wait_s is {config.wait_s}, 0 to 120 seconds were expected")
    return config
