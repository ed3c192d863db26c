import asyncio
import random
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.driver import Rows
from edge.instruments.vibration import FRAME, Frame, FrameReader, Unwrap, Vibration, VibrationOptions, blocks, encode
from edge.links.base import BadAnswerError, NoAnswerError
from edge.links.inbox import Stamped
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulating
from edge.timebase import Timebase
from tests.edge.support import ABOUT, Collected, ScriptedLink, pieces, serial_link, supervised
from tests.support.waiting import eventually

COUNTS = st.integers(-32768, 32767)
SAMPLES = st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=12)
CUTS = st.lists(st.integers(0, 300), max_size=30)


@given(SAMPLES, CUTS)
def test_frames_come_out_whole_whatever_the_pieces(samples: list[tuple[int, int, int]], cuts: list[int]) -> None:
    data = b"".join(encode(n, axes) for n, axes in enumerate(samples))
    reader = FrameReader()
    frames = [f for piece in pieces(data, cuts) for f in reader.feed(piece)]

    assert [(f.number, f.axes) for f in frames] == list(enumerate(samples))
    assert reader.skipped == 0


@given(st.binary(max_size=40), SAMPLES.filter(bool), st.binary(max_size=10), CUTS)
def test_after_garbage_the_next_whole_frame_is_found(
    before: bytes, samples: list[tuple[int, int, int]], between: bytes, cuts: list[int]
) -> None:
    wanted = [encode(n, axes) for n, axes in enumerate(samples)]
    data = before + between.join(wanted) + bytes(FRAME.size)  # the tail pushes out a half frame faked by garbage
    reader = FrameReader()
    frames = [f for piece in pieces(data, cuts) for f in reader.feed(piece)]

    assert [f for f in frames if (f.number, f.axes) in list(enumerate(samples))]
    assert len(frames) >= 1
    assert len(frames) * FRAME.size + reader.skipped + len(reader._waiting) == len(data)


def test_a_wrong_checksum_is_no_frame() -> None:
    data = bytearray(encode(1, (2, 3, 4)))
    data[6] ^= 1

    assert FrameReader().feed(Stamped(bytes(data), 0)) == []


@given(st.integers(0, 200_000), st.lists(st.integers(1, 20_000), max_size=20))
def test_numbers_unwrap(start: int, steps: list[int]) -> None:
    unwrap = Unwrap()
    first = unwrap(start & 0xFFFF)
    number = start
    for step in steps:
        number += step

        assert unwrap(number & 0xFFFF) - first == number - start


def test_missing_frames_begin_a_new_block() -> None:
    base = Timebase(5000)
    base.arrived(0, 1_000_000)
    frames = [Frame(n, (n, 0, -32768), 0) for n in (0, 1, 4)]

    assert blocks(frames, [0, 1, 4], base) == [
        Rows({"ax": [0.0, 0.005], "ay": [0.0, 0.0], "az": [None, None]}, t0_us=1_000_000, dt_us=5000,
             q={"az": {0: "bad", 1: "bad"}}),
        Rows({"ax": [0.02], "ay": [0.0], "az": [None]}, t0_us=1_020_000, dt_us=5000, q={"az": {0: "bad"}}),
    ]  # fmt: skip
    assert blocks([], [], base) == []


async def test_silence_and_garbage_are_errors() -> None:
    driver = Vibration(ABOUT, VibrationOptions(silence_ms=100))
    with pytest.raises(NoAnswerError):
        await driver.run(ScriptedLink(lambda _: []), Collected())
    link, out = ScriptedLink(lambda _: []), Collected()
    task = asyncio.create_task(driver.run(link, out))
    rng = random.Random(1)  # noqa: S311
    while not task.done():
        link.feed(rng.randbytes(50))
        await asyncio.sleep(0.01)
    with pytest.raises(BadAnswerError, match=r"no whole frame within 0\.1 s"):
        await task
    assert "bytes are not part of a frame" in out.troubles[0].reason


def more_than(what: list[Rows], count: int) -> bool:
    return len(what) > count


async def test_the_simulated_sensor_streams_without_a_gap_and_in_time(tmp_path: Path) -> None:
    late: list[float] = []

    driver = Vibration(ABOUT, VibrationOptions())
    async with (
        simulating([parse_word("vibration:v")], tmp_path, seed=1),
        supervised(driver, serial_link(tmp_path, "v")) as (_, out),
    ):
        while sum(len(b.cols["ax"]) for b in out.blocks) < 200:
            seen = len(out.blocks)
            await eventually(partial(more_than, out.blocks, seen))
            late.append(time.time() - (out.blocks[-1].t0_us or 0) / 1e6)

    starts = [b.t0_us or 0 for b in out.blocks]
    ends = [s + 5000 * len(b.cols["ax"]) for s, b in zip(starts, out.blocks, strict=True)]
    assert all(abs(s - e) <= 5000 for s, e in zip(starts[1:], ends[:-1], strict=True)), "gap or overlap"
    assert sorted(late)[len(late) // 2] < 0.25, "blocks gather far too long"
    assert 8 < sum(out.numbers("az")) / len(out.numbers("az")) < 12
    assert out.state == "online"
