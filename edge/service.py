"""The edge daemon: one named task per instrument, all behind one agent."""

import asyncio
import logging
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from broker.agent import Agent, AgentConfig
from broker.config import ConfigError
from edge.config import EdgeConfig
from edge.links import is_plugged, make_link
from edge.links.address import I2cAddress, SerialAddress
from edge.raised import Raised
from edge.supervise import Supervised

log = logging.getLogger("edge.service")


async def serve(config: EdgeConfig, stop: asyncio.Event) -> None:
    """Read all instruments until ``stop`` is set. What is no LinkError ends it with that exception.

    Raises ConfigError when a serial line or a bus is wanted and its library is not installed.
    """
    _need_libraries(config)
    e = config.edge
    settings = AgentConfig(data_dir=e.data_dir, store=e.store, stored_by=e.stored_by, spool_bytes=e.spool_bytes)
    async with (
        Agent(config.broker, e.name, settings, version=version("labwire")) as agent,
        asyncio.TaskGroup() as tasks,
    ):
        running = []
        raised = Raised(Path(e.data_dir) / "raised.json")
        for prepared in config.instruments:
            address = prepared.address
            new_link, plugged = partial(make_link, address), partial(is_plugged, address)
            one = Supervised(prepared.name, prepared.driver, new_link, plugged=plugged, raised=raised)
            outlet = agent.instrument(prepared.name, prepared.meta, one.execute, prepared.correct)
            running.append(tasks.create_task(one.run(outlet), name=f"instrument {prepared.name}"))
        log.info("edge %s reads %s", e.name, ", ".join(i.name for i in config.instruments) or "no instruments")
        await stop.wait()
        for task in running:
            task.cancel()


def _need_libraries(config: EdgeConfig) -> None:
    needed = {type(i.address) for i in config.instruments}
    for kind, module, sentence in _LIBRARIES:
        if kind in needed:
            try:
                import_module(module)
            except ModuleNotFoundError as e:
                raise ConfigError(sentence) from e


_LIBRARIES = (
    (SerialAddress, "serial", "serial lines need the library pyserial: pip install 'labwire[edge]'"),
    (I2cAddress, "smbus2", "I²C needs the library smbus2: pip install 'labwire[i2c]'"),
)
