"""A calibration applied to samples: value = raw + C(raw), the raw value beside it, its uncertainty. Pure.

Nothing is corrected twice: a channel that its driver has corrected already (``cal``, or a raw value beside it) stays
as it is. Columns are worked on as a whole, so that fast signals cost little.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from broker.calibration import Calibration, Correction
from broker.values import Quality, Value, finite

RAW = "_raw"
SAME = 1.05
"""A block carries one uncertainty, its greatest, while the smallest is within this factor: U has two digits."""

Add = Callable[[Sequence[float]], list[float]]
"""Raw values → corrected values."""


def raw_name(channel: str) -> str:
    """Where the raw value of a corrected channel stands."""
    return channel + RAW


def ended(calibration: Calibration) -> bool:
    """Withdrawn, or void because the sensor is elsewhere: nothing is corrected with it."""
    return calibration.status in ("void", "withdrawn")


def adds(calibration: Calibration) -> bool:
    """Whether it changes values."""
    return calibration.correction.type != "none"


class Spread:
    """The standard uncertainty U/k over the channel's values: straight lines between its points, flat beyond."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        self._x = [x for x, _ in points]
        self._u = [u for _, u in points]

    def at(self, value: float) -> float:
        k = bisect_right(self._x, value)
        if k == 0 or k == len(self._x):
            return self._u[max(0, k - 1)]
        (x0, x1), (u0, u1) = self._x[k - 1 : k + 1], self._u[k - 1 : k + 1]
        return u0 + (u1 - u0) * ((value - x0) / (x1 - x0))

    def over(self, values: Sequence[float]) -> float | list[float]:
        """One number for all where they hardly differ, else one each."""
        low, high = min(values), max(values)
        inside = [u for x, u in zip(self._x, self._u, strict=True) if low < x < high]
        found = [self.at(low), self.at(high), *inside]
        return max(found) if max(found) <= SAME * min(found) else [self.at(v) for v in values]


@dataclass(frozen=True, slots=True)
class Corrector:
    """One calibration, ready to be applied. ``due_us``: from then on a value is uncertain."""

    id: str
    add: Add | None
    low: float
    high: float
    due_us: float
    spread: Spread | None


def corrector(calibration: Calibration) -> Corrector:
    """What ``calibration`` does; only to be made of one that has not ended."""
    c, k = calibration, calibration.k
    low, high = c.range or (-math.inf, math.inf)
    due_ms = -math.inf if c.status == "overdue" else c.due if c.due is not None else math.inf
    spread = Spread([(p.x, p.U / k) for p in c.U]) if c.U else None
    return Corrector(c.id, adding(c.correction), low, high, due_ms * 1000, spread)


def adding(correction: Correction) -> Add | None:
    """The function raw + C(raw) over a column; None where there is nothing to add."""
    if correction.type == "none":
        return None
    return _table(correction.points) if correction.type == "table" else _polynomial(correction)


def _polynomial(correction: Correction) -> Add:
    x0, scale = correction.x0, correction.scale
    match correction.coef:
        case [a]:
            return lambda xs: [x + a for x in xs]
        case [a, b]:
            return lambda xs: [x + (a + b * ((x - x0) / scale)) for x in xs]
        case [a, b, c]:
            return lambda xs: [x + (a + (z := (x - x0) / scale) * (b + z * c)) for x in xs]
    falling = correction.coef[::-1]

    def at(x: float) -> float:
        z, found = (x - x0) / scale, 0.0
        for coefficient in falling:
            found = found * z + coefficient
        return x + found

    return lambda xs: [at(x) for x in xs]


def _table(points: Sequence[tuple[float, float]]) -> Add:
    """The outer lines go on beyond the first and the last point."""
    inner = [x for x, _ in points[1:-1]]
    lines = [(x0, c0, (c1 - c0) / (x1 - x0)) for (x0, c0), (x1, c1) in pairwise(points)]

    def at(x: float) -> float:
        x0, c0, slope = lines[bisect_right(inner, x)]
        return x + (c0 + slope * (x - x0))

    return lambda xs: [at(x) for x in xs]


# --- one sample set ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Row:
    """One sample set; ``cal``: what its driver has corrected already, or what was applied here."""

    values: dict[str, Value]
    q: dict[str, Quality] = field(default_factory=dict)
    u: dict[str, float] = field(default_factory=dict)
    cal: dict[str, str] = field(default_factory=dict)


def correct_row(correctors: Mapping[str, Corrector], row: Row, t_us: int) -> set[str]:
    """Apply to ``row`` in place; returns the channels that were corrected before and stay as they are."""
    twice = set()
    for channel, c in correctors.items():
        if channel not in row.values:
            continue
        if channel in row.cal or raw_name(channel) in row.values:
            twice.add(channel)
        else:
            _correct_value(c, channel, row, t_us)
    return twice


