"""The server's elements as bytes: order of attributes, escaping and line ends as the real one has them."""

from collections.abc import Iterable, Sequence

from msr_adapter.simulator.model import Model, Parameter, Signal
from msr_adapter.wire import samples
from msr_adapter.wire.layout import Layout

END = b"\r\n"
_MATRIX = {1: b"VECTOR", 2: b"MATRIX_ROW_MAJOR"}


def escaped(text: bytes) -> bytes:
    text = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return text.replace(b'"', b"&quot;").replace(b"'", b"&apos;")


def seconds(ns: int) -> bytes:
    """Six digits after the point, cut, not rounded."""
    return b"%d.%06d" % (ns // 10**9, ns % 10**9 // 1000)


def element(name: bytes, attributes: Iterable[tuple[bytes, bytes]], ident: bytes = b"", mark: bytes = b"/>") -> bytes:
    """Attributes as they are given, the id last."""
    text = b"".join(b' %b="%b"' % pair for pair in attributes)
    return b"<" + name + text + (b' id="%b"' % escaped(ident) if ident else b"") + mark + END


def container(name: bytes, items: Sequence[bytes], ident: bytes = b"") -> bytes:
    if not items:
        return element(name, [], ident)
    inner = b"".join(b" " + item for item in items)
    return element(name, [], ident, b">") + inner + b"</" + name + b">" + END


def ack(ident: bytes) -> bytes:
    return element(b"ack", [], ident) if ident else b""


def channel(model: Model, s: Signal, *, now: tuple[int, bytes] | None, short: bool, ident: bytes = b"") -> bytes:
    """``now``: time (ns) and memory image, for a single read."""
    pairs = [(b"index", b"%d" % s.index), (b"name", escaped(s.name))]
    if not short:
        pairs += _description(s.layout, s.comment, s.alias, model.has_children(s.name))
        pairs += [(b"bufsize", b"%d" % (10 * max(1, round(s.hz)))), (b"task", b"%d" % s.task), (b"HZ", b"%g" % s.hz)]
    if now:
        pairs += [(b"time", seconds(now[0])), (b"value", value(s.layout, now[1]))]
    return element(b"channel", pairs, ident)


def parameter(model: Model, p: Parameter, *, in_hex: bool, short: bool, ident: bytes = b"") -> bytes:
    pairs = [(b"index", b"%d" % p.index), (b"name", escaped(p.name))]
    if not short:
        pairs += _description(p.layout, p.comment, p.alias, model.has_children(p.name))
        pairs += [(b"flags", b"7")]
    image = model.image(p)
    pairs += [(b"mtime", seconds(p.mtime_ns))]
    pairs += [(b"hexvalue", image.hex().upper().encode())] if in_hex else [(b"value", value(p.layout, image))]
    return element(b"parameter", pairs, ident)


def directory(path: bytes) -> bytes:
    return element(b"dir", [(b"path", escaped(path))])


def message(severity: bytes, name: bytes, index: int | None, state: bool, time_ns: int, ident: bytes = b"") -> bytes:
    """A message of the application, as it happens or out of the history."""
    pairs = [(b"name", escaped(name))] + ([] if index is None else [(b"index", b"%d" % index)])
    return element(severity, [*pairs, (b"state", b"%d" % state), (b"time", seconds(time_ns))], ident)


def value(layout: Layout, image: bytes, precision: int = 16) -> bytes:
    return samples.to_text(samples.from_image(layout, image), precision)


def _description(layout: Layout, comment: bytes, alias: bytes, branches: bool) -> list[tuple[bytes, bytes]]:
    """Alias, comment and text are not escaped: that is one of the server's faults."""
    pairs = [(b"alias", alias)] if alias else []
    pairs += [(b"comment", comment)] if comment else []
    pairs += [(b"datasize", b"%d" % layout.type.size), (b"typ", layout.typ.encode())]
    if layout.shape:
        rows = layout.count // layout.shape[-1]
        pairs += [(b"anz", b"%d" % layout.count), (b"cnum", b"%d" % layout.shape[-1]), (b"rnum", b"%d" % rows)]
        pairs += [(b"orientation", _MATRIX[len(layout.shape)])]
    pairs += [(b"text", comment)] if comment else []
    return pairs + ([(b"dir", b"1")] if branches else [])
