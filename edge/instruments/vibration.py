"""A three-axis vibration sensor that streams 200 binary frames a second.

The frame (12 bytes, little endian), sent unasked every 5 ms at 115200 8N1:

    offset 0   2 bytes   sync, A5 5A
    offset 2   uint16    sample number, wraps at 65536
    offset 4   int16 × 3 acceleration x, y, z; 1 count = 0.005 m/s², −32768 = overload
    offset 10  uint16    CRC-16/CCITT (polynomial 1021, start FFFF) over bytes 2 to 9

The number makes lost frames visible and gives even times whatever the line's delays (``edge.timebase``).
"""

import binascii
import struct
from dataclasses import dataclass
from typing import Never

import msgspec

from broker.messages import Channel, Meta, Quality, Value
from edge.driver import Driver, Publish, Rows, Trouble
from edge.links.address import SerialSettings
from edge.links.base import BadAnswerError, Link
from edge.links.inbox import Stamped
from edge.timebase import Timebase

SYNC = b"\xa5\x5a"
FRAME = struct.Struct("<2sHhhhH")
COUNT_MS2 = 0.005
OVERLOAD = -32768
GATHER_S = 0.04
AXES = ("ax", "ay", "az")


class VibrationOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``rate_hz``: frames a second; ``silence_ms``: quiet for longer than this, the sensor counts as gone."""

    rate_hz: int = 200
    silence_ms: int = 2000

    def __post_init__(self) -> None:
        if not 1 <= self.rate_hz <= 10_000 or self.silence_ms < 100:
            raise ValueError("rate_hz is 1 to 10000 and silence_ms at least 100")


@dataclass(frozen=True, slots=True)
class Frame:
    """One sample; ``axes`` in counts. ``t_us``: when its last byte arrived."""

    number: int
    axes: tuple[int, int, int]
    t_us: int


def encode(number: int, axes: tuple[int, int, int]) -> bytes:
    """The frame's bytes, as the sensor sends them."""
    head = FRAME.pack(SYNC, number & 0xFFFF, *axes, 0)[:-2]
    return head + struct.pack("<H", binascii.crc_hqx(head[2:], 0xFFFF))


class FrameReader:
    """Cuts frames out of pieces of any size and finds the beginning again after garbage. ``skipped`` counts bytes."""

    def __init__(self) -> None:
        self._waiting = b""
        self.skipped = 0

    def feed(self, piece: Stamped) -> list[Frame]:
        """The frames that are complete with this piece."""
        data = self._waiting + piece.data
        frames: list[Frame] = []
        at = 0
        while len(data) - at >= FRAME.size:
            frame = _frame(data, at, piece.t_us)
            if frame is None:
                at, before = _next_sync(data, at + 1), at
                self.skipped += at - before
            else:
                frames.append(frame)
                at += FRAME.size
        self._waiting = data[at:]
        return frames


def _frame(data: bytes, at: int, t_us: int) -> Frame | None:
    sync, number, x, y, z, crc = FRAME.unpack_from(data, at)
    if sync != SYNC or binascii.crc_hqx(data[at + 2 : at + 10], 0xFFFF) != crc:
        return None
    return Frame(number, (x, y, z), t_us)


def _next_sync(data: bytes, start: int) -> int:
    """Where the next frame may begin; a lone first sync byte at the end is kept."""
    found = data.find(SYNC, start)
    if found >= 0:
        return found
    return len(data) - 1 if data.endswith(SYNC[:1]) else len(data)


class Unwrap:
    """From numbers that wrap at 65536 to numbers that do not, as long as fewer than 32768 are lost at once."""

    def __init__(self) -> None:
        self._last: int | None = None

    def __call__(self, number: int) -> int:
        if self._last is None:
            self._last = number
        else:
            step = (number - self._last) & 0xFFFF
            self._last += step - 65536 if step > 32768 else step
        return self._last


class Vibration(Driver[VibrationOptions]):
    """Acceleration on three axes, published as blocks of 40 ms."""

    Options = VibrationOptions
    serial = SerialSettings(baud=115200)

    @property
    def meta(self) -> Meta:
        period = 1000 / self.options.rate_hz
        full = 32767 * COUNT_MS2
        channels = {
            name: Channel(unit="m/s²", label=f"Acceleration {name[1]}", range=(-full, full), resolution=COUNT_MS2,
                          group="Vibration", period_ms=period)
            for name in AXES
        }  # fmt: skip
        return self.describe(channels, {}, stale_ms=2000, label="Vibration sensor")

    async def run(self, link: Link, publish: Publish) -> Never:
        reader, unwrap = FrameReader(), Unwrap()
        base = Timebase(round(1_000_000 / self.options.rate_hz))
        link.stray()
        silence_s = self.options.silence_ms / 1000
        heard = self.monotonic()
        while True:
            pieces = await link.read_pieces(silence_s)
            before = reader.skipped
            frames = [frame for piece in pieces for frame in reader.feed(piece)]
            numbers = [unwrap(f.number) for f in frames]
            for frame, number in zip(frames, numbers, strict=True):
                base.arrived(number, frame.t_us)
            for rows in blocks(frames, numbers, base):
                publish(rows)
            if reader.skipped - before >= FRAME.size:  # less is the half frame a stream begins with
                publish(Trouble(f"{self.about.name}: {reader.skipped - before} bytes are not part of a frame"))
            heard = self.monotonic() if frames else heard
            if self.monotonic() - heard > silence_s:
                raise BadAnswerError(f"{link.address}: no whole frame within {silence_s:g} s")
            await self.sleep(GATHER_S)


def blocks(frames: list[Frame], numbers: list[int], base: Timebase) -> list[Rows]:
    """The frames as blocks with even times, a new one where frames are missing."""
    starts = [k for k in range(len(frames)) if k == 0 or numbers[k] != numbers[k - 1] + 1]
    ends = [*starts, len(frames)][1:]
    return [_rows(frames[a:b], base.time_us(numbers[a]), base.dt_us) for a, b in zip(starts, ends, strict=True)]


def _rows(frames: list[Frame], t0_us: int, dt_us: int) -> Rows:
    cols: dict[str, list[Value]] = {}
    q: dict[str, dict[int, Quality]] = {}
    for axis, name in enumerate(AXES):
        counts = [f.axes[axis] for f in frames]
        cols[name] = [None if c == OVERLOAD else round(c * COUNT_MS2, 3) for c in counts]
        marked: dict[int, Quality] = {k: "bad" for k, c in enumerate(counts) if c == OVERLOAD}
        if marked:
            q[name] = marked
    return Rows(cols, t0_us=t0_us, dt_us=dt_us, q=q)
