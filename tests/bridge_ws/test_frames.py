"""Frames: what goes in comes out, and garbage is refused by name."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_ws import frames
from bridge_ws.frames import FrameError, Part

FLOATS = st.lists(st.floats(), max_size=20)
NUMBERS = st.integers(1, 2**31)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    n = draw(NUMBERS)
    values = np.array(draw(FLOATS))
    other = np.array(draw(st.lists(st.floats(), min_size=len(values), max_size=len(values))))
    t0, dt = draw(st.integers(0, 2**53)), draw(st.integers(0, 10**9))
    return draw(
        st.sampled_from(
            [
                frames.regular(n, t0, dt, values),
                frames.timed(n, other, values),
                frames.minmax(n, t0, dt, other, values),
            ]
        )
    )


@given(st.integers(0, 2**43), st.lists(parts(), max_size=6))
def test_a_frame_comes_out_as_it_went_in(now: int, given_parts: list[Part]) -> None:
    got_now, got = frames.decode(frames.encode(now, given_parts))

    assert got_now == now
    assert [p.header for p in got] == [p.header for p in given_parts]
    for a, b in zip(got, given_parts, strict=True):
        for left, right in zip(a.columns, b.columns, strict=True):
            np.testing.assert_array_equal(left, right)


@given(st.integers(0, 2**43), st.lists(parts(), max_size=6))
def test_columns_begin_at_a_multiple_of_eight(now: int, given_parts: list[Part]) -> None:
    frame = frames.encode(now, given_parts)
    size = int.from_bytes(frame[:4], "little")

    assert (4 + size) % 8 == 0
    assert json.loads(frame[4 : 4 + size])["now"] == now


def test_the_header_says_only_what_holds() -> None:
    frame = frames.encode(7, [frames.regular(3, 10, 5, np.array([1.0, 2.0]))])
    size = int.from_bytes(frame[:4], "little")

    assert json.loads(frame[4 : 4 + size]) == {"now": 7, "blocks": [{"n": 3, "count": 2, "t0_us": 10, "dt_us": 5}]}


@given(st.binary(max_size=60))
def test_garbage_is_a_frame_error_or_a_frame(garbage: bytes) -> None:
    with contextlib.suppress(FrameError):
        frames.decode(garbage)


@pytest.mark.parametrize("cut", [1, 3, 8, 20])
def test_a_frame_cut_short_is_refused(cut: int) -> None:
    frame = frames.encode(7, [frames.regular(3, 10, 5, np.array([1.0, 2.0]))])

    with pytest.raises(FrameError):
        frames.decode(frame[:-cut])


def test_a_negative_count_is_refused() -> None:
    header = b'{"now":1,"blocks":[{"n":1,"count":-1},{"n":2,"count":1}]}'
    header += b" " * (-(4 + len(header)) % 8)

    with pytest.raises(FrameError):
        frames.decode(len(header).to_bytes(4, "little") + header)
