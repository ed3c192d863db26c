"""The server's bytes to events, in any chunks."""

from typing import Literal, cast

from msr_adapter.wire.errors import WireError
from msr_adapter.wire.events import (
    Broken,
    Channel,
    ClientInfo,
    Clients,
    Directory,
    Item,
    Listing,
    Parameter,
    Unknown,
    WireEvent,
)
from msr_adapter.wire.frames import read_frame
from msr_adapter.wire.readers import id_of, read_element
from msr_adapter.wire.tags import Nonsense, Tag, Unfinished, read_tag

MAX_ELEMENT = 64 << 20
_END_OF_FRAME = b"</data>"
_FRAMES = (b"<data ", b"<data>")
_SLASH = ord("/")
_ITEMS = (Channel, Parameter, Directory, ClientInfo)


class _Open:
    """A container whose end has not come yet."""

    def __init__(self, tag: Tag) -> None:
        self.name = tag.name
        self.id = id_of(tag.attributes)
        self.items: list[Item | ClientInfo] = []

    def event(self) -> WireEvent:
        if self.name == b"clients":
            return Clients(tuple(i for i in self.items if isinstance(i, ClientInfo)), self.id)
        kind = cast(Literal["channels", "parameters", "listing"], self.name.decode())
        return Listing(kind, tuple(i for i in self.items if not isinstance(i, ClientInfo)), self.id)


class Decoder:
    """``feed`` bytes as they come, get events as they are complete. It never raises: what makes no sense is ``Broken``.

    The events do not depend on how the bytes are cut. One decoder is one connection: begin a new one after each.
    """

    def __init__(self, max_element: int = MAX_ELEMENT) -> None:
        self._buffer = bytearray()
        self._searched = 0  # up to here there is no end of the frame that is coming in
        self._open: _Open | None = None
        self._max = max_element

    @property
    def pending(self) -> bytes:
        """What has come and is no whole element yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[WireEvent]:
        """All events that ``data`` completes."""
        self._buffer += data
        events: list[WireEvent] = []
        if b"\n" in data:  # every element ends with one
            position = 0
            while (after := self._step(position, events)) is not None:
                position = after
            del self._buffer[:position]
        if len(self._buffer) > self._max:
            events.append(self._give_up())
        return events

    def _step(self, position: int, events: list[WireEvent]) -> int | None:
        """Take one element, or one line that is none; the position behind it, None when more bytes are needed."""
        buffer = self._buffer
        if buffer.startswith(_FRAMES, position):
            return self._frame(position, events)
        if buffer.startswith(b"<", position):
            return self._element(position, events)
        start = position
        while start < len(buffer) and buffer[start] in b" \r\n":
            start += 1
        if start == len(buffer):
            return None
        return start if start > position else self._skip_line(position, events)

    def _frame(self, position: int, events: list[WireEvent]) -> int | None:
        mark = self._buffer.find(b">", position)
        if mark > 0 and self._buffer[mark - 1] == _SLASH:  # <data …/>: nothing in it
            return mark + 1
        end = self._buffer.find(_END_OF_FRAME, max(position, self._searched - len(_END_OF_FRAME)))
        line_end = self._buffer.find(b"\n", end) if end >= 0 else -1
        if line_end < 0:  # the frame will stand at 0 when the next bytes come
            self._searched = (end if end >= 0 else len(self._buffer)) - position
            return None
        self._searched = 0
        self._close(events)
        with memoryview(self._buffer) as view:
            text = bytes(view[position:end])
        try:
            events.append(read_frame(text))
        except WireError as e:
            events.append(Broken(str(e), text[:200]))
        return line_end + 1

    def _element(self, position: int, events: list[WireEvent]) -> int | None:
        tag = read_tag(self._buffer, position)
        if isinstance(tag, Unfinished):
            return None
        if isinstance(tag, Nonsense):
            return self._skip_line(position, events)
        try:
            self._take(tag, events)
        except WireError as e:
            events.append(Broken(str(e), bytes(self._buffer[position : tag.end][:200])))
        return tag.end

    def _take(self, tag: Tag, events: list[WireEvent]) -> None:
        if tag.name in (b"channels", b"parameters", b"listing", b"clients"):
            self._close(events)
            self._open = _Open(tag)
            if tag.self_closing:
                self._close(events)
        elif self._open and tag.name == b"/" + self._open.name:
            self._close(events)
        elif tag.name != b"field" and not tag.name.startswith(b"/"):  # fields repeat what a compound is made of
            self._deliver(read_element(tag.name, tag.attributes), events)

    def _deliver(self, event: WireEvent | Item | ClientInfo, events: list[WireEvent]) -> None:
        if self._open and isinstance(event, _ITEMS):
            self._open.items.append(event)
        elif isinstance(event, Directory | ClientInfo) or (self._open and isinstance(event, Unknown)):
            return
        else:
            self._close(events)
            events.append(event)

    def _close(self, events: list[WireEvent]) -> None:
        """End the container. Nothing else ever comes inside one, so what does shows that its end was lost."""
        if self._open:
            events.append(self._open.event())
            self._open = None

    def _skip_line(self, position: int, events: list[WireEvent]) -> int | None:
        end = self._buffer.find(b"\n", position) + 1
        if not end:
            return None
        events.append(Broken("no element", bytes(self._buffer[position:end][:200])))
        return end

    def _give_up(self) -> Broken:
        raw = bytes(self._buffer[:200])
        self._buffer.clear()
        self._searched = 0
        return Broken(f"an element of more than {self._max} bytes", raw)
