"""What the broker remembers of us: instruments that left the configuration must not stay there for ever."""

import logging
from collections.abc import Container
from pathlib import Path

import msgspec

from broker.instrument import STATUS_EXPIRY_S, Desk
from broker.messages import Status, encode
from broker.topics import Kind

log = logging.getLogger("broker.announced")


class Announced:
    """The names of all instruments this edge has announced, on disk. A disk that fails is logged, never raised."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = self._read()

    def _read(self) -> set[str]:
        try:
            return set(msgspec.json.decode(self._path.read_bytes(), type=list[str]))
        except FileNotFoundError:
            return set()
        except (OSError, msgspec.DecodeError) as e:
            log.error("%s cannot be read: %s", self._path, e)
            return set()

    def add(self, name: str) -> None:
        if name not in self._names:
            self._names.add(name)
            self._write()

    def forget_others(self, present: Container[str], desk: Desk) -> None:
        """Clear what is retained of instruments that are not ``present``; their spooled records still go out."""
        for name in sorted(n for n in self._names if n not in present):
            if not desk.client.connected:
                return
            for kind in (Kind.META, Kind.STATUS, Kind.LAST):
                desk.client.publish(desk.topics.of(name, kind), b"", retain=True)
            if tell_hold(name, desk, "no longer configured"):
                continue
            log.info("%s has left the configuration: its retained messages are cleared", name)
            self._names.discard(name)
            self._write()

    def _write(self) -> None:
        try:
            new = self._path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(sorted(self._names)))
            new.replace(self._path)
        except OSError as e:
            log.error("%s cannot be written: %s", self._path, e.strerror or e)


def tell_hold(name: str, desk: Desk, reason: str) -> bool:
    """Tell the logger what is here of an instrument that is not served here; False when all of it is stored.

    It only commits what it has been told of. Not retained, so that nobody sees it later.
    """
    spool = desk.spool
    if not (spool.waiting(name, "samples") or spool.waiting(name, "events")):
        return False
    status = Status(
        state="offline",
        boot=desk.boot,
        conn=desk.client.connection,
        ts=desk.now_ms(),
        edge=desk.edge,
        reason=f"{reason}; what is spooled is still being stored",
        stored_by=desk.stored_by,
        hold=spool.hold(name, "samples"),
        ehold=spool.hold(name, "events"),
    )
    if desk.client.connected:
        desk.client.publish(desk.topics.of(name, Kind.STATUS), encode(status), expiry_s=STATUS_EXPIRY_S)
    return True
