"""The adapter as a program: one agent on the broker's side, one session on the server's."""

import asyncio
import logging
from collections.abc import Callable
from importlib.metadata import version

from broker.agent import Agent, AgentConfig
from broker.messages import Command, Value
from msr_adapter.adapter import Adapter
from msr_adapter.member import Member
from msr_adapter.remembered import Remembered
from msr_adapter.session import Address
from msr_adapter.tables import InstrumentTable, MsrFile

log = logging.getLogger("msr_adapter.service")


async def serve(config: MsrFile, stop: asyncio.Event) -> None:
    """Read the server until ``stop`` is set. What nobody foresaw ends it with that exception."""
    m = config.msr
    settings = AgentConfig(data_dir=m.data_dir, store=m.store, stored_by=m.stored_by, spool_bytes=m.spool_bytes)
    async with (
        Agent(config.broker, m.name, settings, version=version("labwire")) as agent,
        asyncio.TaskGroup() as tasks,
    ):
        adapter = Adapter(Address(m.host, m.port, m.tls, m.ca_file, m.cert_file, m.key_file), m.name)
        for table in config.instrument:
            adapter.add(_member(table, agent, adapter, m.data_dir))
        reading = tasks.create_task(adapter.run(), name="MSR adapter")
        log.info("%s reads %s into %d instruments", m.name, adapter.address, len(config.instrument))
        await stop.wait()
        reading.cancel()


def _member(table: InstrumentTable, agent: Agent, adapter: Adapter, folder: str) -> Member:
    """Announced as it was known last: the server may be away at the start."""
    remembered = Remembered(table, folder)

    async def execute(command: Command, _progress: Callable[[float], None]) -> dict[str, Value]:
        return await adapter.execute(table.name, command)

    outlet = agent.instrument(table.name, remembered.meta, execute, table.correct)
    outlet.status("offline", "connecting")
    return Member(table, outlet, remembered.keep)
