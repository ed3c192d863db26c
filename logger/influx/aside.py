"""What the database refused, in a file a person can read: one JSON object a line, bounded."""

import json
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger("logger.influx")

FILE_NAME = "influx-refused.jsonl"
MOST_BYTES = 16 * 1024 * 1024
"""Beyond half of this the file becomes ``….old``; the one before goes."""


class Aside:
    """``file`` and ``file.old``, together at most ``most`` bytes. A disk that is full costs the lines, not the work."""

    def __init__(self, file: Path, most: int = MOST_BYTES) -> None:
        self.file = file
        self._most = most

    def put(self, lines: Sequence[bytes], reason: str, now: float) -> None:
        """Write refused lines with the database's reason; ``now`` in seconds since the epoch."""
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        texts = (
            json.dumps({"at": at, "reason": reason, "line": line.decode("utf-8", "replace")}, ensure_ascii=False)
            for line in lines
        )
        try:
            with self.file.open("a", encoding="utf-8") as out:
                out.writelines(f"{text}\n" for text in texts)
                full = out.tell() > self._most // 2
            if full:
                os.replace(self.file, self.file.with_name(self.file.name + ".old"))
        except OSError as e:
            log.error("%s cannot be written (%s): %d refused lines are only counted", self.file, e.strerror, len(lines))
