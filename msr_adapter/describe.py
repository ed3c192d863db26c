"""Signals and parameters as channels: their columns, and what meta says of them. Pure."""

from collections.abc import Mapping

import msgspec

from broker.messages import Channel, ChannelType
from msr_adapter.catalog import Setting, Signal
from msr_adapter.names import Shape, expand, matches, places, sources
from msr_adapter.tables import ChannelTable
from msr_adapter.wire import Layout, to_text

_TYPES: Mapping[str, ChannelType] = {"f": "float", "d": "float", "q": "int64", "Q": "uint64"}


class Column(msgspec.Struct, frozen=True):
    """One signal or parameter and the channels its elements become; a text is one channel."""

    index: int
    path: bytes
    layout: Layout
    channels: tuple[str, ...]
    type: ChannelType
    table: ChannelTable
    base: str = ""

    @property
    def shape(self) -> Shape:
        """Of its channels."""
        return () if self.type == "str" else self.layout.shape


def column(what: Signal | Setting, base: str, table: ChannelTable) -> Column:
    """The column of a signal or a parameter whose channels are called ``base``."""
    type_ = type_of(what.layout, table.type)
    channels = expand(base, () if type_ == "str" else what.layout.shape)
    return Column(what.index, what.path, what.layout, channels, type_, table, base)


def type_of(layout: Layout, wanted: str) -> ChannelType:
    """A boolean looks like an int8 on the wire, a text like many: only the configuration knows. Never other types."""
    if wanted == "bool" and layout.type.size == 1:
        return "bool"
    if wanted == "str" and layout.type.size == 1 and layout.shape:
        return "str"
    return _TYPES.get(layout.type.code, "int")


def table_for(what: Signal | Setting, globs: Mapping[str, ChannelTable], exact: ChannelTable | None) -> ChannelTable:
    """Keys of the globs that fit, then those of the exact path; the unit the server names, where one does."""
    table = ChannelTable(unit=what.unit)
    for pattern, above in globs.items():
        if matches(pattern, what.path):
            table = _over(table, above)
    return table if exact is None else _over(table, exact)


def _over(below: ChannelTable, above: ChannelTable) -> ChannelTable:
    given = {k: v for k in ChannelTable.__struct_fields__ if (v := getattr(above, k)) not in ("", None)}
    return msgspec.structs.replace(below, **given)


def described(col: Column, period_ms: Mapping[str, float]) -> dict[str, Channel]:
    """What meta says of each channel of a column."""
    directory, _, last = to_text(col.path).rpartition("/")
    label = col.table.label or last
    elements = zip(col.channels, sources(col.path, col.shape), places(col.shape), strict=True)
    return {
        name: Channel(
            type=col.type,
            unit=col.table.unit,
            label=" ".join([label, *map(str, place)]),
            range=col.table.range,
            resolution=col.table.resolution,
            group=col.table.group or directory.strip("/"),
            source=source,
            period_ms=period_ms.get(name) or None,
        )
        for name, source, place in elements
    }
