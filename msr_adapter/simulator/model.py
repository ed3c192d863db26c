"""The variables of one run of the server: signals, parameters in one memory, and the tree of their paths."""

import struct
from dataclasses import dataclass, field

from msr_adapter.simulator.sources import Source
from msr_adapter.wire.layout import Layout


@dataclass(frozen=True, slots=True)
class Signal:
    index: int
    name: bytes
    layout: Layout
    task: int
    hz: float
    source: Source
    comment: bytes = b""
    alias: bytes = b""


@dataclass(slots=True)
class Parameter:
    """``low`` and ``high``: what the application accepts; the server itself checks nothing."""

    index: int
    name: bytes
    layout: Layout
    offset: int
    comment: bytes = b""
    alias: bytes = b""
    boolean: bool = False
    low: float | None = None
    high: float | None = None
    mtime_ns: int = 0


@dataclass(slots=True)
class Model:
    """Built by ``catalogue``; indices are those of registration."""

    signals: list[Signal] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    memory: bytearray = field(default_factory=bytearray)
    _signal_names: dict[bytes, Signal] = field(default_factory=dict)
    _parameter_names: dict[bytes, Parameter] = field(default_factory=dict)
    _tree: dict[bytes, dict[bytes, bytes]] = field(default_factory=dict)

    def add_signal(self, name: bytes, layout: Layout, task: int, hz: float, source: Source, **texts: bytes) -> Signal:
        signal = Signal(len(self.signals), name, layout, task, hz, source, **texts)
        self.signals.append(signal)
        self._signal_names[name] = signal
        self._grow(name)
        return signal

    def add_parameter(self, name: bytes, layout: Layout, image: bytes, **more: object) -> Parameter:
        parameter = Parameter(len(self.parameters), name, layout, len(self.memory), **more)  # type: ignore[arg-type]
        self.parameters.append(parameter)
        self.memory += image
        self._parameter_names[name] = parameter
        self._grow(name)
        return parameter

    def signal(self, key: int | bytes) -> Signal | None:
        if isinstance(key, bytes):
            return self._signal_names.get(_tidy(key))
        return self.signals[key] if 0 <= key < len(self.signals) else None

    def parameter(self, key: int | bytes) -> Parameter | None:
        if isinstance(key, bytes):
            return self._parameter_names.get(_tidy(key))
        return self.parameters[key] if 0 <= key < len(self.parameters) else None

    def image(self, parameter: Parameter) -> bytes:
        return bytes(self.memory[parameter.offset : parameter.offset + parameter.layout.size])

    def number(self, parameter: Parameter) -> float:
        """The first element, for the plant."""
        value: float = struct.unpack_from("<" + parameter.layout.type.code, self.memory, parameter.offset)[0]
        return value

    def children(self, path: bytes) -> list[bytes] | None:
        """Full paths of what is in a directory, in byte order; None for an unknown one."""
        below = self._tree.get(_tidy(path).rstrip(b"/"))
        return None if below is None else [below[part] for part in sorted(below)]

    def has_children(self, path: bytes) -> bool:
        return path in self._tree

    def _grow(self, name: bytes) -> None:
        while name:
            parent, _, part = name.rpartition(b"/")
            self._tree.setdefault(parent, {})[part] = name
            name = parent


def _tidy(path: bytes) -> bytes:
    """A doubled slash collapses, a trailing one is ignored."""
    while b"//" in path:
        path = path.replace(b"//", b"/")
    return path.rstrip(b"/") if len(path) > 1 else path
