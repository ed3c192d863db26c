"""A simulated server without sockets, on a clock that a test moves."""

import random
from typing import Any

from msr_adapter.simulator.catalogue import Texts
from msr_adapter.simulator.office import Office
from msr_adapter.simulator.session import Session
from msr_adapter.simulator.world import World
from msr_adapter.wire import Ack, Channel, Data, Decoder, Layout, Listing, Parameter, WireEvent, requests, samples

START_NS = 1_795_218_745_000_000_000
MS = 1_000_000


class Rig:
    """``a`` and ``b`` are two sessions; each hears what ``say`` and ``wait`` bring."""

    def __init__(self, rate: float = 1000.0, signals: int = 4, **more: Any) -> None:
        self.now_ns = START_NS
        self.office = Office()
        texts = more.pop("texts", Texts())
        more.setdefault("jitter_ns", 0)
        self.world = World((rate, 100.0, 1.0), signals, texts, lambda: self.now_ns, random.Random(1), **more)  # noqa: S311
        self.a, self.b = Listener(self, 1), Listener(self, 2)

    def wait(self, milliseconds: float, *, skip: bool = False) -> None:
        """Time passes, in steps of 40 ms as the server sends."""
        end = self.now_ns + int(milliseconds * MS)
        while self.now_ns < end:
            self.now_ns = min(end, self.now_ns + 40 * MS)
            messages = self.world.advance()
            for listener in (self.a, self.b):
                listener.session.tick(messages, skip=skip)


class Listener:
    """A session and the events that came out of it."""

    def __init__(self, rig: Rig, number: int) -> None:
        self.session = Session(rig.world, rig.office, number, f"127.0.0.1:{number}")
        self._decoder = Decoder()
        self._rig = rig
        self.layouts: dict[int, Layout] = {}
        self._ids = iter(range(1, 10**6))

    def raw(self, data: bytes) -> bytes:
        """What comes back at once for these bytes."""
        self.session.receive(data)
        self.session.tick([], skip=False)
        return self.session.take()

    def hear(self) -> list[WireEvent]:
        """What came since the last time."""
        return self._decoder.feed(self.session.take())

    def say(self, data: bytes) -> list[WireEvent]:
        self.session.receive(data)
        return self.hear()

    def index(self, path: bytes) -> int:
        """The channel's index; its layout is remembered for ``columns``."""
        (listing,) = (e for e in self.say(requests.read_channels("")) if isinstance(e, Listing))
        found = next(c for c in listing.items if isinstance(c, Channel) and c.name == path)
        assert found.layout is not None
        self.layouts[found.index] = found.layout
        return found.index

    def frames(self, group: int | None = None) -> list[Data]:
        return [e for e in self.hear() if isinstance(e, Data) and group in (None, e.group)]

    def values(self, data: Data, index: int) -> list[float]:
        return list(samples.from_base64(self.layouts[index], dict(data.columns)[index], len(data.t_ns)))

    def read(self, path: bytes) -> Parameter:
        (parameter,) = (e for e in self.say(requests.read_parameter("", path, short=False)) if isinstance(e, Parameter))
        return parameter

    def numbers(self, path: bytes) -> list[float]:
        parameter = self.read(path)
        assert parameter.layout is not None
        return list(samples.from_hex(parameter.layout, parameter.hexvalue or b""))

    def acked(self, data: bytes) -> list[WireEvent]:
        """The answer; it must end with an ack."""
        events = self.say(data)
        assert isinstance(events[-1], Ack)
        return events[:-1]
