"""The adapter against the simulator: every sample as the server sent it, through everything a server does."""

import asyncio
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from broker.commands import CommandFailed
from broker.messages import Value
from msr_adapter.names import Names
from msr_adapter.simulator.journal import Sent
from msr_adapter.simulator.run import Settings, simulating
from tests.msr_adapter.support import Reading, Recorder, Row, adapting, instrument, plant, sent
from tests.support.waiting import eventually

EVERYTHING = 'signals = ["/**"]'


def settings(folder: Path, **more: object) -> Settings:
    return Settings(**{"journal": folder / "journal", "signals": 8, "seed": 1, **more})  # type: ignore[arg-type]


def same(got: Row, t_ns: int, value: float) -> bool:
    """Bit for bit what was sent."""
    if got.t_us != t_ns // 1000:
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return got.value is not None and struct.pack("d", got.value) == struct.pack("d", value)  # type: ignore[arg-type]
    if isinstance(value, float):
        return isinstance(got.value, float) and struct.pack("d", got.value) == struct.pack("d", value)
    return not isinstance(got.value, float) and got.value is not None and int(got.value) == value


def expected(frames: Sequence[Sent], element: int) -> list[tuple[int, float]]:
    return [(t, f.values[k * f.count + element]) for f in frames for k, t in enumerate(f.t_ns)]


def compare(out: Recorder, frames: dict[bytes, list[Sent]], *, least: int = 1) -> int:
    """Everything published is what was sent, in order, none left out but the very last; how many values."""
    shapes: dict[bytes, tuple[int, ...]] = {name: () for name in frames}
    names = {c.source: ch for ch, c in out.meta.channels.items()}
    compared = 0
    for path, sent_frames in frames.items():
        for element in range(sent_frames[0].count):
            channel = _channel(names, path, sent_frames[0].count, element)
            got, wanted = out.rows.get(channel, []), expected(sent_frames, element)
            assert len(got) >= least, f"{channel}: {len(got)} rows"
            wrong = [(k, g, w) for k, (g, w) in enumerate(zip(got, wanted, strict=False)) if not same(g, *w)]
            assert not wrong, f"{channel}: {wrong[:3]}"
            assert len(got) <= len(wanted)
            compared += len(got)
    assert shapes
    return compared


def _channel(names: dict[str, str], path: bytes, count: int, element: int) -> str:
    text = path.decode()
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    text = text.replace("&amp;", "&")
    if count == 1 and text in names:
        return names[text]
    found = [ch for source, ch in names.items() if source.startswith(text + "[")]
    return found[element]


async def test_every_type_and_shape_arrives_bit_for_bit(tmp_path: Path) -> None:
    s = settings(tmp_path)
    async with plant(s, instrument(EVERYTHING)) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("counter_c0000")) > 1500 and len(out.values("plant_kiln_batch")) > 1)
    frames = sent(s)

    assert out.state == "online", out.reason
    assert len(frames) > 60
    assert compare(out, frames) > 300_000
    wide = [v for v in out.values("types_tulint") if isinstance(v, str)]
    assert wide
    assert {c.type for c in out.meta.channels.values()} == {"float", "int", "int64", "uint64"}
    assert max(out.blocks) <= 40
