"""A few values of one channel, now: what a check reads instead of a person."""

import asyncio
from decimal import Decimal

from broker.client import Client
from broker.config import BrokerConfig
from broker.messages import Block, Data, MessageError, decode
from broker.runtime import Clock
from broker.topics import Kind, Topics
from calibration.exact import arithmetic, exact
from calibration.live.wire import GOOD_OF_PLAIN, rows

COUNT = 5
TIMEOUT_S = 30.0


class NothingRead(Exception):
    """Why no value was read; one sentence."""


async def read(
    broker: BrokerConfig,
    instrument: str,
    channel: str,
    clock: Clock,
    *,
    count: int = COUNT,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """The mean of the next ``count`` good values, with one digit more than they have. Raises NothingRead."""
    found: list[str] = []
    try:
        async with asyncio.timeout(timeout_s), Client(broker, f"{broker.user or 'labwire'}-check") as client:
            await _listen(client, Topics(broker.root), instrument, channel, clock(), found)
    except TimeoutError as e:
        said = f"{len(found)} of {COUNT} good values" if found else "no good value"
        raise NothingRead(f"{instrument}/{channel} gave {said} in {timeout_s:g} s") from e
    return mean(found)


async def _listen(
    client: Client, topics: Topics, instrument: str, channel: str, since: float, found: list[str]
) -> None:
    kinds = {topics.of(instrument, kind): kind for kind in (Kind.DATA, Kind.BLOCK)}
    for topic in kinds:
        client.subscribe(topic)
    async for message in client.messages:
        client.ack(message)
        try:
            decoded: Data | Block = decode(kinds[message.topic], message.payload)
        except (KeyError, MessageError):
            continue
        found += good(decoded, channel, since)
        if len(found) >= COUNT:
            del found[COUNT:]
            return


def good(message: Data | Block, channel: str, since: float) -> list[str]:
    """The numbers of a channel that are good and not of before ``since`` (seconds)."""
    values = [
        row.values.get(channel)
        for row in rows(message)
        if row.t >= since and row.q.get(channel, "good") in GOOD_OF_PLAIN
    ]
    return [repr(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def mean(values: list[str]) -> str:
    """In decimals, with one digit more than the values."""
    with arithmetic():
        numbers = [exact(value) for value in values]
        places = max(-int(number.as_tuple().exponent) for number in numbers)
        middle = sum(numbers, Decimal()) / len(numbers)
        return f"{middle.quantize(Decimal((0, (1,), -max(places, 0) - 1))):f}"
