"""Parameters over a session: read, published when they change, written and read back."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from broker.commands import CommandFailed
from broker.messages import Quality, Value
from msr_adapter.member import Member
from msr_adapter.rows import row_of, texts
from msr_adapter.session import LinkLost, Session
from msr_adapter.settings import Watched, check_step
from msr_adapter.wire import Parameter, Warn, WireError, requests, to_text
from msr_adapter.wire.samples import Number, Samples, from_hex, from_image, to_image

log = logging.getLogger("msr_adapter.parameters")

STREAM = "/parameters"


class Reading(msgspec.Struct, frozen=True):
    """A parameter's memory image and when it was last written (0: never since the server's start)."""

    image: bytes
    mtime_us: int


class Parameters:
    """What is known of all watched parameters, over all sessions. ``now_us``: the server's clock."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._known: dict[tuple[str, bytes], Reading] = {}
        self._writing: set[bytes] = set()
        self._ours: dict[bytes, bytes] = {}
        """Path → image that was written here last: no news for another instrument that shows it too."""

    async def refresh(self, session: Session, member: Member, indices: set[int] | None = None) -> None:
        """Read the parameters of an instrument (those with ``indices``) and publish them. Raises LinkLost."""
        picked = [w for w in member.watched if indices is None or w.column.index in indices]
        readings = await asyncio.gather(*(read(session, w) for w in picked))
        steady: list[tuple[Watched, Reading]] = []
        for w, reading in zip(picked, readings, strict=True):
            if reading is None or w.column.path in self._writing:
                continue
            if self._changed(member, w, reading):
                self._publish_change(member, w, reading)
            else:
                steady.append((w, reading))
        self._publish(member, steady, self._now_us())

    def _changed(self, member: Member, w: Watched, reading: Reading) -> bool:
        before = self._known.get((member.name, w.column.path))
        return before is not None and reading.image not in (before.image, self._ours.get(w.column.path))

    def _publish(self, member: Member, readings: Sequence[tuple[Watched, Reading]], t_us: int) -> None:
        values: dict[str, Value] = {}
        q: dict[str, Quality] = {}
        for w, reading in readings:
            self._known[member.name, w.column.path] = reading
            new_values, new_q = row_of(w.column, samples_of(w, reading))
            values |= new_values
            q |= new_q
        if values:
            member.outlet.sample(values, t_us=t_us, q=q, stream=STREAM)

    def _publish_change(self, member: Member, w: Watched, reading: Reading) -> None:
        """Somebody else has written it: a sample at the time of that, and an event for each element."""
        before = self._known[member.name, w.column.path]
        self._ours.pop(w.column.path, None)
        t_us = reading.mtime_us or self._now_us()
        self._publish(member, [(w, reading)], t_us)
        for channel, text in changes(w, samples_of(w, before), samples_of(w, reading)):
            log.info("%s: %s %s", member.name, channel, text)
            member.outlet.event("parameter", text, channel=channel, ts_ms=t_us // 1000)

    async def write(
        self, session: Session, member: Member, w: Watched, start: int, values: Sequence[Number]
    ) -> dict[str, Value]:
        """Set elements from ``start`` on; what the server has after it. Raises CommandFailed."""
        self._writing.add(w.column.path)
        try:
            reading = await self._write(session, member, w, start, values)
        except LinkLost as e:
            raise CommandFailed("no_answer", f"{e}; whether it was written is unknown") from e
        except WireError as e:
            raise CommandFailed("wrong_type", str(e)) from e
        finally:
            self._writing.discard(w.column.path)
        result, _ = row_of(w.column, samples_of(w, reading))
        return {"value": next(iter(result.values()))} if w.elements == 1 else result

    async def _write(
        self, session: Session, member: Member, w: Watched, start: int, values: Sequence[Number]
    ) -> Reading:
        column, layout = w.column, w.column.layout
        piece = to_image(layout, values)
        before = await self._there(session, w)
        check_step(w, samples_of(w, before), start, values)
        begin = start * layout.type.size
        wanted = before.image[:begin] + piece + before.image[begin + len(piece) :]
        make = partial(requests.write_parameter, target=column.index, layout=layout, values=values, start=start)
        warnings = [e.text for e in await session.ask(make) if isinstance(e, Warn)]
        after = await self._there(session, w)
        if after.image == wanted:
            self._ours[w.column.path] = wanted
        if after.image in (wanted, before.image):
            self._publish(member, [(w, after)], after.mtime_us or self._now_us())
        else:
            self._publish_change(member, w, after)
        if after.image != wanted:
            raise _not_taken(w, before, after, warnings)
        return after

    async def _there(self, session: Session, w: Watched) -> Reading:
        reading = await read(session, w)
        if reading is None:
            raise CommandFailed("missing", f"{to_text(w.column.path)} is not on the server any more")
        return reading


async def read(session: Session, w: Watched) -> Reading | None:
    """A parameter as it is now; None when the server does not have it. Raises LinkLost."""
    ask = partial(requests.read_parameter, target=w.column.index)
    for answer in await session.ask(ask):
        if isinstance(answer, Parameter) and answer.hexvalue is not None:
            try:
                from_hex(w.column.layout, answer.hexvalue)
            except WireError as e:
                log.error("%s: %s", to_text(w.column.path), e)
                return None
            return Reading(bytes.fromhex(answer.hexvalue.decode("ascii")), answer.mtime_us)
    return None


def samples_of(w: Watched, reading: Reading) -> Samples:
    """The elements."""
    return from_image(w.column.layout, reading.image)


def changes(w: Watched, before: Samples, after: Samples) -> list[tuple[str, str]]:
    """Channel and text of each element that is not what it was."""
    was, is_ = before.tobytes(), after.tobytes()
    if w.column.type == "str":
        old, new = texts(before, len(was))[0], texts(after, len(is_))[0]
        return [(w.column.channels[0], f"changed outside labwire: {old!r} → {new!r}")] if was != is_ else []
    size = w.column.layout.type.size
    return [
        (channel, f"changed outside labwire: {shown(w, before[k])} → {shown(w, after[k])}")
        for k, channel in enumerate(w.column.channels)
        if was[k * size : (k + 1) * size] != is_[k * size : (k + 1) * size]
    ]


def shown(w: Watched, value: Number) -> str:
    """A value for people, with its unit."""
    if w.column.type == "bool":
        return "true" if value else "false"
    # A float32 has seven digits, a double sixteen: no more is shown than it holds.
    text = f"{value:.7g}" if w.column.layout.type.code == "f" else f"{value:.15g}" if _is_float(w) else str(value)
    return f"{text} {w.column.table.unit}".rstrip()


def _is_float(w: Watched) -> bool:
    return w.column.layout.type.is_float


def _not_taken(w: Watched, before: Reading, after: Reading, warnings: Sequence[str]) -> CommandFailed:
    samples = samples_of(w, after)
    is_ = ", ".join(shown(w, v) for v in samples[:8])
    if w.column.type == "str":
        is_ = repr(texts(samples, len(after.image))[0])
    if warnings:
        return CommandFailed("no_access", f"the server says {warnings[0]!r}; the value is still {is_}")
    if after == before:
        return CommandFailed("refused", f"the application refused it; the value is still {is_}")
    return CommandFailed("changed", f"the value is {is_}: the application or somebody else changed it")
