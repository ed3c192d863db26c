"""What the channels of one instrument are called: as ``msr.toml`` says, else as the server's paths give. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from msr_adapter.catalog import Catalog, Setting, Signal
from msr_adapter.describe import Column, column, table_for, type_of
from msr_adapter.names import is_glob
from msr_adapter.tables import ChannelTable, InstrumentTable
from msr_adapter.wire import to_text

Tables = Mapping[bytes, ChannelTable]


def tables_for(
    table: InstrumentTable, signals: Iterable[Signal], settings: Iterable[Setting], problems: list[str]
) -> dict[bytes, ChannelTable]:
    """What the file says of each; a sentence for a type that cannot be."""
    writable = {p.path: p for p in table.parameter}
    globs = {pattern: t for pattern, t in table.channels.items() if is_glob(pattern)}
    found: dict[bytes, ChannelTable] = {}
    whats: list[Signal | Setting] = [*signals, *settings]
    for what in whats:
        path = to_text(what.path)
        exact = table.channels.get(path)
        one = table_for(what, globs, exact)
        if isinstance(what, Setting) and path in writable:
            given = {k: v for k in ("unit", "label", "type") if (v := getattr(writable[path], k))}
            one = msgspec.structs.replace(one, **given)
        elif exact is not None and exact.type and type_of(what.layout, exact.type) != exact.type:
            problems.append(f"{path} is a {what.layout.typ}, no {exact.type}")
        found[what.path] = one
    return found


def columns(
    whats: Iterable[Signal | Setting], tables: Tables, catalog: Catalog, problems: list[str]
) -> dict[bytes, Column]:
    """Each with its channels. A chosen name that another one has too is not used, and that becomes a problem."""
    listed = list(whats)
    chosen = {w.path: tables[w.path].name for w in listed if tables[w.path].name}
    while True:
        found = {w.path: column(w, chosen.get(w.path) or catalog.names.base(w.path), tables[w.path]) for w in listed}
        uses = Counter(name for col in found.values() for name in col.channels)
        twice = [p for p in chosen if any(uses[name] > 1 for name in found[p].channels)]
        if not twice:
            return found
        for path in twice:
            problems.append(f"{to_text(path)} cannot be called {chosen.pop(path)!r}: another channel is")
