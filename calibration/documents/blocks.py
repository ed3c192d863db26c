"""What pages are made of: headings, paragraphs, pairs of label and value, tables that go on over pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.documents.sheet import BLACK, GREY, LIGHT, Align, Colour, Sheet

SIZE = 8.5
"""Points of running text."""
LEADING = 1.28
_PAD = 1.3


@dataclass(frozen=True, slots=True)
class Column:
    """``head`` is up to two lines; ``wraps`` for words that may take several lines, the others stay in one."""

    head: str
    unit: str = ""
    align: Align = "right"
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text of a table that is more than black."""

    text: str
    colour: Colour = BLACK
    bold: bool = False


Row = Sequence[str | Cell]


def step(size: float) -> float:
    """From line to line, in mm."""
    return size * LEADING * 25.4 / 72


def heading(sheet: Sheet, text: str, *, keep: float = 22.0, size: float = 10.5) -> None:
    """A heading, on the page of the ``keep`` mm that follow."""
    sheet.need(keep + 8)
    sheet.y += 3.4 if sheet.y > sheet.paper.top else 0.0
    sheet.text(sheet.left, sheet.y + 3.2, text, size=size, bold=True)
    sheet.y += 4.6
    sheet.line(sheet.left, sheet.y, sheet.right, sheet.y, colour=GREY, weight=0.15)
    sheet.y += 1.6


def paragraph(
    sheet: Sheet, text: str, *, size: float = SIZE, bold: bool = False, colour: Colour = BLACK, indent: float = 0.0
) -> None:
    """Running text over the whole width; nothing for no text."""
    if not text:
        return
    for line in sheet.wrap(text, sheet.width - indent, size=size, bold=bold):
        sheet.need(step(size))
        sheet.text(sheet.left + indent, sheet.y + size * 0.30, line, size=size, bold=bold, colour=colour)
        sheet.y += step(size)
    sheet.y += 0.8


def points(sheet: Sheet, texts: Sequence[str], *, size: float = SIZE) -> None:
    """A list."""
    for text in texts:
        sheet.need(step(size))
        sheet.text(sheet.left + 0.8, sheet.y + size * 0.30, "•", size=size)
        paragraph(sheet, text, size=size, indent=4.0)


def pairs(sheet: Sheet, entries: Sequence[tuple[str, str]], *, columns: int = 1, label: float = 38.0) -> None:
    """Labels with their values; those without a value are left out. Two columns are filled row by row."""
    shown = [(name, value) for name, value in entries if value]
    words = [word for name, _ in shown for word in name.split(" ")]
    gap = 5.0
    width = (sheet.width - gap * (columns - 1)) / columns
    label = min(max([label, *(sheet.measure(word, size=SIZE) + 2.5 for word in words)]), width * 0.45)
    for start in range(0, len(shown), columns):
        cells = [
            (name, sheet.wrap(value, width - label, size=SIZE), sheet.wrap(name, label - 2, size=SIZE))
            for name, value in shown[start : start + columns]
        ]
        height = max(len(lines) for _, values, names in cells for lines in (values, names)) * step(SIZE)
        sheet.need(height)
        for i, (_, values, names) in enumerate(cells):
            x = sheet.left + i * (width + gap)
            _lines(sheet, x, names, GREY)
            _lines(sheet, x + label, values, BLACK)
        sheet.y += height + 0.35
    sheet.y += 0.6


