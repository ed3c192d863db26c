"""What the projection has not written yet must not expire. Asked by the store's retention, in the store's thread."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from logger.influx.cursor import FILE_NAME


class Unwritten:
    """Whether rows are still to be written: True as long as the cursor does not say otherwise."""

    def __init__(self, folder: Path) -> None:
        self._address = f"file:{quote(str(folder / FILE_NAME))}?mode=ro"

    def __call__(self, source: str, boot: str, a: int, b: int) -> bool:
        try:
            with closing(sqlite3.connect(self._address, uri=True, timeout=1)) as db:
                row = db.execute(
                    "SELECT b FROM done WHERE source = ? AND boot = ? AND a <= ? ORDER BY a DESC LIMIT 1",
                    (source, boot, a),
                ).fetchone()
        except sqlite3.Error:  # not there yet, or busy: asked again with the next step
            return True
        return row is None or bool(row[0] < b)
