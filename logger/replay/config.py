"""What ``labwire replay`` reads: ``replay.toml``. Every key is explained in docs/replay.md."""

from pathlib import Path

import msgspec

from broker.config import BrokerConfig, ConfigError, load
from broker.topics import TopicError, Topics, check_name


class ReplayConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``history_db``: the logger's database. ``broker.root`` is the laboratory's own root, never the stage."""

    history_db: str
    name: str = "main"
    broker: BrokerConfig = BrokerConfig()


def read(path: Path) -> ReplayConfig:
    """Read ``path``; a relative ``history_db`` is taken from its folder. Raises ConfigError."""
    config = load(path, ReplayConfig)
    try:
        check_name(config.name, "name")
    except TopicError as e:
        raise ConfigError(f"{path}: {e}") from e
    return msgspec.structs.replace(config, history_db=str(path.parent / config.history_db))


def stage(prefix: str, live: str) -> Topics:
    """The root to publish below. Raises ConfigError for one that is, holds or lies in the laboratory's own."""
    try:
        topics = Topics(prefix)
    except TopicError as e:
        raise ConfigError(f"--prefix: {e}") from e
    if prefix == live or prefix.startswith(live + "/") or live.startswith(prefix + "/"):
        raise ConfigError(
            f"--prefix {prefix}: the laboratory itself is below {live!r}; what is shown there would be taken for real"
        )
    return topics
