"""SQLite's own check: pages, rows, indexes."""

from collections.abc import Callable, Iterator

from logger.store.reading import Reader

MOST = 20


def run(reader: Reader, progress: Callable[[float], None]) -> Iterator[str]:
    progress(0.0)
    with reader.snapshot() as db:
        for (text,) in db.execute(f"PRAGMA integrity_check({MOST})"):
            if text != "ok":
                yield f"SQLite: {text}"
    progress(1.0)
