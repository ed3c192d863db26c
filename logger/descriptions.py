"""What instruments are, heard before what they measure.

The broker delivers what it queued for the logger's session first and retained descriptions after it. A store that is
new, or restored from a copy, would meet the queued samples without knowing their types. So a client of its own looks
at the retained descriptions first.
"""

import asyncio

from broker.client import Client, Message
from broker.config import BrokerConfig
from broker.runtime import Sleep

QUIET_S = 0.3
"""Retained messages follow the acknowledgement of the subscription at once; nothing says which is the last."""


async def retained(
    config: BrokerConfig, client_id: str, *filters: str, sleep: Sleep = asyncio.sleep, quiet_s: float = QUIET_S
) -> list[Message]:
    """What the broker keeps on ``filters``; waits until there is a broker. Raises Refused when it may not be heard."""
    async with Client(config, client_id, sleep=sleep) as client:
        for filter_ in filters:
            client.subscribe(filter_, qos=0)
        await client.subscribed()
        found: list[Message] = []
        while True:
            try:
                async with asyncio.timeout(quiet_s):
                    found += await client.batch()
            except TimeoutError:
                return found
