"""``labwire watch 'lab/+/data'``: what goes over the broker, decoded for people, one line a message."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime

from broker.client import Client, Message, MqttError
from broker.config import BrokerConfig, ConfigError
from broker.messages import MessageError, Meta, decode
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, set_up_logging
from broker.topics import Kind, Topics
from labwire import credentials
from labwire.spoken import Spoken, json_line, line

FIRST_S = 5.0
"""A broker that has not answered by then is told; afterwards it is waited for as long as it takes."""
QUIET_S = 0.2


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 at the end asked for, 1 when the broker cannot be reached, 2 for a mistake in what was given."""
    args = _parser().parse_args(argv)
    set_up_logging("warning")
    try:
        broker = credentials.chosen(args)
        return asyncio.run(watch(broker, args.filter, count=args.count, as_json=args.json))
    except (ConfigError, MqttError) as e:
        print(f"labwire watch: {e}", file=sys.stderr)
        return EXIT_CONFIG
    except KeyboardInterrupt:
        return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire watch", description="What goes over the broker, for people.")
    parser.add_argument("filter", nargs="*", help="MQTT filters, in quotes: 'lab/+/data'; default: everything")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with the payload as it came")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="end after so many messages")
    credentials.add_arguments(parser)
    return parser


async def watch(broker: BrokerConfig, filters: Sequence[str], *, count: int, as_json: bool) -> int:
    """Print until ``count`` messages have come (0: for ever). Raises ConfigError, MqttError.

    Descriptions come over a connection of their own, so that whoever asks for them too sees each once.
    """
    topics = Topics(broker.root)
    spoken = Spoken(topics)
    async with Client(broker, f"watch-meta-{os.getpid()}") as about, Client(broker, f"watch-{os.getpid()}") as client:
        about.subscribe(topics.all_of(Kind.META), qos=0)
        if not await _connected(about):
            print(f"labwire watch: {about.problem or 'the broker does not answer'}", file=sys.stderr)
            return EXIT_SURPRISE
        await _learn_for(about, spoken, QUIET_S)
        learning = asyncio.create_task(_learn(about, spoken), name="meta")
        for filter_ in filters or [topics.everything()]:
            client.subscribe(filter_, retain_as_published=False)
        try:
            await _print(client, spoken, count, as_json)
        finally:
            learning.cancel()
            await asyncio.gather(learning, return_exceptions=True)
    return EXIT_OK


async def _connected(client: Client) -> bool:
    try:
        async with asyncio.timeout(FIRST_S):
            async for _ in client.connections():
                await client.subscribed()
                return True
    except TimeoutError:
        pass
    return False


async def _learn(client: Client, spoken: Spoken) -> None:
    async for message in client.messages:
        learn(spoken, message)


async def _learn_for(client: Client, spoken: Spoken, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await _learn(client, spoken)
    except TimeoutError:
        return


def learn(spoken: Spoken, message: Message) -> None:
    """Remember a description, for the units; one that is none is not."""
    topic = spoken.topics.parse(message.topic)
    if topic is None or topic.kind is not Kind.META:
        return
    try:
        meta: Meta | None = decode(Kind.META, message.payload) if message.payload else None
    except MessageError:
        return
    spoken.metas.pop(topic.name, None)
    if meta is not None:
        spoken.metas[topic.name] = meta


async def _print(client: Client, spoken: Spoken, count: int, as_json: bool) -> None:
    printed = 0
    async for message in client.messages:
        client.ack(message)
        at = datetime.fromtimestamp(message.arrived_ms / 1000).astimezone()
        print(json_line(message, spoken, at) if as_json else line(message, spoken, at), flush=True)
        printed += 1
        if printed == count:
            return


if __name__ == "__main__":
    sys.exit(main())