def _lines(sheet: Sheet, x: float, lines: Sequence[str], colour: Colour) -> None:
    for i, line in enumerate(lines):
        sheet.text(x, sheet.y + SIZE * 0.30 + i * step(SIZE), line, size=SIZE, colour=colour)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A table with its widths; ``size`` is what makes it fit."""

    columns: Sequence[Column]
    widths: Sequence[float]
    size: float
    x: float


def table(
    sheet: Sheet, columns: Sequence[Column], rows: Sequence[Row], *, size: float = 8.0, full: bool = True
) -> None:
    """Horizontal rules only, a grey head that is repeated on each page; ``full`` stretches it to the whole width."""
    laid = _lay(sheet, columns, rows, size, full)
    first = _height(sheet, laid, rows[0]) if rows else 0.0
    sheet.need(_head_height(laid) + 2 * first)
    _head(sheet, laid)
    for row in rows:
        height = _height(sheet, laid, row)
        if sheet.y + height > sheet.low:
            _end(sheet, laid)
            sheet.page()
            _head(sheet, laid)
        _row(sheet, laid, row, height)
    _end(sheet, laid)
    sheet.y += 2.2


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _lay(sheet: Sheet, columns: Sequence[Column], rows: Sequence[Row], size: float, full: bool) -> _Laid:
    """Letters are made smaller, down to 5.5 points, until what may not wrap fits."""
    while True:
        natural = [_natural(sheet, column, i, rows, size) for i, column in enumerate(columns)]
        least = [min(w, 24.0 * size / 8) if c.wraps else w for c, w in zip(columns, natural, strict=True)]
        if sum(least) <= sheet.width or size <= 5.5:
            break
        size -= 0.25
    widths = _shared(natural, least, columns, sheet.width, full)
    return _Laid(columns, widths, size, sheet.left)


def _natural(sheet: Sheet, column: Column, i: int, rows: Sequence[Row], size: float) -> float:
    heads = [sheet.measure(text, size=size, bold=True) for text in (column.head, column.unit)]
    cells = [_cell(row[i]) for row in rows]
    inside = [sheet.measure(line, size=size, bold=c.bold) for c in cells for line in c.text.split("\n")]
    return max([*heads, *inside]) + 2 * _PAD


def _shared(
    natural: Sequence[float], least: Sequence[float], columns: Sequence[Column], width: float, full: bool
) -> list[float]:
    """Words get what numbers leave; what nobody needs is spread evenly."""
    if sum(natural) <= width:
        extra = (width - sum(natural)) / len(natural) if full else 0.0
        return [w + extra for w in natural]
    short = sum(natural) - width
    give = [n - low if c.wraps else 0.0 for n, low, c in zip(natural, least, columns, strict=True)]
    total = sum(give)
    if total <= 0:
        return [n * width / sum(natural) for n in natural]
    return [n - g * min(1.0, short / total) for n, g in zip(natural, give, strict=True)]


def _broken(sheet: Sheet, laid: _Laid, i: int, cell: Cell) -> list[str]:
    return sheet.wrap(cell.text, laid.widths[i] - 2 * _PAD + 0.01, size=laid.size, bold=cell.bold)


def _height(sheet: Sheet, laid: _Laid, row: Row) -> float:
    count = max(len(_broken(sheet, laid, i, _cell(value))) for i, value in enumerate(row))
    return count * step(laid.size) + 1.3


def _head_height(laid: _Laid) -> float:
    return (2 if any(c.unit for c in laid.columns) else 1) * step(laid.size) + 1.2


def _head(sheet: Sheet, laid: _Laid) -> None:
    height = _head_height(laid)
    sheet.box(laid.x, sheet.y, sum(laid.widths), height, fill=LIGHT)
    x = laid.x
    for column, width in zip(laid.columns, laid.widths, strict=True):
        for i, text in enumerate((column.head, column.unit)):
            at = sheet.y + 0.6 + laid.size * 0.29 + i * step(laid.size)
            _aligned(sheet, x, width, at, Cell(text, BLACK, bold=True) if i == 0 else Cell(text, GREY), column, laid)
        x += width
    sheet.y += height
    sheet.line(laid.x, sheet.y, laid.x + sum(laid.widths), sheet.y, colour=GREY, weight=0.25)


def _aligned(sheet: Sheet, x: float, width: float, y: float, cell: Cell, column: Column, laid: _Laid) -> None:
    place = {"left": x + _PAD, "right": x + width - _PAD, "centre": x + width / 2}[column.align]
    sheet.text(place, y, cell.text, size=laid.size, bold=cell.bold, align=column.align, colour=cell.colour)


def _row(sheet: Sheet, laid: _Laid, row: Row, height: float) -> None:
    x = laid.x
    for i, value in enumerate(row):
        cell, column = _cell(value), laid.columns[i]
        for j, line in enumerate(_broken(sheet, laid, i, cell)):
            at = sheet.y + 0.75 + laid.size * 0.29 + j * step(laid.size)
            _aligned(sheet, x, laid.widths[i], at, Cell(line, cell.colour, cell.bold), column, laid)
        x += laid.widths[i]
    sheet.y += height
    sheet.line(laid.x, sheet.y, laid.x + sum(laid.widths), sheet.y, colour=(200, 200, 200), weight=0.1)


def _end(sheet: Sheet, laid: _Laid) -> None:
    sheet.line(laid.x, sheet.y, laid.x + sum(laid.widths), sheet.y, colour=GREY, weight=0.25)
