"""``labwire msr init``: a starting ``msr.toml`` from what a server offers. Pure.

One instrument per top directory, its signals by glob, its parameters as comments: nothing is writable before somebody
has removed a comment and written limits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msr_adapter.names import slug
from msr_adapter.offer import Line
from msr_adapter.session import Address

_HEAD = """# {address}, written by labwire msr init. docs/configuration-msr.md explains every key.

[msr]
host = "{host}"
port = {port}
name = "etherlab"           # user edge-etherlab at the broker
data_dir = "/var/lib/labwire/msr"
{tls}
[broker]
host = "127.0.0.1"
user = "edge-etherlab"
password_file = "broker.password"
"""


def starting_file(address: Address, lines: Sequence[Line]) -> str:
    """The text of the file."""
    tls = f"tls = true\nca_file = {_quoted(address.ca_file)}\n" if address.tls else ""
    parts = [_HEAD.format(address=address, host=address.host, port=address.port, tls=tls)]
    by_top: dict[str, list[Line]] = {}
    for line in lines:
        if not line.path.startswith("/Taskinfo/"):
            by_top.setdefault(_top(line.path), []).append(line)
    names = _names(by_top)
    parts += ["\n".join(_instrument(names[top], top, found)) for top, found in by_top.items()]
    return "\n".join(parts)


def _top(path: str) -> str:
    first, slash, _ = path.strip("/").partition("/")
    return first if slash else ""


def _names(tops: Iterable[str]) -> dict[str, str]:
    """Instrument names: a number is added where two tops look alike."""
    names: dict[str, str] = {}
    for top in tops:
        wanted = slug(top.encode()).replace("_", "-")[:50] if top else "etherlab"
        name, number = wanted, 2
        while name in names.values():
            name, number = f"{wanted}-{number}", number + 1
        names[top] = name
    return names


def _instrument(name: str, top: str, lines: Sequence[Line]) -> Iterator[str]:
    signals = [line for line in lines if line.kind == "signal"]
    rates = sorted({line.rate_hz for line in signals if line.rate_hz})
    yield "[[instrument]]"
    yield f"name = {_quoted(name)}"
    glob = _quoted(f"/{top}/**" if top else "/*")
    if signals:
        yield f"signals = [{glob}]    # {len(signals)}, at {' and '.join(f'{r:g}' for r in rates) or '?'} Hz"
        yield 'rate = "full"    # or { per_second = 10 }, { every = 100 }, "on_change"'
    if len(signals) < len(lines):
        yield f"parameters = [{glob}]    # {len(lines) - len(signals)}, shown, not to be set"
    for line in signals:
        if line.comment or line.unit:
            yield f"# channels.{_quoted(line.path)} = {{ unit = {_quoted(line.unit)} }}    # {_comment(line.comment)}"
    for line in lines:
        if line.kind == "parameter":
            yield from _parameter(line)
    yield ""


def _parameter(line: Line) -> Iterator[str]:
    shape = f", {'x'.join(map(str, line.shape))} elements" if line.shape else ""
    yield ""
    yield f"# {line.type}{shape}, now {_comment(line.value or '?')}" + (
        f", {_comment(line.comment)}" if line.comment else ""
    )
    yield "# [[instrument.parameter]]"
    yield f"# path = {_quoted(line.path)}"
    yield "# min = "
    yield "# max = "


def _comment(text: str) -> str:
    """On one line, and nothing a comment may not hold."""
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", text)[:80]


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
