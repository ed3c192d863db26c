"""The simulator as a person starts it."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from broker.mosquitto import free_port
from msr_adapter.simulator.run import Settings, simulating, tell
from msr_adapter.wire import Connected
from tests.msr_adapter.simulator.client import connect
from tests.support.waiting import eventually


async def test_the_control_pipe(tmp_path: Path) -> None:
    control = tmp_path / "control"
    async with simulating(Settings(signals=2, control=control)) as server:
        await eventually(control.exists)
        tell(control, "nonsense")
        tell(control, "late 7")
        await eventually(lambda: server.faults.late_s == 7.0)
        tell(control, "normal")
        await eventually(lambda: server.faults.late_s == 0.0)
    assert not control.exists()


async def test_the_command(tmp_path: Path) -> None:
    port = free_port()
    words = ["--port", str(port), "--signals", "4", "--control", str(tmp_path / "c"), "--fault", "late 0.1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "labwire", "msr", "simulate", *words, stdout=DEVNULL, stderr=PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(40):
            while b"MSR server on" not in await process.stderr.readline():
                pass
        async with connect(port) as client:
            assert (await client.next(Connected)).app == "labwire malting plant"
        tell(tmp_path / "c", "door open")
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.communicate()
    assert process.returncode == 0
