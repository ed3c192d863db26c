"""The bridge's life: one broker connection, one web server, and the tasks between them."""

import asyncio
import logging
import socket
import time
from pathlib import Path

from bridge_ws import routes, server, site
from bridge_ws.api import Api
from bridge_ws.calibration_desk import CalibrationDesk
from bridge_ws.calibrations import Calibrations
from bridge_ws.config import BridgeConfig
from bridge_ws.desk import Desk
from bridge_ws.gate import Gate
from bridge_ws.hub import Hub
from bridge_ws.past import Past
from bridge_ws.pulse import Pulse, release
from bridge_ws.records import Recorder
from bridge_ws.rings import Rings
from bridge_ws.site import Site
from bridge_ws.tokenfile import TokenFile, read
from bridge_ws.tokens import TokensError
from bridge_ws.world import World
from bridge_ws.ws import Door
from broker.client import Client
from broker.config import ConfigError
from broker.records import Records
from broker.runtime import Clock, new_boot
from broker.topics import Topics

log = logging.getLogger("bridge_ws.service")


async def serve(config: BridgeConfig, stop: asyncio.Event, *, clock: Clock = time.time) -> None:
    """Run the bridge until ``stop``. Raises ConfigError; whatever else ends a task ends the process."""
    tokens = _tokens(config)
    page = site.find(config.dashboard_dir)
    if page.problem:
        log.error("%s", page.problem)
    topics = Topics(config.broker.root)
    pulse = Pulse(topics, config.name, new_boot(clock), config.stored_by, clock)
    client_id = config.broker.user or f"bridge-{config.name}"
    with server.bind(config.host, config.port) as listener:
        async with (
            Client(config.broker, client_id, will=pulse.will) as client,
            Records(
                client,
                topics,
                Path(config.data_dir) / "records",
                f"_bridge-{config.name}",
                stored_by=config.stored_by,
                clock=clock,
            ) as spooled,
        ):
            recorder = Recorder(spooled, client, topics, config.name, clock)
            hub = _hub(config, client, topics, recorder, clock)
            gate = Gate(tokens, anonymous=config.anonymous == "viewer", origins=config.allowed_origins, clock=clock)
            await _run(_web(config, page, hub, gate, clock), hub, pulse, client, listener, stop)


def _tokens(config: BridgeConfig) -> TokenFile:
    """Raises ConfigError for a file that is there and wrong; later mistakes in it only leave the old ones in force."""
    path = Path(config.tokens_file) if config.tokens_file else None
    try:
        entries = read(path) if path else []
    except TokensError as e:
        raise ConfigError(str(e)) from e
    if not entries and config.anonymous == "none":
        log.warning("nobody has a token yet: `labwire bridge token add NAME --role operator` makes one")
    return TokenFile(path)


def _hub(config: BridgeConfig, client: Client, topics: Topics, recorder: Recorder, clock: Clock) -> Hub:
    world = World(Rings(config.ring_s, config.ring_bytes), lambda: clock() * 1000)
    desk, calibrations = Desk(client, topics, world, clock=clock), CalibrationDesk(client, topics, clock=clock)
    return Hub(client, topics, world, desk, calibrations, recorder, clock=clock)


def _web(config: BridgeConfig, page: Site, hub: Hub, gate: Gate, clock: Clock) -> server.Server:
    past = Past(config.databases, config.influx)
    api = Api(hub, gate, past, hub.records, clock)
    register = Calibrations(Path(config.calibration_dir) if config.calibration_dir else None)
    return server.make(routes.build(api, Door(hub, gate, hub.records), page, release(), register))


async def _run(
    web: server.Server, hub: Hub, pulse: Pulse, client: Client, listener: socket.socket, stop: asyncio.Event
) -> None:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.run(web, listener), name="bridge web")
        workers = [
            group.create_task(work, name=f"bridge {name}")
            for name, work in {
                "read": hub.read(),
                "flush": hub.flush(),
                "tick": hub.tick(),
                "confirm": hub.desk.confirm(),
                "greet": pulse.greet(client, hub),
                "beat": pulse.beat(client, hub, asyncio.sleep),
            }.items()
        ]
        host, port = listener.getsockname()[:2]
        log.info("the page is at http://%s:%d/", host, port)
        await stop.wait()
        if client.connected:
            pulse.say(client, hub, "offline")
        web.should_exit = True
        await serving
        for worker in workers:
            worker.cancel()
