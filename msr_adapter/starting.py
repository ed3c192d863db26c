"""``labwire msr init``: a starting ``msr.toml`` from what a server offers. Pure.

One instrument per top directory (of a very large one, per directory in it), its signals by glob, its parameters as
comments: nothing is writable before somebody has removed a comment and written limits.
"""

import math
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


MOST_CHANNELS = 5000
"""Of one instrument: its description is one message."""
MOST_VALUES_PER_S = 50_000
"""Beyond it a starting file asks for one sample a second, and says so."""


def starting_file(address: Address, lines: Sequence[Line]) -> str:
    """The text of the file."""
    tls = "tls = true\n" if address.tls else ""
    for key in ("ca_file", "cert_file", "key_file"):
        tls += f"{key} = {_quoted(getattr(address, key))}\n" if getattr(address, key) else ""
    parts = [_HEAD.format(address=address, host=address.host, port=address.port, tls=tls)]
    found = list(_directories((), [line for line in lines if not line.path.startswith("/Taskinfo/")]))
    for name, (glob, inside) in zip(
        _names([directory for directory, _, _ in found]), [f[1:] for f in found], strict=True
    ):
        parts.append("\n".join(_instrument(name, glob, inside)))
    return "\n".join(parts)


def _directories(
    directory: tuple[str, ...], lines: Sequence[Line]
) -> Iterator[tuple[tuple[str, ...], str, list[Line]]]:
    """The top directories, and those below where one is too large: directory, glob, what is in it."""
    here = "".join(f"/{part}" for part in directory)
    if directory and sum(math.prod(line.shape) for line in lines) <= MOST_CHANNELS:
        yield directory, f"{here}/**", list(lines)
        return
    below: dict[str, list[Line]] = {}
    for line in lines:
        first, slash, _ = line.path[len(here) + 1 :].partition("/")
        below.setdefault(first if slash else "", []).append(line)
    if direct := below.pop("", None):
        yield directory, f"{here}/*", direct
    for name, inside in below.items():
        yield from _directories((*directory, name), inside)


def _names(directories: Iterable[tuple[str, ...]]) -> list[str]:
    """Instrument names: a number is added where two look alike."""
    names: list[str] = []
    for directory in directories:
        wanted = slug("/".join(directory).encode()).replace("_", "-")[:50] if directory else "etherlab"
        name, number = wanted, 2
        while name in names:
            name, number = f"{wanted}-{number}", number + 1
        names.append(name)
    return names


def _instrument(name: str, glob: str, lines: Sequence[Line]) -> Iterator[str]:
    signals = [line for line in lines if line.kind == "signal"]
    yield "[[instrument]]"
    yield f"name = {_quoted(name)}"
    if signals:
        rates = sorted({line.rate_hz for line in signals if line.rate_hz})
        yield f"signals = [{_quoted(glob)}]    # {len(signals)}, at {' and '.join(f'{r:g}' for r in rates) or '?'} Hz"
        yield _rate(sum((line.rate_hz or 0) * math.prod(line.shape) for line in signals))
    if len(signals) < len(lines):
        yield f"parameters = [{_quoted(glob)}]    # {len(lines) - len(signals)}, shown, not to be set"
    for line in signals:
        if line.comment or line.unit:
            yield f"# channels.{_quoted(line.path)} = {{ unit = {_quoted(line.unit)} }}    # {_comment(line.comment)}"
    for line in lines:
        if line.kind == "parameter":
            yield from _parameter(line)
    yield ""


def _rate(values_per_s: float) -> str:
    if values_per_s > MOST_VALUES_PER_S:
        return f'rate = {{ per_second = 1 }}    # "full" would be {values_per_s:.0f} values a second'
    return 'rate = "full"    # or { per_second = 10 }, { every = 100 }, "on_change"'


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
