"""``labwire health``: whether a service lives, as everybody else sees it on the broker.

A service publishes its status every 30 s and the broker forgets it after 90 s, so a status that is there is recent.
For container health checks, monitoring and people: exit code 0 or 1, and one sentence.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from broker.client import Client
from broker.config import BrokerConfig, ConfigError, load
from broker.messages import EdgeStatus, MessageError, ServiceStatus, decode
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, set_up_logging
from broker.topics import Kind, Topics

HEALTHY = frozenset({"starting", "online", "degraded"})
SERVICES = ("edge", "msr", "logger", "bridge", "calibration")
READERS = frozenset({"edge", "msr"})
"""Those that publish the status of an edge."""


class Health(msgspec.Struct, frozen=True):
    """What was found: whether it lives, and a sentence."""

    alive: bool
    text: str


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when the service lives, 1 when not, 2 when its configuration cannot be read."""
    args = _parser().parse_args(argv)
    set_up_logging("error")
    try:
        name, broker = identity(args.service, args.config)
        health = asyncio.run(look(args.service, name, broker, args.timeout))
    except ConfigError as e:
        print(e, file=sys.stderr)
        return EXIT_CONFIG
    print(health.text)
    return EXIT_OK if health.alive else EXIT_SURPRISE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="labwire health", description="Whether a service lives, as everybody else sees it."
    )
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("-c", "--config", type=Path, required=True, help="the service's own configuration")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds to wait for the broker")
    return parser


def identity(service: str, config: Path) -> tuple[str, BrokerConfig]:
    """The service's name and how it reaches the broker, from its own file. Raises ConfigError."""
    if service == "edge":
        from edge.config import EdgeFile

        file = load(config, EdgeFile)
        return file.edge.name, file.broker
    if service == "msr":
        from msr_adapter.tables import MsrFile

        msr_file = load(config, MsrFile)
        return msr_file.msr.name, msr_file.broker
    if service == "logger":
        from logger.config import LoggerConfig

        logger_file = load(config, LoggerConfig)
        return logger_file.name, logger_file.broker
    if service == "calibration":
        from calibration.live.config import CalibrationConfig

        calibration_file = load(config, CalibrationConfig)
        return calibration_file.name, calibration_file.broker
    from bridge_ws.config import BridgeConfig

    bridge_file = load(config, BridgeConfig)
    return bridge_file.name, bridge_file.broker


async def look(service: str, name: str, broker: BrokerConfig, timeout_s: float) -> Health:
    """Read the retained status of ``service`` ``name``. Raises ConfigError."""
    topics = Topics(broker.root)
    edge = service in READERS
    topic = topics.edge_status(name) if edge else topics.service_status(service, name)
    async with Client(broker, f"health-{service}-{name}-{os.getpid()}") as client:
        client.subscribe(topic)
        try:
            async with asyncio.timeout(timeout_s):
                async for message in client.messages:
                    if message.topic == topic and message.payload:
                        return judge(
                            f"{service} {name}", Kind.EDGE_STATUS if edge else Kind.SERVICE_STATUS, message.payload
                        )
        except TimeoutError:
            pass
        return Health(False, client.problem or f"{service} {name} has said nothing for 90 s")


def judge(who: str, kind: Kind, payload: bytes) -> Health:
    """What a status means."""
    try:
        status: EdgeStatus | ServiceStatus = decode(kind, payload)
    except MessageError as e:
        return Health(False, f"{who}: {e}")
    reason = f": {status.reason}" if status.reason else ""
    return Health(status.state in HEALTHY, f"{who} is {status.state}{reason}")
