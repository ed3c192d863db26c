"""The delivery promise of one process on a real Mosquitto: clocks that went back, kills at named points."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from broker.ranges import Ranges
from tests.broker.standin import Disk, running
from tests.broker.test_agent import META, agent, nothing
from tests.support.broker import TestBroker
from tests.support.waiting import eventually

AGENT = """
import asyncio, os, sys
from broker.agent import Agent, AgentConfig
from broker.config import BrokerConfig
from broker.delivery import Delivery
from broker.messages import Channel, Meta
from broker.spool import Spool

port, secret, folder, where, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])

def doomed(method, stream):
    def call(self, *args, **more):
        result = method(self, *args, **more)
        if stream(self, *args) and doomed.left == 0:
            os.kill(os.getpid(), 9)
        return result
    return call

if where == "spooled":
    doomed.left = -1
    Spool.append = doomed(Spool.append, lambda spool, source, stream, *_: _count(stream == "samples"))
if where == "acknowledged":
    doomed.left = -1
    Delivery.acked = doomed(Delivery.acked, lambda *_: _count(True))

seen = 0
def _count(yes):
    global seen
    seen += yes
    doomed.left = 0 if yes and seen >= count else -1
    return yes

async def nothing(command, progress):
    return {}

async def main():
    config = BrokerConfig(port=port, user="edge-pi", password_file=secret)
    async with Agent(config, "pi", AgentConfig(data_dir=folder), version="1") as agent:
        balance = agent.instrument("balance1", Meta(name="B", channels={"weight": Channel()}), nothing)
        balance.status("online")
        for k in range(10_000):
            balance.sample({"weight": k})
            await asyncio.sleep(0.002)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("where", "count"), [("spooled", 1), ("spooled", 300), ("acknowledged", 1), ("acknowledged", 250)]
)
async def test_killed_at_a_named_point_every_sample_is_stored_by_the_next_run(
    mosquitto: TestBroker, tmp_path: Path, where: str, count: int
) -> None:
    """After the spool has it and before it is published; after the broker has it and before anybody stored it."""
    disk = Disk()
    secret = mosquitto.config("edge-pi").password_file
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", AGENT, str(mosquitto.port), secret, str(tmp_path / "edge"), where, str(count)
    )
    assert await asyncio.wait_for(process.wait(), 40) == -signal.SIGKILL
    async with agent(mosquitto, tmp_path / "edge") as edge, running(mosquitto, disk):
        edge.instrument("balance1", META, nothing)
        held = edge._spool.hold("balance1", "samples")[0]
        await eventually(lambda: disk.samples.get(("balance1", held.boot)) == Ranges([(0, held.next)]), 20)

    assert held.first == 0
    assert held.next >= count
    values = [disk.values["balance1", held.boot, k]["weight"] for k in range(held.next)]
    assert values == list(range(held.next))


async def test_a_new_run_of_the_logger_is_believed_though_its_clock_went_back(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    """A logger on a Raspberry Pi without a clock of its own may start in the past."""
    async with agent(mosquitto, tmp_path) as edge:
        balance = edge.instrument("balance1", META, nothing)
        async with running(mosquitto, Disk(), run="mh9-later"):
            balance.sample({"weight": 1})
            await eventually(lambda: not edge._outbox.waiting)
        empty = Disk()
        async with running(mosquitto, empty, run="mh8-earlier"):
            await eventually(lambda: empty.complete("balance1", 1))
