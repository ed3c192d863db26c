"""What a session brings goes to the instruments: frames as sample sets, each group of the server one stream."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from itertools import starmap

from broker.late import times
from msr_adapter.describe import Column
from msr_adapter.gaps import Gaps
from msr_adapter.member import Member
from msr_adapter.plan import Stream
from msr_adapter.rows import Rows, rows
from msr_adapter.wire import Data, WireError
from msr_adapter.wire.samples import Samples, from_base64

log = logging.getLogger("msr_adapter.intake")

SILENT_S = 5.0
TELL_GAPS_EVERY_S = 10.0


class Lane:
    """One stream on its way to its instrument."""

    def __init__(self, stream: Stream, member: Member) -> None:
        self.stream, self.member = stream, member
        self.columns: Mapping[int, Column] = {c.index: c for c in stream.columns}
        self.last: dict[int, Samples] = {}
        """By index what on-change signals sent last."""
        self.stamped: dict[int, int] = {}
        """By index the time (µs) of what was published last of them."""
        self.broken = 0
        self._gaps = Gaps(stream.period_s)
        self._untold = 0
        self._told_at = float("-inf")
        self.heard = asyncio.get_running_loop().time()

    def take(self, data: Data) -> None:
        """Publish a frame."""
        self.heard = asyncio.get_running_loop().time()
        try:
            frame = rows(data, self.columns)
        except WireError as e:
            self._say_broken(data, str(e))
            return
        if not frame.cols:
            return
        if self.stream.mode == "block":
            self._publish_block(frame)
        else:
            self._publish_samples(frame)
        if self.stream.mode == "change":
            self._remember(data)
        else:
            self._look_for_gaps(data)

    def _publish_block(self, frame: Rows) -> None:
        t0_us, dt_us, t_us = times(frame.t_us)
        self.member.outlet.block(frame.cols, t0_us=t0_us, dt_us=dt_us, t_us=t_us, q=frame.q, stream=self.stream.name)

    def _publish_samples(self, frame: Rows) -> None:
        for k, t_us in enumerate(frame.t_us):
            values = {ch: col[k] for ch, col in frame.cols.items()}
            q = {ch: codes[k] for ch, codes in frame.q.items() if k in codes}
            self.member.outlet.sample(values, t_us=t_us, q=q, stream=self.stream.name)

    def _remember(self, data: Data) -> None:
        for index, text in data.columns:
            column = self.columns.get(index)
            if column is not None:
                self.stamped[index] = data.t_ns[-1] // 1000
                self.last[index] = from_base64(column.layout, text, len(data.t_ns))[-column.layout.count :]

    def _say_broken(self, data: Data, reason: str) -> None:
        self.broken += len(data.t_ns)
        log.error("%s: a frame could not be read: %s", self.member.name, reason)
        self.member.trouble(self.stream.name, f"{self.broken} samples could not be read, the last because: {reason}")

    def _look_for_gaps(self, data: Data) -> None:
        self._untold += self._gaps.look(data.t_ns)
        if self._untold and self.heard - self._told_at >= TELL_GAPS_EVERY_S:
            text = (
                f"the server's time stamps leave out {self._untold} samples of {self.stream.name.strip('/')} and "
                f"{len(self.columns) - 1} other signals: it lost them, or its clock was set"
            )
            log.warning("%s: %s", self.member.name, text)
            self.member.outlet.event("gap", text, severity="warning", ts_ms=data.t_ns[-1] // 1_000_000)
            self._untold, self._told_at = 0, self.heard

    def silent_s(self, now: float) -> float:
        """For how long nothing has come that should have; 0 when all is well."""
        expected = 0.0 if self.stream.mode == "change" else self.stream.blocksize * self.stream.period_s
        return now - self.heard if expected and now - self.heard > max(SILENT_S, 3 * expected) else 0.0


class Intake:
    """The lanes of one session; ``clock`` in s since the epoch."""

    def __init__(self, streams: Iterable[tuple[Stream, Member]]) -> None:
        self.lanes: dict[int, Lane] = {lane.stream.group: lane for lane in starmap(Lane, streams)}
        self.last_ns = 0
        """The newest stamp seen."""
        self._expected = False

    def expect(self) -> None:
        """Everything is subscribed: from now on samples have to come."""
        self._expected = True
        for lane in self.lanes.values():
            lane.heard = asyncio.get_running_loop().time()

    def take(self, data: Data) -> None:
        """Hand a frame to its lane; one that nobody has subscribed (any more) is left."""
        lane = self.lanes.get(data.group)
        if lane is not None and len(data.t_ns):
            self.last_ns = data.t_ns[-1]
            lane.take(data)

    def watch(self, now: float) -> None:
        """Tell each instrument whose samples stay out, and when they come again. Call every second or so."""
        if not self._expected:
            return
        for lane in self.lanes.values():
            silent = lane.silent_s(now) > 0
            text = "the server answers, but sends no samples" if silent else ""
            lane.member.trouble(f"silent{lane.stream.name}", text)
