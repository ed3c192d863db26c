"""Binary frames of samples: a JSON header and Float64 columns, for the WebSocket.

A frame is ``u32 LE header length | JSON header | Float64 LE columns``; the header is padded with spaces so that the
columns begin at a multiple of 8 and a browser can lay a Float64Array over them without copying. Each entry of the
header's ``blocks`` says what its columns are:

    {n, t0_us, dt_us, count}               one column: values at t0_us + k·dt_us
    {n, count, times: true}                two columns: times (µs since the epoch), values
    {n, t0_us, dt_us, count, minmax: true} two columns: smallest and largest of each bucket [t0_us + k·dt_us, … + dt_us)

A gap (null on the wire) is NaN in its column.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PREFIX = 4
_ALIGN = 8


class FrameError(ValueError):
    """Bytes that are not a frame; the text says what is wrong."""


class BlockHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one block's columns are; ``n`` is the channel's number."""

    n: int
    count: int
    t0_us: int | None = None
    dt_us: int | None = None
    times: bool = False
    minmax: bool = False

    @property
    def columns(self) -> int:
        return 2 if self.times or self.minmax else 1


class FrameHeader(msgspec.Struct, frozen=True):
    """``now`` is the bridge's clock in ms when the frame was made."""

    now: int
    blocks: list[BlockHeader]


class Part(msgspec.Struct, frozen=True):
    """One block with its columns, each ``header.count`` long."""

    header: BlockHeader
    columns: tuple[Floats, ...]


def regular(n: int, t0_us: int, dt_us: int, values: Floats) -> Part:
    """Values of channel ``n`` at equal distances."""
    return Part(BlockHeader(n, len(values), t0_us, dt_us), (values,))


def timed(n: int, times_us: Floats, values: Floats) -> Part:
    """Values of channel ``n``, each with its own time in µs."""
    return Part(BlockHeader(n, len(values), times=True), (times_us, values))


def minmax(n: int, t0_us: int, step_us: int, low: Floats, high: Floats) -> Part:
    """Smallest and largest per bucket of ``step_us``; NaN where a bucket is empty."""
    return Part(BlockHeader(n, len(low), t0_us, step_us, minmax=True), (low, high))


def encode(now_ms: int, parts: Sequence[Part]) -> bytes:
    """Make one frame of ``parts``."""
    header = msgspec.json.encode(FrameHeader(now_ms, [p.header for p in parts]))
    header += b" " * (-(_PREFIX + len(header)) % _ALIGN)
    columns = [np.ascontiguousarray(c, dtype="<f8").tobytes() for p in parts for c in p.columns]
    return b"".join([len(header).to_bytes(_PREFIX, "little"), header, *columns])


def decode(frame: bytes) -> tuple[int, list[Part]]:
    """Take a frame apart into ``now`` and its parts: what a Python client needs. Raises FrameError."""
    size = int.from_bytes(frame[:_PREFIX], "little")
    at = _PREFIX + size
    if len(frame) < at or at % _ALIGN:
        raise FrameError(f"header length {size} does not fit a frame of {len(frame)} bytes")
    try:
        header = msgspec.json.decode(frame[_PREFIX:at], type=FrameHeader)
    except msgspec.DecodeError as e:
        raise FrameError(f"the header is not valid: {e}") from e
    if any(b.count < 0 for b in header.blocks) or at + 8 * sum(b.columns * b.count for b in header.blocks) != len(
        frame
    ):
        raise FrameError(f"the header's blocks do not fit a frame of {len(frame)} bytes")
    return header.now, _parts(frame, at, header.blocks)


def _parts(frame: bytes, at: int, blocks: Sequence[BlockHeader]) -> list[Part]:
    parts: list[Part] = []
    for block in blocks:
        columns: list[Floats] = []
        for _ in range(block.columns):
            columns.append(np.frombuffer(frame, "<f8", block.count, at))
            at += 8 * block.count
        parts.append(Part(block, tuple(columns)))
    return parts
