"""For the adapter's tests: an outlet that records, and an adapter that reads a simulator."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from broker.config import parse
from broker.messages import Command, Meta, Value
from broker.mistakes import Mistakes
from msr_adapter.adapter import Adapter
from msr_adapter.config import check
from msr_adapter.member import Member
from msr_adapter.session import Address
from msr_adapter.simulator.journal import Sent, read_journal
from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.simulator.server import Server
from msr_adapter.tables import InstrumentTable, MsrFile
from tests.support.waiting import eventually

HEAD = '[msr]\nhost = "127.0.0.1"\nname = "pi"\ndata_dir = "d"\n'


def parsed(text: str) -> MsrFile:
    """``text`` after an [msr] table, which must be without mistakes."""
    file = parse(HEAD + text, MsrFile, "msr.toml", env={})
    mistakes = Mistakes()
    check(file, mistakes)
    assert mistakes.found == []
    return file


def instrument(text: str) -> InstrumentTable:
    """One instrument ``plant`` with these keys."""
    return parsed(f'[[instrument]]\nname = "plant"\n{text}').instrument[0]


@dataclass(frozen=True)
class Row:
    """One value of a channel, with its time and quality."""

    t_us: int
    value: Value
    q: str | None = None


@dataclass
class Recorder:
    """An outlet that keeps everything."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    samples: int = 0
    blocks: list[int] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)

    def sample(self, values: Mapping[str, Value], *, t_us: int | None = None, q: Any = None, stream: str = "") -> None:
        assert t_us is not None
        assert stream
        self.samples += 1
        for ch, value in values.items():
            self.rows.setdefault(ch, []).append(Row(t_us, value, (q or {}).get(ch)))

    def block(self, cols: Mapping[str, Sequence[Value]], *, t0_us: int | None = None, dt_us: int | None = None,
              t_us: Sequence[int] | None = None, q: Any = None, stream: str = "") -> None:  # fmt: skip
        assert stream
        n = len(next(iter(cols.values())))
        self.blocks.append(n)
        if t_us is None:
            assert t0_us is not None
            t_us = [t0_us + k * (dt_us or 0) for k in range(n)]
        for ch, col in cols.items():
            codes = (q or {}).get(ch, {})
            assert len(col) == n
            self.rows.setdefault(ch, []).extend(Row(t, v, codes.get(k)) for k, (t, v) in enumerate(zip(t_us, col)))  # noqa: B905

    def status(self, state: str, reason: str = "") -> None:
        self.states.append((state, reason))

    def event(self, kind: str, text: str, *, severity: str = "info", channel: str = "", state: str = "",
              ts_ms: int | None = None) -> None:  # fmt: skip
        self.events.append(
            {"kind": kind, "text": text, "severity": severity, "channel": channel, "state": state, "ts_ms": ts_ms}
        )

    def describe(self, meta: Meta) -> None:
        self.metas.append(meta)

    @property
    def state(self) -> str:
        return self.states[-1][0] if self.states else ""

    @property
    def reason(self) -> str:
        return self.states[-1][1] if self.states else ""

    @property
    def meta(self) -> Meta:
        return self.metas[-1]

    def values(self, channel: str) -> list[Value]:
        return [row.value for row in self.rows.get(channel, [])]

    def texts(self, kind: str) -> list[tuple[str, str]]:
        return [(e["text"], e["state"]) for e in self.events if e["kind"] == kind]


@dataclass
class Reading:
    """A running adapter and what its instruments say."""

    adapter: Adapter
    outlets: dict[str, Recorder]

    @property
    def plant(self) -> Recorder:
        return self.outlets["plant"]

    async def online(self) -> Recorder:
        await eventually(lambda: self.plant.state in ("online", "degraded"), 20, "online")
        return self.plant

    async def command(self, name: str, **args: Value) -> dict[str, Value]:
        return await self.adapter.execute("plant", Command(id="c", name=name, args=args))


@asynccontextmanager
async def adapting(port: int, *tables: InstrumentTable, hasty: bool = True, **address: Any) -> AsyncIterator[Reading]:
    """An adapter reading the server on ``port``. ``hasty``: it waits at most 0.05 s wherever it would wait longer."""

    async def soon(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05) if hasty else seconds)

    adapter = Adapter(Address("127.0.0.1", port, **address), "pi", sleep=soon)
    outlets = {table.name: Recorder() for table in tables}
    for table in tables:
        adapter.add(Member(table, outlets[table.name]))
    task = asyncio.create_task(adapter.run(), name="adapter")
    try:
        yield Reading(adapter, outlets)
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()):
        raise error


@asynccontextmanager
async def plant(settings: Settings, *tables: InstrumentTable) -> AsyncIterator[tuple[Server, Reading]]:
    """A simulator and an adapter that reads it."""
    async with simulating(settings) as server, adapting(server.port, *tables) as reading:
        yield server, reading


def sent(settings: Settings) -> dict[bytes, list[Sent]]:
    """What the simulator has sent, by signal."""
    assert settings.journal is not None
    found: dict[bytes, list[Sent]] = {}
    for one in read_journal(settings.journal):
        found.setdefault(one.name, []).append(one)
    return found
