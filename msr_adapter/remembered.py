"""What an instrument was known to be, kept on disk: only the server can tell, and it may be away."""

import logging
from pathlib import Path

from broker.messages import MessageError, Meta, decode, encode
from broker.topics import Kind
from msr_adapter.plan import STALE_MS
from msr_adapter.tables import InstrumentTable

log = logging.getLogger("msr_adapter.remembered")


class Remembered:
    """``meta`` as it was kept by an earlier run; of an instrument that is new, its name only."""

    def __init__(self, table: InstrumentTable, folder: str) -> None:
        self._path = Path(folder) / f"meta-{table.name}.json"
        self.meta = self._read() or Meta(
            name=table.label or table.name, simulated=table.simulated, stale_ms=table.stale_ms or STALE_MS
        )

    def keep(self, meta: Meta) -> None:
        """Note the description for the next start."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(encode(meta))
            fresh.replace(self._path)
        except OSError as e:
            log.warning("%s cannot be written: %s", self._path, e.strerror or e)

    def _read(self) -> Meta | None:
        try:
            meta: Meta = decode(Kind.META, self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, MessageError) as e:
            log.warning("%s cannot be read: %s", self._path, e)
            return None
        return meta
