"""What a spool's folder needs besides its segments: one owner at a time, a small state file, synchronisation."""

import contextlib
import fcntl
import logging
import os
from pathlib import Path
from typing import TextIO

import msgspec

from broker.config import ConfigError
from broker.stretch import Kept

log = logging.getLogger("broker.folder")

_STATE = "state.json"


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the segments alone do not tell; written whenever one is finished or records are lost.

    ``stamps``: source → last stamp (µs since the epoch) and fold.
    """

    lost: int = 0
    stamps: dict[str, tuple[int, int]] = {}
    kept: list[Kept] = []


def lock(folder: Path) -> TextIO:
    """Make the folder ours until the returned file is closed. Raises ConfigError with one sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+", encoding="ascii")
    except OSError as e:
        raise ConfigError(f"the data folder {folder} cannot be used: {e.strerror or e}") from e
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        file.seek(0)
        owner = file.read(20).strip() or "unknown"
        file.close()
        raise ConfigError(
            f"the data folder {folder} is in use by another process (pid {owner}): stop it or give this one its own"
        ) from e
    with contextlib.suppress(OSError):  # a full disk: the lock itself holds
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    return file


def read_state(folder: Path) -> State:
    """The noted state; a fresh one when there is none or it is damaged. Raises OSError when it cannot be read."""
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except msgspec.DecodeError as e:
        log.error("%s is damaged, counters and watermarks start again: %s", folder / _STATE, e)
        return State()


def write_state(folder: Path, state: State) -> None:
    """Replace the noted state, whole or not at all. Raises OSError."""
    new = folder / f"{_STATE}.new"
    new.write_bytes(msgspec.json.encode(state))
    new.replace(folder / _STATE)


class DiskSync:
    """One synchronisation: shares no state, so that it can run in a thread."""

    def __init__(self, folder: Path, fds: list[int]) -> None:
        self._folder, self._fds = folder, fds

    def run(self) -> str:
        """Wait for the disk and close the descriptors; returns what went wrong, or an empty text."""
        try:
            for fd in self._fds:
                os.fsync(fd)
            _sync_folder(self._folder)
        except OSError as e:
            return f"the folder {self._folder} cannot be synchronised: {e.strerror or e}"
        finally:
            for fd in self._fds:
                os.close(fd)
        return ""


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
