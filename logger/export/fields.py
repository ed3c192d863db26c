"""The columns of a table and what stands in them, from what was recorded. Pure.

A channel is one column as long as its type and unit stay; what once had another type or unit stands in a column of its
own (``temp:int``, ``temp:K``): values of two units never share a column.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from broker.messages import Channel, Meta
from broker.values import ChannelType, Value
from logger.columns import NO_BOOL, Array, Column
from logger.export.ask import Values
from logger.pieces import Chunk, Shape

RAW = "_raw"
"""``temp_raw`` is what the instrument said where ``temp`` is corrected (contract)."""

FieldType = ChannelType | Literal["time"]
What = Literal["value", "raw", "quality", "uncertainty", "calibration"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file."""

    name: str
    type: FieldType
    unit: str = ""
    label: str = ""

    @property
    def title(self) -> str:
        """The name with its unit, for a header of text."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Series:
    """One column of an instrument: a channel as one type and unit, or what is remarked about it.

    ``raw``: what the instrument said, corrected or not, from ``channel`` + RAW and else ``channel`` itself.
    """

    channel: str
    field: Field
    what: What = "value"


class Descriptions:
    """What an instrument's channels were, by revision; the last one where a revision is not known."""

    def __init__(self, metas: Sequence[Meta]) -> None:
        self._by_rev: Mapping[str, Meta] = {m.rev: m for m in metas}
        self._last = metas[-1] if metas else Meta()
        self._places = {name: k for k, name in enumerate(self._last.channels)}

    def channel(self, rev: str, name: str) -> Channel:
        known = self._by_rev.get(rev, self._last).channels.get(name)
        return known or self._last.channels.get(name) or Channel()

    def unit(self, rev: str, name: str) -> str:
        return self.channel(rev, name).unit

    def place(self, name: str) -> int:
        """Where the description has it; what it does not have stands behind."""
        return self._places.get(name, len(self._places))


@dataclass(frozen=True, slots=True)
class Remarks:
    """The channels that have qualities, uncertainties, calibrations in any row."""

    qualities: Collection[str] = ()
    uncertainties: Collection[str] = ()
    calibrations: Collection[str] = field(default=())


_Key = tuple[str, ChannelType, str]


def series(shapes: Iterable[Shape], about: Descriptions, remarks: Remarks, values: Values) -> list[Series]:
    """The columns for what occurs; a channel and its remarks stand side by side."""
    keys = _keys(shapes, about)
    last = {name: (name, type_, unit) for name, type_, unit in keys}
    found: list[Series] = []
    for key in _chosen(keys, last, values):
        found.append(_series(key, last, about, values))
        if key == last[key[0]]:
            found += _remarks(found[-1], remarks)
    return found


def _keys(shapes: Iterable[Shape], about: Descriptions) -> list[_Key]:
    """What occurs, in the description's order and then as it first did."""
    found = dict.fromkeys((name, t, about.unit(s.rev, name)) for s in shapes for name, t in s.channels)
    return sorted(found, key=lambda key: about.place(key[0]))


def _chosen(keys: Iterable[_Key], last: Mapping[str, _Key], values: Values) -> list[_Key]:
    """Without those that the wish for raw or corrected values makes superfluous."""
    if values == "recorded":
        return list(keys)
    return [k for k in keys if not (k[0].endswith(RAW) and _pairs(k[0].removesuffix(RAW), last))]


def _pairs(name: str, last: Mapping[str, _Key]) -> bool:
    """Whether a channel and its raw value are the same quantity in the same unit."""
    own, raw = last.get(name), last.get(name + RAW)
    return own is not None and raw is not None and own[2] == raw[2] and "str" not in (own[1], raw[1])


def _series(key: _Key, last: Mapping[str, _Key], about: Descriptions, values: Values) -> Series:
    name, type_, unit = key
    title = name if key == last[name] else f"{name}:{type_ if type_ != last[name][1] else unit or 'no unit'}"
    made = Series(name, Field(title, type_, unit, about.channel("", name).label))
    if values != "raw" or key != last[name] or not _pairs(name, last):
        return made
    raw_type = last[name + RAW][1]
    return Series(name, replace(made.field, name=name + RAW, type=type_ if raw_type == type_ else "float"), "raw")


def _remarks(of: Series, remarks: Remarks) -> list[Series]:
    name = of.field.name
    found = [Series(of.channel, Field(f"{name}:quality", "str"), "quality")] if of.channel in remarks.qualities else []
    if of.what == "raw":  # the others are the corrected value's
        return found
    if of.channel in remarks.uncertainties:
        found.append(Series(of.channel, Field(f"{name}:u", "float", of.field.unit), "uncertainty"))
    if of.channel in remarks.calibrations:
        found.append(Series(of.channel, Field(f"{name}:cal", "str"), "calibration"))
    return found


# --- what stands in them ----------------------------------------------------------------------------------------------


def cells(of: Series, chunk: Chunk, shape: Shape, about: Descriptions) -> Column | None:
    """The column's cells for these rows; None when all are absent."""
    match of.what:
        case "quality":
            codes = chunk.q.get(of.channel)
            return Column("str", [codes.get(k) for k in range(len(chunk))]) if codes else None
        case "uncertainty":
            return _uncertainties(chunk, of.channel)
        case "calibration":
            id_ = dict(shape.cal).get(of.channel)
            return Column("str", [id_] * len(chunk)) if id_ else None
        case "raw":
            return _raw(of, chunk)
        case "value":
            found = chunk.columns.get(of.channel)
            if found is None or found.type != of.field.type or about.unit(shape.rev, of.channel) != of.field.unit:
                return None
            return found


def _uncertainties(chunk: Chunk, name: str) -> Column | None:
    u = chunk.u.get(name)
    if u is None:
        return None
    listed: Sequence[Value] = u if isinstance(u, list) else [u] * len(chunk)
    return Column("float", np.array(listed, "<f8"))


def _raw(of: Series, chunk: Chunk) -> Column | None:
    """What the instrument said, where that is noted; else the value, which then nobody has corrected."""
    raw, own = chunk.columns.get(of.channel + RAW), chunk.columns.get(of.channel)
    parts = [c for c in (raw, own) if c is not None and c.type != "str"]
    if not parts:
        return None
    if of.field.type == "float" and any(p.type != "float" for p in parts):
        parts = [Column("float", n) for p in parts if (n := p.numbers()) is not None]
    if len(parts) == 1 or parts[0].type != parts[1].type:
        return parts[0]
    gone = absent(parts[0])
    values = np.where(gone, np.asarray(parts[1].values), np.asarray(parts[0].values))
    nulls = gone & absent(parts[1]) if parts[0].nulls is not None else None
    return Column(parts[0].type, values, nulls)


def absent(column: Column) -> Array:
    """Which rows have no value."""
    values = column.values
    if isinstance(values, list):
        return np.array([v is None for v in values], bool)
    if column.type == "float":
        return np.isnan(values)
    if column.type == "bool":
        return np.asarray(values == NO_BOOL)
    return np.zeros(len(values), bool) if column.nulls is None else column.nulls
