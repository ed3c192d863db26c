"""``labwire cal publish``: tell the broker which calibrations are in force, once or for ever."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import msgspec

from broker import runtime
from broker.client import Client
from broker.config import BrokerConfig, ConfigError, load, parse
from broker.messages import encode
from broker.runtime import EXIT_CONFIG
from broker.topics import Topics
from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong
from calibration.commands.common import add_dir, folder, register, sentences
from calibration.publish import Publisher
from calibration.register.survey import Surveyor

WAIT_S = 10.0


class PublishFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What this command needs of ``calibration.toml``."""

    name: str = "main"
    broker: BrokerConfig = BrokerConfig()


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, help="a file with [broker]; else LABWIRE_BROKER_HOST, _USER, …")
    parser.add_argument("--once", action="store_true", help="end when the broker has it; else go on until Ctrl-C")
    parser.add_argument("--show", action="store_true", help="print what would be published, and publish nothing")
    parser.add_argument("--log-level", default="info")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where something cannot be published or the broker does not take it. Raises Wrong."""
    kept = register(args)
    if args.show:
        with sentences():
            return _show(Surveyor(kept))
    runtime.set_up_logging(args.log_level)
    try:
        file = load(args.config, PublishFile) if args.config else parse("", PublishFile, "the environment")
    except ConfigError as e:
        raise Wrong(str(e)) from e
    if args.once:
        return asyncio.run(_once(file, folder(args)))
    return runtime.run(lambda stop: _for_ever(file, folder(args), stop))


def _show(surveyor: Surveyor) -> int:
    survey = surveyor.survey(int(time.time() * 1000))
    for name, calibrations in sorted(survey.messages.items()):
        for channel, c in sorted(calibrations.items()):
            print(f"{name}/{channel}  {c.id}  {c.status}  {c.correction.type}  {c.reason}".rstrip())
        print(encode(calibrations).decode())
    return _problems(survey.problems)


def _problems(problems: list[str]) -> int:
    for problem in problems:
        print(f"labwire cal: {problem}", file=sys.stderr)
    return EXIT_FAILED if problems else EXIT_OK


async def _once(file: PublishFile, register_dir: Path) -> int:
    try:
        async with _client(file) as client:
            publisher = Publisher(client, Topics(file.broker.root), register_dir, file.name)
            try:
                async with asyncio.timeout(WAIT_S):
                    await anext(client.connections())
                    await publisher.look()
            except TimeoutError:
                return _problems([client.problem or "the broker does not answer"])
    except ConfigError as e:
        _problems([str(e)])
        return EXIT_CONFIG
    if publisher.published is not None:
        print(f"what is in force at {publisher.published} instruments, and what is due, is published")
    return _problems([publisher.problem] if publisher.problem else [])


async def _for_ever(file: PublishFile, register_dir: Path, stop: asyncio.Event) -> None:
    async with _client(file) as client, asyncio.TaskGroup() as tasks:
        publisher = Publisher(client, Topics(file.broker.root), register_dir, file.name)
        running = tasks.create_task(publisher.run(), name="publish calibrations")
        await stop.wait()
        running.cancel()


def _client(file: PublishFile) -> Client:
    """Beside the service, which may run as the same user."""
    return Client(file.broker, f"labwire-calibration-{file.name}-publish")
