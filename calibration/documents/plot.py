"""The error plot as vectors: uncertainty bars, tolerance lines, crosses as found, discs as left, the fitted curve."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from calibration.documents.sheet import BLACK, BLUE, GREY, RED, Colour, Sheet
from calibration.exact import arithmetic, exact
from calibration.rounding import plain

_SMALL = 7.0
_ROOM = 17.0
"""For the labels left of the frame."""
_GRID: Colour = (222, 222, 222)
FOUND: Colour = (110, 110, 110)


@dataclass(frozen=True, slots=True)
class Mark:
    """One result."""

    x: float
    error: float
    U: float


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn. ``limits`` are (x, low, high), ``curve`` (x, error the curve stands for); both rise in x."""

    found: Sequence[Mark]
    left: Sequence[Mark]
    limits: Sequence[tuple[float, float, float]]
    curve: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Words:
    """What is written beside it, and how numbers are."""

    x: str
    y: str
    found: str
    left: str
    limits: str
    curve: str
    number: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Frame:
    """From values to millimetres."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height


def draw(sheet: Sheet, plot: Plot, words: Words, height: float = 56.0) -> None:
    """The plot over the whole width, below ``sheet.y``."""
    sheet.need(height + 17)
    _legend(sheet, plot, words)
    frame = _frame(sheet, plot, height)
    _axes(sheet, frame, words)
    for side in (1, 2):
        _path(sheet, frame, [(limit[0], limit[side]) for limit in plot.limits], RED, 0.3)
    _path(sheet, frame, plot.curve, BLUE, 0.25, dash=1.2)
    shift = 0.6 if plot.found and plot.left else 0.0
    for mark in plot.found:
        _cross(sheet, frame, mark, -shift)
    for mark in plot.left:
        _disc(sheet, frame, mark, shift)
    sheet.y = frame.top + frame.height + 11.5


def ticks(low: float, high: float, most: int) -> list[Decimal]:
    """At most ``most`` + 1 multiples of 1, 2 or 5 times a power of ten within the range."""
    with arithmetic():
        least, greatest = exact(low), exact(high)
        wanted = (greatest - least) / most
        power = Decimal(1).scaleb(wanted.adjusted())
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
        return [step * i for i in range(math.ceil(least / step), math.floor(greatest / step) + 1)]


def _frame(sheet: Sheet, plot: Plot, height: float) -> _Frame:
    marks = [*plot.found, *plot.left]
    xs = [mark.x for mark in marks]
    ys = [mark.error + side * mark.U for mark in marks for side in (-1, 1)]
    ys += [limit for _, low, high in plot.limits for limit in (low, high)] + [y for _, y in plot.curve] + [0.0]
    return _Frame(
        sheet.left + _ROOM,
        sheet.y,
        sheet.width - _ROOM - 2,
        height,
        _wider(min(xs), max(xs), 0.05),
        _wider(min(ys), max(ys), 0.08),
    )


def _wider(low: float, high: float, share: float) -> tuple[float, float]:
    if low == high:
        room = abs(low) / 10 or 1.0
        return low - room, high + room
    room = (high - low) * share
    return low - room, high + room


def _axes(sheet: Sheet, frame: _Frame, words: Words) -> None:
    right, low = frame.left + frame.width, frame.top + frame.height
    for tick in ticks(*frame.x, 10):
        x, _ = frame.at(float(tick), frame.y[0])
        sheet.line(x, frame.top, x, low, colour=_GRID, weight=0.1)
        sheet.text(x, low + 3.6, words.number(_numeral(tick)), size=_SMALL, align="centre")
    for tick in ticks(*frame.y, 8):
        _, y = frame.at(frame.x[0], float(tick))
        grid = (GREY, 0.2) if not tick else (_GRID, 0.1)
        sheet.line(frame.left, y, right, y, colour=grid[0], weight=grid[1])
        sheet.text(frame.left - 1.2, y + 0.9, words.number(_numeral(tick)), size=_SMALL, align="right")
    sheet.box(frame.left, frame.top, frame.width, frame.height, edge=BLACK, weight=0.2)
    sheet.text(frame.left + frame.width / 2, low + 8.2, words.x, size=_SMALL + 0.5, align="centre")
    with sheet.upright(sheet.left + 2.6, frame.top + frame.height / 2):
        middle = frame.top + frame.height / 2
        sheet.text(sheet.left + 2.6, middle, words.y, size=_SMALL + 0.5, align="centre")


def _numeral(tick: Decimal) -> str:
    return plain(tick) if tick else "0"


def _path(
    sheet: Sheet, frame: _Frame, points: Sequence[tuple[float, float]], colour: Colour, weight: float, dash: float = 0.0
) -> None:
    if len(points) == 1:
        # One point: its limits are drawn across.
        points = [(frame.x[0], points[0][1]), (frame.x[1], points[0][1])]
    if points:
        sheet.path([frame.at(x, y) for x, y in points], colour=colour, weight=weight, dash=dash)


def _bar(sheet: Sheet, frame: _Frame, mark: Mark, shift: float, colour: Colour) -> tuple[float, float]:
    """The uncertainty bar; returns where the mark itself goes."""
    x, y = frame.at(mark.x, mark.error)
    x += shift
    high, low = frame.at(mark.x, mark.error + mark.U)[1], frame.at(mark.x, mark.error - mark.U)[1]
    sheet.line(x, low, x, high, colour=colour, weight=0.2)
    for end in (low, high):
        sheet.line(x - 0.9, end, x + 0.9, end, colour=colour, weight=0.2)
    return x, y


def _cross(sheet: Sheet, frame: _Frame, mark: Mark, shift: float) -> None:
    _x(sheet, *_bar(sheet, frame, mark, shift, FOUND))


def _x(sheet: Sheet, x: float, y: float) -> None:
    for side in (-1, 1):
        sheet.line(x - 1.1, y - side * 1.1, x + 1.1, y + side * 1.1, colour=FOUND, weight=0.4)


def _disc(sheet: Sheet, frame: _Frame, mark: Mark, shift: float) -> None:
    x, y = _bar(sheet, frame, mark, shift, BLACK)
    sheet.disc(x, y, 0.85, BLACK)


def _legend(sheet: Sheet, plot: Plot, words: Words) -> None:
    """One row above the frame."""
    x, y = sheet.left + _ROOM, sheet.y + 3.0
    if plot.found:
        _x(sheet, x + 3, y - 0.9)
        x = _named(sheet, x, y, words.found)
    if plot.left:
        sheet.disc(x + 3, y - 0.9, 0.85, BLACK)
        x = _named(sheet, x, y, words.left)
    if plot.limits:
        sheet.line(x, y - 0.9, x + 6, y - 0.9, colour=RED, weight=0.3)
        x = _named(sheet, x, y, words.limits)
    if plot.curve:
        sheet.line(x, y - 0.9, x + 6, y - 0.9, colour=BLUE, weight=0.25, dash=1.2)
        _named(sheet, x, y, words.curve)
    sheet.y += 5.0


def _named(sheet: Sheet, x: float, y: float, text: str) -> float:
    sheet.text(x + 7.2, y, text, size=_SMALL)
    return x + 7.2 + sheet.measure(text, size=_SMALL) + 5.0
