"""The faults of a machine do what they say: clock, disk."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks._machine import NO_FAKETIME, NO_TMPFS, clock, small_disk, writes_refused

TICKS = "import time\nwhile input():\n    print(time.time(), time.monotonic(), flush=True)"
WRITES = """
while path := input():
    try:
        with open(path, "wb") as file:
            file.write(bytes(10_000))
        print(0, flush=True)
    except OSError as e:
        print(e.errno, flush=True)
"""


class Child:
    """A Python program that answers each line with one."""

    def __init__(self, program: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(line, file=self.process.stdin, flush=True)
        return self.process.stdout.readline()

    def end(self) -> None:
        self.process.communicate("\n")


def test_a_running_programs_clock_is_stepped_and_its_monotonic_clock_is_not(tmp_path: Path) -> None:
    made = clock(tmp_path, "edge")
    if made is None:
        pytest.skip(NO_FAKETIME)
    child = Child(TICKS, **made.environment)
    try:
        for seconds in (0, 3600, -3600, 0):
            made.step(seconds)
            wall, monotonic = map(float, child.ask("now").split())
            assert abs(wall - time.time() - seconds) < 60
            assert abs(monotonic - time.monotonic()) < 60
    finally:
        child.end()


def test_a_full_disk_takes_nothing_until_it_has_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip(NO_TMPFS)
        file = disk.folder / "file"
        with disk.full(), pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            file.write_bytes(bytes(10_000))
        assert file.write_bytes(bytes(10_000))
    assert not os.path.ismount(tmp_path / "disk")


def test_a_running_programs_writes_are_refused_and_taken_again(tmp_path: Path) -> None:
    child = Child(WRITES)
    try:
        with writes_refused(child.process.pid, 4096):
            assert int(child.ask(str(tmp_path / "a"))) == errno.EFBIG
        assert int(child.ask(str(tmp_path / "b"))) == 0
    finally:
        child.end()
