"""Signals and parameters as channels: their columns, and what meta says of them. Pure."""

from collections.abc import Mapping

import msgspec

from broker.messages import Channel, ChannelType
from msr_adapter.catalog import Catalog, Setting, Signal
from msr_adapter.names import matches, places, sources
from msr_adapter.tables import ChannelTable
from msr_adapter.wire import Layout, to_text

_TYPES: Mapping[str, ChannelType] = {"f": "float", "d": "float", "q": "int64", "Q": "uint64"}


class Column(msgspec.Struct, frozen=True):
    """One signal or parameter and the channels its elements become."""

    index: int
    path: bytes
    layout: Layout
    channels: tuple[str, ...]
    type: ChannelType
    table: ChannelTable


def column(what: Signal | Setting, catalog: Catalog, tables: Mapping[str, ChannelTable]) -> Column:
    """The column of a signal or a parameter, as the configuration describes it."""
    table = table_for(what, tables)
    return Column(
        what.index, what.path, what.layout, catalog.names.channels(what.path), type_of(what.layout, table.type), table
    )


def type_of(layout: Layout, wanted: str) -> ChannelType:
    """A boolean looks like an int8 on the wire: only the configuration knows. Never of other types."""
    if wanted == "bool" and layout.type.size == 1:
        return "bool"
    return _TYPES.get(layout.type.code, "int")


def table_for(what: Signal | Setting, tables: Mapping[str, ChannelTable]) -> ChannelTable:
    """Keys of the globs that fit, then those of the exact path; the unit the server names, where one does."""
    table = ChannelTable(unit=what.unit)
    exact = to_text(what.path)
    for pattern in sorted(tables, key=lambda p: p == exact):
        if pattern == exact or matches(pattern, what.path):
            table = _over(table, tables[pattern])
    return table


def _over(below: ChannelTable, above: ChannelTable) -> ChannelTable:
    given = {k: v for k in ChannelTable.__struct_fields__ if (v := getattr(above, k)) not in ("", None)}
    return msgspec.structs.replace(below, **given)


def described(col: Column, period_ms: Mapping[str, float]) -> dict[str, Channel]:
    """What meta says of each channel of a column."""
    directory, _, last = to_text(col.path).rpartition("/")
    label = col.table.label or last
    elements = zip(col.channels, sources(col.path, col.layout.shape), places(col.layout.shape), strict=True)
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
