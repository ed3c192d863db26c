"""Which instruments have an alarm of their line that has not been cleared: on disk, for it outlives the process."""

import logging
from pathlib import Path

import msgspec

log = logging.getLogger("edge.raised")


class Raised:
    """Names of instruments. ``path`` None: in memory only. A disk that fails is logged, never raised."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._names = set() if path is None else _read(path)

    def note(self, name: str) -> None:
        """The alarm of ``name`` is raised."""
        if name not in self._names:
            self._names.add(name)
            self._write()

    def clear(self, name: str) -> bool:
        """Whether an alarm of ``name`` was raised; it is not any more."""
        if name not in self._names:
            return False
        self._names.discard(name)
        self._write()
        return True

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            new = self._path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(sorted(self._names)))
            new.replace(self._path)
        except OSError as e:
            log.error("%s cannot be written: %s", self._path, e.strerror or e)


def _read(path: Path) -> set[str]:
    try:
        return set(msgspec.json.decode(path.read_bytes(), type=list[str]))
    except FileNotFoundError:
        return set()
    except (OSError, msgspec.DecodeError) as e:
        log.error("%s cannot be read: %s", path, e)
        return set()
