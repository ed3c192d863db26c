"""One element to one event: attributes by name, unknown ones ignored. Raises WireError for an element without sense."""

from collections.abc import Callable

from msr_adapter.wire.errors import WireError
from msr_adapter.wire.events import (
    Ack,
    Broadcast,
    Channel,
    ClientInfo,
    Connected,
    Directory,
    Event,
    Parameter,
    ParameterNotice,
    ParameterValues,
    Ping,
    Severity,
    Tls,
    Unknown,
    Warn,
    WireEvent,
    to_text,
)
from msr_adapter.wire.layout import Layout, layout_of
from msr_adapter.wire.tags import Attributes, unescape


def read_element(name: bytes, a: Attributes) -> WireEvent | ClientInfo | Directory:
    """The event that the element ``name`` with attributes ``a`` is."""
    reader = READERS.get(name)
    if reader is not None:
        return reader(a)
    if name in _SEVERITIES:
        return _message(_SEVERITIES[name], a)
    return Unknown(to_text(name), tuple((to_text(k), unescape(v)) for k, v in a.items()), id_of(a))


def _connected(a: Attributes) -> Connected:
    number = _int(a, b"version", 0)
    return Connected(
        app=to_text(a.get(b"app", b"")),
        app_version=to_text(a.get(b"appversion", b"")),
        host=to_text(unescape(a.get(b"host", b""))),
        version=(number >> 16, number >> 8 & 255, number & 255),
        features=frozenset(to_text(a.get(b"features", b"")).split(",")) - {""},
        login=to_text(a.get(b"login", b"")),
    )


def _channel(a: Attributes) -> Channel:
    return Channel(
        index=_int(a, b"index"),
        name=_name(a),
        typ=to_text(a.get(b"typ", b"")),
        layout=_layout(a),
        task=_int(a, b"task", 0),
        hz=_float(a, b"HZ"),
        bufsize=_int(a, b"bufsize", 0),
        alias=a.get(b"alias", b""),
        comment=_comment(a),
        unit=a.get(b"unit", b""),
        has_children=a.get(b"dir") == b"1",
        time_us=_time(a, b"time") if b"time" in a else None,
        value=a.get(b"value"),
        id=id_of(a),
    )


def _parameter(a: Attributes) -> Parameter:
    return Parameter(
        index=_int(a, b"index"),
        name=_name(a),
        typ=to_text(a.get(b"typ", b"")),
        layout=_layout(a),
        flags=_int(a, b"flags", 0),
        mtime_us=_time(a, b"mtime") if b"mtime" in a else 0,
        value=a.get(b"value"),
        hexvalue=a.get(b"hexvalue"),
        alias=a.get(b"alias", b""),
        comment=_comment(a),
        unit=a.get(b"unit", b""),
        has_children=a.get(b"dir") == b"1",
        id=id_of(a),
    )


def _comment(a: Attributes) -> bytes:
    return a.get(b"comment", a.get(b"text", b""))


def _layout(a: Attributes) -> Layout | None:
    """None for a short answer, and for a type that no reader here has."""
    if b"typ" not in a:
        return None
    try:
        return layout_of(
            to_text(a[b"typ"]), datasize=_maybe(a, b"datasize"), rows=_maybe(a, b"rnum"), columns=_maybe(a, b"cnum")
        )
    except WireError:
        return None


def _message(severity: Severity, a: Attributes) -> Event | Warn:
    """``warn`` without a name is the server's own complaint (section 8)."""
    if b"name" not in a:
        return Warn(_text(a, b"text"), _text(a, b"command"), _maybe(a, b"num"), id_of(a))
    return Event(
        severity=severity,
        name=_name(a),
        state=severity != "reset" and a.get(b"state", b"1") != b"0",
        time_us=_time(a, b"time"),
        element=_maybe(a, b"index"),
        text=unescape(a.get(b"text", b"")),
        seq=_maybe(a, b"seq"),
        id=id_of(a),
    )


def _broadcast(a: Attributes) -> Broadcast:
    return Broadcast(_time(a, b"time"), unescape(a.get(b"action", b"")), unescape(a.get(b"text", b"")))


def _client(a: Attributes) -> ClientInfo:
    return ClientInfo(_text(a, b"name"), _text(a, b"apname"), _time(a, b"connectedtime"))


def _values(a: Attributes) -> ParameterValues:
    return ParameterValues(tuple(a.get(b"value", b"").split(b";")), id_of(a))


READERS: dict[bytes, Callable[[Attributes], WireEvent | ClientInfo | Directory]] = {
    b"connected": _connected,
    b"channel": _channel,
    b"parameter": _parameter,
    b"dir": lambda a: Directory(unescape(a.get(b"path", b""))),
    b"client": _client,
    b"param_values": _values,
    b"ack": lambda a: Ack(id_of(a)),
    b"ping": lambda a: Ping(id_of(a)),
    b"tls": lambda a: Tls(id_of(a)),
    b"pu": lambda a: ParameterNotice(_int(a, b"index")),
    b"broadcast": _broadcast,
}
_SEVERITIES: dict[bytes, Severity] = {
    b"info": "info",
    b"warn": "warn",
    b"error": "error",
    b"crit_error": "crit_error",
    b"reset": "reset",
}


def id_of(a: Attributes) -> str:
    """Ids go out and come back as latin-1: a character a byte."""
    return unescape(a.get(b"id", b"")).decode("latin-1")


def _name(a: Attributes) -> bytes:
    if b"name" not in a:
        raise WireError("an element without its name")
    return unescape(a[b"name"])


def _text(a: Attributes, key: bytes) -> str:
    return to_text(unescape(a.get(key, b"")))


def _int(a: Attributes, key: bytes, default: int | None = None) -> int:
    value = _maybe(a, key)
    if value is not None:
        return value
    if default is None:
        raise WireError(f"an element without {key.decode()}")
    return default


def _maybe(a: Attributes, key: bytes) -> int | None:
    text = a.get(key)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as e:
        raise WireError(f"{key.decode()}={text[:20]!r} is no number") from e


def _float(a: Attributes, key: bytes) -> float:
    try:
        return float(a.get(key, b"0"))
    except ValueError as e:
        raise WireError(f"{key.decode()}={a[key][:20]!r} is no number") from e


def _time(a: Attributes, key: bytes) -> int:
    """Decimal seconds to µs, without a float between."""
    seconds, _, fraction = a.get(key, b"0").partition(b".")
    try:
        micros = int(fraction[:6].ljust(6, b"0"))
        return int(seconds) * 1_000_000 + (-micros if seconds.startswith(b"-") else micros)
    except ValueError as e:
        raise WireError(f"{key.decode()}={a[key][:30]!r} is no time") from e
