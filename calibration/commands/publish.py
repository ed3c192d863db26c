"""``labwire cal publish``: tell the broker which calibrations are in force, once or for ever."""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec

from broker import runtime
from broker.client import Client
from broker.config import ConfigError, parse
from broker.messages import encode
from broker.runtime import EXIT_CONFIG
from broker.topics import Topics
from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong
from calibration.commands.common import add_dir, folder, sentences
from calibration.live.config import CalibrationConfig, read
from calibration.publish import Publisher
from calibration.register import Register
from calibration.register.survey import Surveyor

WAIT_S = 10.0


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, help="calibration.toml; else LABWIRE_BROKER_HOST, _USER, …")
    parser.add_argument("--once", action="store_true", help="end when the broker has it; else go on until Ctrl-C")
    parser.add_argument("--show", action="store_true", help="print what would be published, and publish nothing")
    parser.add_argument("--log-level", default="info")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where something cannot be published or the broker does not take it. Raises Wrong."""
    config = _config(args)
    with sentences():
        kept = Register.open(Path(config.calibration_dir))
        if args.show:
            return _show(Surveyor(kept))
    runtime.set_up_logging(args.log_level)
    if args.once:
        return asyncio.run(_once(config))
    return runtime.run(lambda stop: _for_ever(config, stop))


def _config(args: argparse.Namespace) -> CalibrationConfig:
    """The service's file; without one, the environment. ``--dir`` is another register. Raises Wrong."""
    try:
        if args.config is None:
            return parse(f"calibration_dir = {json.dumps(str(folder(args)))}", CalibrationConfig, "the environment")
        found = read(args.config)
    except ConfigError as e:
        raise Wrong(str(e)) from e
    return msgspec.structs.replace(found, calibration_dir=str(args.dir)) if args.dir else found


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


async def _once(config: CalibrationConfig) -> int:
    try:
        async with _client(config) as client:
            publisher = _publisher(config, client)
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


async def _for_ever(config: CalibrationConfig, stop: asyncio.Event) -> None:
    async with _client(config) as client, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_publisher(config, client).run(), name="publish calibrations")
        await stop.wait()
        running.cancel()


def _client(config: CalibrationConfig) -> Client:
    """Beside the service, which may run as the same user."""
    return Client(config.broker, f"labwire-calibration-{config.name}-publish")


def _publisher(config: CalibrationConfig, client: Client) -> Publisher:
    return Publisher(client, Topics(config.broker.root), Path(config.calibration_dir), config.name)
