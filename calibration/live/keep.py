"""Runs on disk: ``runs/<run>.json`` in the register, whole or not at all, by one program at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calibration.live import progress
from calibration.live.progress import Snapshot


class KeepError(Exception):
    """A run that cannot be kept or found; one sentence."""


class Keep:
    """The folder of runs under way."""

    def __init__(self, register: Path) -> None:
        self.folder = register / "runs"

    def save(self, snapshot: Snapshot) -> None:
        """On disk when it returns. Raises KeepError."""
        path = self._path(snapshot.setup.run)
        fresh = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(progress.write(snapshot))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _sync_folder(self.folder)
        except OSError as e:
            raise KeepError(f"{path} cannot be written: {e.strerror}") from e

    def load(self, run: str) -> Snapshot:
        """Raises KeepError."""
        path = self._path(run)
        try:
            return progress.read(path.read_bytes())
        except FileNotFoundError as e:
            raise KeepError(f"there is no run {run} in {self.folder}") from e
        except OSError as e:
            raise KeepError(f"{path} cannot be read: {e.strerror}") from e
        except ValueError as e:
            raise KeepError(f"{path}: {e}") from e

    def runs(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.json"))

    @contextmanager
    def owning(self, run: str) -> Iterator[None]:
        """The only program that hosts ``run``. Raises KeepError."""
        path = self._path(run).with_suffix(".lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as e:
            raise KeepError(f"{path} cannot be written: {e.strerror}") from e
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as e:
                raise KeepError(f"run {run} is being made by another program") from e
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def _path(self, run: str) -> Path:
        if "/" in run or run.startswith(".") or not run:
            raise KeepError(f"{run!r} is not the name of a run")
        return self.folder / f"{run}.json"


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
