import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from labwire.processes import LOG_BYTES, Child, Died, Processes, Program, tail
from tests.support.waiting import eventually

SLEEPS = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)

NOTES_ITS_END = (
    sys.executable,
    "-c",
    """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(time.monotonic())))
print("up", flush=True)
time.sleep(600)
""",
)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def started(processes: Processes, name: str, argv: tuple[str, ...], times: int = 1) -> Child:
    child = await processes.start(Program(name, argv))
    await eventually(lambda: child.log.read_text().count("up") == times, what=f"{name} started")
    return child


async def test_output_goes_to_a_log_file_each_and_grows_over_starts(tmp_path: Path) -> None:
    for times in (1, 2):
        async with Processes(tmp_path) as processes:
            await started(processes, "first", SLEEPS, times)
    assert (tmp_path / "first.log").read_text() == "up\nup\n"


async def test_a_long_log_begins_anew_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "first.log").write_bytes(b"x" * (LOG_BYTES + 1))
    async with Processes(tmp_path) as processes:
        await started(processes, "first", SLEEPS)
    assert (tmp_path / "first.log").read_text() == "up\n"
    assert (tmp_path / "first.log.old").stat().st_size == LOG_BYTES + 1


async def test_leaving_ends_everything_last_first(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        children = [await started(processes, name, NOTES_ITS_END) for name in ("a", "b", "c")]
    ends = [float(child.log.read_text().split()[1]) for child in children]
    assert ends == sorted(ends, reverse=True)
    assert [child.process.returncode for child in children] == [0, 0, 0]


async def test_who_does_not_listen_is_killed(tmp_path: Path) -> None:
    async with Processes(tmp_path, grace_s=0.1) as processes:
        child = await started(processes, "deaf", STUBBORN)
    assert child.process.returncode == -signal.SIGKILL


async def test_a_death_names_the_program_and_shows_its_last_lines(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        child = await processes.start(Program("oven", (sys.executable, "-c", "raise SystemExit('too hot')")))
        with pytest.raises(Died, match=r"(?s)oven ended with code 1; the end of .*oven\.log:\n  too hot"):
            await child.watch()


async def test_a_death_by_signal_names_the_signal(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        child = await started(processes, "oven", SLEEPS)
        child.process.kill()
        with pytest.raises(Died, match="oven was killed by SIGKILL"):
            await child.watch()


async def test_a_terminals_interrupt_does_not_reach_the_programs(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        child = await started(processes, "oven", SLEEPS)
        assert os.getpgid(child.process.pid) != os.getpgid(0)


async def test_interrupted_stopping_still_ends_everything(tmp_path: Path) -> None:
    inside = asyncio.Event()
    pids: list[int] = []

    async def owner() -> None:
        async with Processes(tmp_path, grace_s=600) as processes:
            pids.append((await started(processes, "deaf", STUBBORN)).process.pid)
            inside.set()

    task = asyncio.create_task(owner())
    await inside.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not alive(pids[0]), what="ended")


async def test_nothing_outlives_an_owner_that_was_killed(tmp_path: Path) -> None:
    owner = f"""
import asyncio, pathlib
from labwire.processes import Processes, Program
async def main():
    async with Processes(pathlib.Path({str(tmp_path)!r})) as processes:
        polite = await processes.start(Program("polite", {SLEEPS!r}))
        deaf = await processes.start(Program("deaf", {STUBBORN!r}))
        print(polite.process.pid, deaf.process.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", owner, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    pids = [int(pid) for pid in (await process.stdout.readline()).split()]
    await eventually(lambda: "up" in (tmp_path / "deaf.log").read_text(), what="both started")
    process.kill()
    await process.wait()
    await eventually(lambda: not any(alive(pid) for pid in pids), timeout=20, what="all ended")


def test_the_tail_of_a_log_is_short_and_never_empty(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("")
    assert tail(path) == "  (nothing was written)"
    path.write_text("".join(f"line {k}\n" for k in range(1000)))
    assert tail(path, 2) == "  line 998\n  line 999"
