"""A QR code as rectangles."""

import segno

from calibration.documents.sheet import BLACK, Sheet

QUIET = 4
"""Modules of white around it, as the standard wants."""


def draw(sheet: Sheet, text: str, x: float, y: float, side: float) -> None:
    """The code with its quiet zone in a square of ``side`` mm; neighbours in a row are one rectangle."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = side / (len(rows) + 2 * QUIET)
    for i, row in enumerate(rows):
        start = 0
        while start < len(row):
            end = start
            while end < len(row) and row[end]:
                end += 1
            if end > start:
                sheet.box(
                    x + (start + QUIET) * module, y + (i + QUIET) * module, (end - start) * module, module, fill=BLACK
                )
            start = max(end, start + 1)
