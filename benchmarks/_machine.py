"""What happens to a machine: its clock is stepped, its disk is full or refuses to write."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

NO_FAKETIME = "no clock is stepped: libfaketime is not there (Debian's package libfaketime)"
NO_TMPFS = "no disk is filled: only root may mount a small one"
PATTERNS = ("lib/*/faketime/libfaketimeMT.so.1", "lib/faketime/libfaketimeMT.so.1", "lib64/faketime/libfaketimeMT.so.1")
DISK_BYTES = 512 << 20
STEP = 1 << 20


def libfaketime() -> Path | None:
    """Its library for programs with threads."""
    return next((path for p in PATTERNS for root in ("/usr", "/usr/local") for path in Path(root).glob(p)), None)


@dataclass(frozen=True, slots=True)
class SteppedClock:
    """The wall clock of programs that run with ``environment``; their monotonic clock stays as it is."""

    file: Path
    library: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, seconds: int) -> None:
        """So far from the true time from now on."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        os.replace(new, self.file)


def clock(folder: Path, program: str) -> SteppedClock | None:
    """A clock for one program, on time at first; None where there is no libfaketime."""
    library = libfaketime()
    if library is None:
        return None
    made = SteppedClock(folder / f"{program}.clock", library)
    made.step(0)
    return made


def tidy_clocks() -> None:
    """Remove what libfaketime leaves in shared memory of programs that were killed."""
    for file in Path("/dev/shm").glob("*faketime_s*_*"):  # noqa: S108 - where the C library puts it
        pid = file.name.rpartition("_")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            with contextlib.suppress(OSError):
                file.unlink()


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk of its own, mounted at ``folder``."""

    folder: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is left."""
        balloon = self.folder / "balloon"
        try:
            with balloon.open("wb") as file:
                _fill(file.fileno())
            yield
        finally:
            balloon.unlink(missing_ok=True)


def _fill(file: int) -> None:
    step, size = STEP, 0
    while step >= 512:
        try:
            os.posix_fallocate(file, size, step)
            size += step
        except OSError:
            step //= 2


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """A disk of DISK_BYTES at ``folder``; None where this user may not mount one."""
    folder.mkdir()
    told = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(told, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield Disk(folder) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def writes_refused(pid: int, beyond: int) -> Iterator[None]:
    """A process and its children cannot write a file beyond so many bytes: EFBIG, which SQLite calls an I/O error."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    _limit(pid, (beyond, before[1]))
    try:
        yield
    finally:
        _limit(pid, before)


def _limit(pid: int, limits: tuple[int, int]) -> None:
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        for one in (pid, *(child.pid for child in psutil.Process(pid).children())):
            resource.prlimit(one, resource.RLIMIT_FSIZE, limits)
