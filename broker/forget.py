"""Taking a dead instrument off everybody's screen: its retained messages are cleared, its history stays.

An instrument that leaves its edge's configuration is cleared by that edge. This is for the edge that never comes back.
"""

import asyncio
from pathlib import Path

from broker.client import Client, MqttError
from broker.config import BrokerConfig, ConfigError
from broker.topics import Kind, Topics, check_name
from broker.users import UsersConfig

CLEARED = (Kind.META, Kind.STATUS, Kind.LAST)


def connection(config: UsersConfig, instrument: str) -> BrokerConfig:
    """How the edge that owns ``instrument`` reaches the broker: nobody else may write its topics.

    Raises ConfigError when no user of broker.toml owns it, TopicError for a name that cannot be one.
    """
    check_name(instrument)
    for user in config.user:
        if instrument in user.instruments:
            return BrokerConfig(
                host="127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host,  # noqa: S104 - any of ours will do
                port=config.port,
                root=config.root,
                user=user.name,
                password_file=str(Path(config.secrets_dir) / user.name),
            )
    owned = sorted(i for user in config.user for i in user.instruments)
    raise ConfigError(f"no user owns the instrument {instrument!r}; there are {', '.join(owned) or 'none'}")


async def forget(broker: BrokerConfig, instrument: str, timeout_s: float = 10.0) -> None:
    """Clear what the broker remembers of ``instrument``. Raises ConfigError when the broker does not let us."""
    topics = Topics(broker.root)
    async with Client(broker, f"forget-{instrument}") as client:
        try:
            async with asyncio.timeout(timeout_s):
                await anext(client.connections())
                await asyncio.gather(
                    *(client.publish(topics.of(instrument, kind), b"", retain=True) for kind in CLEARED)
                )
        except TimeoutError:
            raise ConfigError(client.problem or f"{broker.host}:{broker.port} does not answer") from None
        except MqttError as e:
            raise ConfigError(str(e)) from e
