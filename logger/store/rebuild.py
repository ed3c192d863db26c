"""Roll-ups made again from the rows, in small transactions; while that goes on, readers ask the rows themselves.

What roll-ups say of rows that have expired cannot be made again: it is kept.
"""

import sqlite3

import msgspec

from logger.pieces import Packed, unpack
from logger.rollups import OLD, WIDTHS_US, WINDOW, sheet_of
from logger.rollups import unpack as unpack_sheet
from logger.store import sheets as sheets_
from logger.store.rows import SHEET_BYTES, sheet_crc
from logger.store.shapes import Shapes
from logger.store.sheets import SheetWriter

_KEY = "rebuild"
AT_ONCE = 32
"""Pieces of a transaction."""


class _Progress(msgspec.Struct, frozen=True):
    """First the sheets up to ``last_sheet`` are cleared, then the pieces up to ``last_piece`` rolled up: both by id,
    ``done`` is the last one dealt with. What the logger finishes meanwhile is beyond both."""

    last_piece: int
    last_sheet: int
    clearing: bool = True
    done: int = 0


def pending(db: sqlite3.Connection) -> bool:
    """Whether the roll-ups are not whole now."""
    return _progress(db) is not None


def begin(db: sqlite3.Connection) -> None:
    """From now on the roll-ups count for nothing; inside a transaction."""
    (piece,) = db.execute("SELECT coalesce(max(id), 0) FROM piece").fetchone()
    (sheet,) = db.execute("SELECT coalesce(max(id), 0) FROM rollup").fetchone()
    _note(db, _Progress(piece, sheet))


def step(db: sqlite3.Connection, sheets: SheetWriter) -> bool:
    """Do some of what is left; inside a transaction. False when the roll-ups are whole."""
    progress = _progress(db)
    if progress is None:
        return False
    sheets.gathering = not progress.clearing  # or what is cleared would live on in a wider one
    if progress.clearing:
        _clear(db, progress, sheets)
    else:
        _roll(db, progress, sheets)
    return True


def _clear(db: sqlite3.Connection, progress: _Progress, sheets: SheetWriter) -> None:
    shapes = Shapes(db)
    rows = db.execute(
        "SELECT id, source, level, window, shape FROM rollup WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
        (progress.done, progress.last_sheet, 16 * AT_ONCE),
    ).fetchall()
    for id_, source, level, window, shape in rows:
        (first,) = db.execute("SELECT min(t_min) FROM piece WHERE source = ?", (source,)).fetchone()
        first = 2**62 if first is None else first
        width = WIDTHS_US[level]
        if (window + 1) * WINDOW * width <= first:
            continue
        crc, body = db.execute("SELECT crc, body FROM rollup WHERE id = ?", (id_,)).fetchone()
        if crc != sheet_crc(source, level, window, shape, body):
            sheets.drop(source, level, id_, len(body) + SHEET_BYTES)
            continue
        kept = sheets_.within(unpack_sheet(body, sheets_.names(shapes[shape])), -(2**62), first // width)
        sheets.cut(source, level, id_, kept, len(body) + SHEET_BYTES)
    if rows:
        _note(db, msgspec.structs.replace(progress, done=rows[-1][0]))
    else:
        _note(db, msgspec.structs.replace(progress, clearing=False, done=0))


def _roll(db: sqlite3.Connection, progress: _Progress, sheets: SheetWriter) -> None:
    shapes = Shapes(db)
    rows = db.execute(
        "SELECT seq, n, t_min, t_max, dt, extra, summary, body, shape, source, level, id FROM piece"  # noqa: S608 - ours
        f" WHERE id > ? AND id <= ? AND level < {OLD} ORDER BY id LIMIT {AT_ONCE}",
        (progress.done, progress.last_piece),
    ).fetchall()
    for row in rows:
        sheets.add(row[9], row[10], sheet_of(unpack(Packed(*row[:8]), shapes[row[8]]), row[10]))
    sheets.flush()
    if rows:
        _note(db, msgspec.structs.replace(progress, done=rows[-1][11]))
    else:
        db.execute("DELETE FROM store WHERE key = ?", (_KEY,))


def _progress(db: sqlite3.Connection) -> _Progress | None:
    row = db.execute("SELECT value FROM store WHERE key = ?", (_KEY,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=_Progress)


def _note(db: sqlite3.Connection, progress: _Progress) -> None:
    db.execute("INSERT OR REPLACE INTO store VALUES (?, ?)", (_KEY, msgspec.json.encode(progress).decode()))
