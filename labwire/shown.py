"""Text for terminals: aligned columns, sizes and spans for people, nothing from the wire that a terminal would obey."""

from collections.abc import Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB")
COLOURS = {"online": "32", "degraded": "33", "starting": "33", "holding": "33"}
"""ANSI colours of states; any other is red."""


def printable(text: str) -> str:
    """``text`` without anything that a terminal would take as a command."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def size(number: float | None) -> str:
    """Bytes: ``1.2 MB``; a dash for None."""
    if number is None:
        return "–"
    value = float(number)
    for unit in _UNITS[:-1]:
        if abs(value) < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} {_UNITS[-1]}"


def span(seconds: float | None) -> str:
    """``0.4 s``, ``12 s``, ``5 min``, ``3 h``, ``4 d``; a dash for None."""
    if seconds is None:
        return "–"
    for limit, unit, name in ((100, 1, "s"), (6000, 60, "min"), (172_800, 3600, "h")):
        if abs(seconds) < limit:
            return f"{seconds / unit:.1f} {name}" if abs(seconds) < 10 else f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool = False) -> list[str]:
    """Aligned lines; the last column is as long as it is. With ``colour`` a column ``state`` has some."""
    cells = [[printable(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(titles))]
    lines = []
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if colour and row is not cells[0] and "state" in titles:
            at = list(titles).index("state")
            padded[at] = f"\x1b[{COLOURS.get(row[at], '31')}m{padded[at]}\x1b[0m"
        lines.append("  ".join(padded).rstrip())
    return lines