def _correct_value(c: Corrector, channel: str, row: Row, t_us: int) -> None:
    raw, code = finite(row.values[channel])
    if isinstance(raw, (bool, str)):
        return  # not what the channel promises; nothing is claimed about it
    row.cal[channel] = c.id
    _keep_raw(c, channel, row.values, row.q)
    if raw is None or code is not None:
        return
    value = c.add([raw])[0] if c.add else raw
    row.values[channel] = value
    if c.spread is not None:
        row.u[channel] = math.hypot(c.spread.at(value), row.u.get(channel, 0.0))
    if row.q.get(channel, "good") == "good":
        if not c.low <= raw <= c.high:
            row.q[channel] = "extrapolated"
        elif t_us >= c.due_us:
            row.q[channel] = "uncertain"


def _keep_raw(c: Corrector, channel: str, values: dict[str, Any], q: dict[str, Any]) -> None:
    if c.add is not None:
        values[raw_name(channel)] = values[channel]
        if channel in q:
            q[raw_name(channel)] = q[channel]


# --- many sample sets -------------------------------------------------------------------------------------------------

_NUMBERS = {float, int}
Uncertainties = float | Sequence[float | None]


@dataclass(slots=True)
class Rows:
    """Many sample sets by column; ``q``: channel → row → code."""

    cols: dict[str, Sequence[Value]]
    q: dict[str, Mapping[int, Quality]] = field(default_factory=dict)
    u: dict[str, Uncertainties] = field(default_factory=dict)
    cal: dict[str, str] = field(default_factory=dict)


def correct_rows(correctors: Mapping[str, Corrector], rows: Rows) -> set[str]:
    """Apply to ``rows`` in place; returns the channels that were corrected before and stay as they are.

    ``extrapolated`` is marked row by row; that a calibration is overdue is not: a code for each of a thousand rows a
    second would cost more than the samples.
    """
    twice = set()
    for channel, c in correctors.items():
        if channel not in rows.cols:
            continue
        if channel in rows.cal or raw_name(channel) in rows.cols:
            twice.add(channel)
        elif (numbers := _numbers(rows.cols[channel])) is not None:
            _correct_column(c, channel, rows, numbers)
        elif not any(isinstance(v, (bool, str)) for v in rows.cols[channel]):
            _correct_each(c, channel, rows)
    return twice


def _numbers(column: Sequence[Value]) -> Sequence[float] | None:
    """The column where all of it are finite numbers."""
    if not set(map(type, column)) <= _NUMBERS:
        return None
    try:
        plain = math.isfinite(sum(column))  # type: ignore[arg-type]
    except OverflowError:
        return None
    return column if plain else None  # type: ignore[return-value]


def _correct_column(c: Corrector, channel: str, rows: Rows, raw: Sequence[float]) -> None:
    rows.cal[channel] = c.id
    _keep_raw(c, channel, rows.cols, rows.q)
    values = c.add(raw) if c.add else raw
    rows.cols[channel] = values
    if c.spread is not None:
        rows.u[channel] = _together(c.spread.over(values), rows.u.get(channel))
    if min(raw) < c.low or max(raw) > c.high:
        _mark_outside(c, channel, rows, enumerate(raw))


def _correct_each(c: Corrector, channel: str, rows: Rows) -> None:
    """A column with gaps: the numbers in it as a column of their own, put back into their places."""
    column = rows.cols[channel]
    rows.cal[channel] = c.id
    _keep_raw(c, channel, rows.cols, rows.q)
    numbers = [(row, v) for row, given in enumerate(column) if isinstance(v := finite(given)[0], (int, float))]
    if not numbers:
        return
    raw = [v for _, v in numbers]
    values = c.add(raw) if c.add else raw
    whole, u = list(column), [None] * len(column)
    found = c.spread.over(values) if c.spread is not None else 0.0
    each = found if isinstance(found, list) else [found] * len(values)
    for (row, _), value, one in zip(numbers, values, each, strict=True):
        whole[row], u[row] = value, one  # type: ignore[call-overload]
    rows.cols[channel] = whole
    if c.spread is not None:
        rows.u[channel] = _together(u if isinstance(found, list) else found, rows.u.get(channel))
    _mark_outside(c, channel, rows, numbers)


def _mark_outside(c: Corrector, channel: str, rows: Rows, numbers: Iterable[tuple[int, float]]) -> None:
    codes = dict(rows.q.get(channel, {}))
    for row, raw in numbers:
        if not c.low <= raw <= c.high and codes.get(row, "good") == "good":
            codes[row] = "extrapolated"
    if codes:
        rows.q[channel] = codes


def _together(mine: Uncertainties, theirs: Uncertainties | None) -> Uncertainties:
    """The calibration's and the driver's own, which know nothing of each other."""
    if theirs is None:
        return mine
    if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
        return math.hypot(mine, theirs)
    n = len(theirs) if not isinstance(theirs, (int, float)) else len(mine)  # type: ignore[arg-type]
    return [_hypot(a, b) for a, b in zip(_each(mine, n), _each(theirs, n), strict=True)]


def _each(u: Uncertainties, n: int) -> Sequence[float | None]:
    return [u] * n if isinstance(u, (int, float)) else u


def _hypot(a: float | None, b: float | None) -> float | None:
    return a if b is None else b if a is None else math.hypot(a, b)
