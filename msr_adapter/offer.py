"""``labwire msr list``: what a server offers, with the channel names it gives here. Rendering is pure."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from msr_adapter.catalog import Catalog, Setting, Signal
from msr_adapter.describe import type_of
from msr_adapter.enquiry import attended, read_catalog
from msr_adapter.names import matches
from msr_adapter.session import Address, Session, connected
from msr_adapter.wire import Channel, Parameter, requests, to_text

MOST_VALUES = 1000
"""Each value of a signal costs the real-time process a round trip."""
_WIDTH = 60


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One signal or parameter. ``rate_hz`` and ``task`` of signals; ``value`` as the server writes it."""

    path: str
    kind: str
    channel: str
    type: str
    shape: tuple[int, ...] = ()
    rate_hz: float | None = None
    task: int | None = None
    value: str | None = None
    comment: str = ""
    unit: str = ""


async def read_offer(address: Address, pattern: str, values: bool | None) -> list[Line]:
    """Everything whose path fits, in order of the paths. Raises LinkLost.

    ``values`` None: those of signals only when they are not more than MOST_VALUES.
    """
    async with connected(address) as session, attended(session):
        catalog = await read_catalog(session)
        signals = [s for s in catalog.signals if matches(pattern, s.path)]
        settings = [s for s in catalog.settings if matches(pattern, s.path)]
        wanted = len(signals) <= MOST_VALUES if values is None else values
        read = await asyncio.gather(*(_signal_value(session, s) for s in signals)) if wanted else [None] * len(signals)
        written = await asyncio.gather(*(_setting_value(session, s) for s in settings))
    lines = [_line(catalog, s, "signal", value) for s, value in zip(signals, read, strict=True)]
    lines += [_line(catalog, s, "parameter", value) for s, value in zip(settings, written, strict=True)]
    return sorted(lines, key=lambda line: line.path.split("/"))


async def _signal_value(session: Session, signal: Signal) -> str | None:
    for answer in await session.ask(partial(requests.read_channel, target=signal.index)):
        if isinstance(answer, Channel) and answer.value is not None:
            return answer.value.decode("latin-1")
    return None


async def _setting_value(session: Session, setting: Setting) -> str | None:
    for answer in await session.ask(partial(requests.read_parameter, target=setting.index, in_hex=False)):
        if isinstance(answer, Parameter) and answer.value is not None:
            return answer.value.decode("latin-1")
    return None


def _line(catalog: Catalog, what: Signal | Setting, kind: str, value: str | None) -> Line:
    signal = what if isinstance(what, Signal) else None
    return Line(
        path=to_text(what.path),
        kind=kind,
        channel=catalog.names.base(what.path),
        type=type_of(what.layout, ""),
        shape=what.layout.shape,
        rate_hz=signal.hz if signal else None,
        task=signal.task if signal else None,
        value=value,
        comment=what.comment,
        unit=what.unit,
    )


def tree(lines: Sequence[Line]) -> Iterator[str]:
    """The lines of text of a tree: directories once, each entry with type, shape, rate, value and channel name."""
    above: list[str] = []
    for line in lines:
        *directories, last = line.path.strip("/").split("/")
        common = _common(above, directories)
        for depth, directory in enumerate(directories[common:], common):
            yield f"{'  ' * depth}{directory}/"
        above = directories
        yield f"{'  ' * len(directories)}{last}  {_told(line)}".rstrip()


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return same


def _told(line: Line) -> str:
    shape = f"[{'x'.join(map(str, line.shape))}]" if line.shape else ""
    rate = f"{line.rate_hz:g} Hz" if line.rate_hz is not None else "parameter"
    value = "" if line.value is None else f" = {_cut(line.value)}"
    comment = f"  # {_cut(line.comment)}" if line.comment else ""
    return f"{line.type}{shape} {rate}{value}  -> {line.channel}{comment}"


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 1] + "…"
