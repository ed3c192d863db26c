"""What an MSR server says. Names are bytes as the application registered them; times are µs since 1970."""

from array import array
from typing import Literal, TypeAlias

import msgspec

from msr_adapter.wire.layout import Layout

Severity = Literal["info", "warn", "error", "crit_error", "reset"]


def to_text(raw: bytes) -> str:
    """Bytes for people: UTF-8 where they are, else latin-1 (the server declares neither)."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class Connected(msgspec.Struct, frozen=True):
    """The greeting. ``version`` (6, 0, 10); ``features`` as listed; ``login`` "" or what a newer server demands."""

    app: str
    app_version: str
    host: str
    version: tuple[int, int, int]
    features: frozenset[str]
    login: str = ""


class Channel(msgspec.Struct, frozen=True):
    """A signal: an item of a listing, or the answer to ``rk``.

    ``layout`` is None in a short answer and for a type nobody knows (then ``typ`` says which). ``hz``, 6 digits:
    sampling rate of the signal. ``value`` (text, 16 digits) and ``time_us`` only when this one channel was asked for.
    """

    index: int
    name: bytes
    typ: str = ""
    layout: Layout | None = None
    task: int = 0
    hz: float = 0.0
    bufsize: int = 0
    alias: bytes = b""
    comment: bytes = b""
    unit: bytes = b""
    has_children: bool = False
    time_us: int | None = None
    value: bytes | None = None
    id: str = ""


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: an item of a listing, or the answer to ``rp``; ``value`` or ``hexvalue`` as it was asked.

    ``mtime_us`` 0: never written since the server's start. ``flags``: 1 readable, 2 writable, 4 while running, 256
    element of another.
    """

    index: int
    name: bytes
    typ: str = ""
    layout: Layout | None = None
    flags: int = 0
    mtime_us: int = 0
    value: bytes | None = None
    hexvalue: bytes | None = None
    alias: bytes = b""
    comment: bytes = b""
    unit: bytes = b""
    has_children: bool = False
    id: str = ""

    @property
    def is_element(self) -> bool:
        """Only an element of a vector or matrix that is listed as a whole too (``splitvectors``)."""
        return bool(self.flags & 256)


class Directory(msgspec.Struct, frozen=True):
    path: bytes


Item: TypeAlias = Channel | Parameter | Directory


class Listing(msgspec.Struct, frozen=True):
    """A whole ``<channels>``, ``<parameters>`` or ``<listing>``, in the order sent."""

    kind: Literal["channels", "parameters", "listing"]
    items: tuple[Item, ...]
    id: str = ""


class ParameterValues(msgspec.Struct, frozen=True):
    """The answer to ``rpv``: one text per main parameter, in index order."""

    values: tuple[bytes, ...]
    id: str = ""


class Data(msgspec.Struct, frozen=True):
    """A frame: B time stamps (ns) and per channel (index, its B samples as text); see ``samples`` for the numbers.

    ``on_change``: elements ``E``, one sample each. The order of the columns is arbitrary.
    """

    t_ns: "array[int]"
    columns: tuple[tuple[int, bytes], ...]
    group: int = 0
    on_change: bool = False


class Ack(msgspec.Struct, frozen=True):
    """The command ``id`` has been read and worked off; not: it succeeded."""

    id: str


class Ping(msgspec.Struct, frozen=True):
    id: str = ""


class Tls(msgspec.Struct, frozen=True):
    """The next byte on the line belongs to the TLS handshake."""

    id: str = ""


class ParameterNotice(msgspec.Struct, frozen=True):
    """The value of this parameter may have changed: read it."""

    index: int


class Event(msgspec.Struct, frozen=True):
    """A message of the application: set or reset. ``element`` only of vectors; ``id`` only out of the history."""

    severity: Severity
    name: bytes
    state: bool
    time_us: int
    element: int | None = None
    text: bytes = b""
    seq: int | None = None
    id: str = ""


class Warn(msgspec.Struct, frozen=True):
    """The server's complaint about a command."""

    text: str
    command: str = ""
    num: int | None = None
    id: str = ""


class Broadcast(msgspec.Struct, frozen=True):
    time_us: int
    action: bytes = b""
    text: bytes = b""


class ClientInfo(msgspec.Struct, frozen=True):
    """A session as the server counts it; ``name`` is "host (ip:port)"."""

    name: str
    application: str
    connected_us: int


class Clients(msgspec.Struct, frozen=True):
    clients: tuple[ClientInfo, ...]
    id: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """An element of another server version; to be ignored, or named."""

    name: str
    attributes: tuple[tuple[str, bytes], ...] = ()
    id: str = ""


class Broken(msgspec.Struct, frozen=True):
    """Bytes that were skipped, and why; ``raw`` is cut to 200."""

    reason: str
    raw: bytes


WireEvent: TypeAlias = (
    Connected
    | Channel
    | Parameter
    | Listing
    | ParameterValues
    | Data
    | Ack
    | Ping
    | Tls
    | ParameterNotice
    | Event
    | Warn
    | Broadcast
    | Clients
    | Unknown
    | Broken
)
