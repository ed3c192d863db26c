"""What a server offers: its two listings as signals and parameters, each with the channel names it gives. Pure."""

from collections.abc import Collection, Iterable
from functools import cached_property

import msgspec

from msr_adapter.names import Names, matches
from msr_adapter.wire import Channel, Layout, Parameter, to_text
from msr_adapter.wire.events import Item


class Signal(msgspec.Struct, frozen=True):
    """One signal; ``hz`` its own rate."""

    path: bytes
    index: int
    layout: Layout
    task: int
    hz: float
    comment: str = ""
    unit: str = ""


class Setting(msgspec.Struct, frozen=True):
    """One parameter; ``mtime_us`` 0 when it was never written since the server's start."""

    path: bytes
    index: int
    layout: Layout
    mtime_us: int
    comment: str = ""
    unit: str = ""


class Catalog(msgspec.Struct, frozen=True, dict=True):
    """Signals and settings in the server's order. ``unreadable``: path and type of what this protocol version has and
    we do not know."""

    signals: tuple[Signal, ...]
    settings: tuple[Setting, ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    @cached_property
    def names(self) -> Names:
        """The channel names of everything, so that a name does not depend on what a configuration picks."""
        shapes = {signal.path: signal.layout.shape for signal in self.signals}
        return Names(shapes | {setting.path: setting.layout.shape for setting in self.settings})

    @cached_property
    def task_hz(self) -> dict[int, float]:
        """Cycles a second of each task: its fastest signal is sampled in each."""
        rates: dict[int, float] = {}
        for signal in self.signals:
            rates[signal.task] = max(signal.hz, rates.get(signal.task, 0.0))
        return rates

    def signals_like(self, pattern: str) -> list[Signal]:
        return [s for s in self.signals if matches(pattern, s.path)]

    def settings_like(self, pattern: str) -> list[Setting]:
        return [s for s in self.settings if matches(pattern, s.path)]

    def setting(self, path: str) -> Setting | None:
        """The parameter with exactly this path."""
        return next((s for s in self.settings if to_text(s.path) == path), None)


def catalog(channels: Iterable[Item], parameters: Iterable[Item]) -> Catalog:
    """From the two listings. Elements of vectors that are listed beside the whole are left out."""
    all_channels = [c for c in channels if isinstance(c, Channel)]
    all_parameters = [p for p in parameters if isinstance(p, Parameter)]
    everything: list[Channel | Parameter] = [*all_channels, *all_parameters]
    split = frozenset(x.name for x in everything if x.has_children and x.layout and x.layout.shape)
    signals = {c.name: _signal(c, c.layout) for c in all_channels if c.layout and not is_element(c.name, split)}
    settings = {
        p.name: _setting(p, p.layout)
        for p in all_parameters
        if p.layout and not p.is_element and not is_element(p.name, split) and p.name not in signals
    }
    unreadable = [(to_text(x.name), x.typ) for x in everything if x.layout is None]
    return Catalog(tuple(signals.values()), tuple(settings.values()), tuple(unreadable))


def is_element(path: bytes, wholes: Collection[bytes]) -> bool:
    """Whether ``path`` is one of ``wholes`` and the place of an element: some of them carry wrong data (protocol
    section 4.5). A cube is listed as a matrix, but its elements have three numbers."""
    above, _, last = path.rpartition(b"/")
    while last.isdigit():
        if above in wholes:
            return True
        above, _, last = above.rpartition(b"/")
    return False


def _signal(c: Channel, layout: Layout) -> Signal:
    return Signal(c.name, c.index, layout, c.task, c.hz, to_text(c.comment), to_text(c.unit))


def _setting(p: Parameter, layout: Layout) -> Setting:
    return Setting(p.name, p.index, layout, p.mtime_us, to_text(p.comment), to_text(p.unit))
