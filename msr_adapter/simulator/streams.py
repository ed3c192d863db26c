"""Periodic subscriptions of one session: blocks of samples to frames (protocol sections 5 and 5.1)."""

import random
from array import array
from dataclasses import dataclass, field

from msr_adapter.simulator.model import Signal
from msr_adapter.simulator.render import END, seconds, value
from msr_adapter.simulator.tasks import Task
from msr_adapter.wire import samples


@dataclass(frozen=True, slots=True)
class Coding:
    binary: bool
    precision: int = 16

    def text(self, signal: Signal, image: bytes) -> bytes:
        return samples.to_base64(image) if self.binary else value(signal.layout, image, self.precision)


@dataclass(slots=True)
class Member:
    """A channel in a block; ``ready``: the first cycle it can have."""

    signal: Signal
    coding: Coding
    ready: int
    image: bytearray = field(default_factory=bytearray)


class Block:
    """The channels of one (task, group, reduction, blocksize)."""

    def __init__(self, task: Task, group: int, reduction: int, blocksize: int, next_cycle: int) -> None:
        self.task, self.group, self.reduction, self.blocksize = task, group, reduction, blocksize
        self.next = next_cycle
        self.members: dict[int, Member] = {}
        self._waiting: dict[int, Member] = {}
        self._stamps: array[int] = array("Q")

    @property
    def empty(self) -> bool:
        return not self.members and not self._waiting

    def join(self, member: Member) -> None:
        """In a begun block it waits for the next."""
        self._waiting[member.signal.index] = member

    def leave(self, index: int) -> None:
        """What it had of the running block is lost."""
        self.members.pop(index, None)
        self._waiting.pop(index, None)
        if not self.members:
            self._stamps = array("Q")

    def restart(self) -> None:
        """Drop the begun block."""
        self._stamps = array("Q")
        for member in self.members.values():
            member.image.clear()

    def synchronise(self) -> None:
        """Drop the begun block; the next begins when all can."""
        self.restart()
        self._go_to(max((m.ready for m in self._waiting.values()), default=self.next))

    def skip(self) -> None:
        """Miss the cycles of this window: the block goes on as if nothing had been."""
        self._go_to(self.task.end)

    def _go_to(self, cycle: int) -> None:
        """The first cycle of our phase that is not before."""
        if self.next < cycle:
            self.next += -(-(cycle - self.next) // self.reduction) * self.reduction

    def sample(self, rng: random.Random) -> list[bytes]:
        """Take this window's samples; the frames that they complete."""
        frames = []
        self._go_to(self.task.first)  # before it only when the process was held up for seconds
        while self.next < self.task.end:
            if not self._stamps and not self._admit(rng):
                self.next += self.reduction
                continue
            room = self.blocksize - len(self._stamps)
            stop = min(self.task.end, self.next + room * self.reduction)
            cycles = range(self.next, stop, self.reduction)
            self._stamps += self.task.stamps_of(cycles)
            for member in self.members.values():
                member.image += member.signal.source.take(cycles)
            self.next = cycles[-1] + self.reduction
            if len(self._stamps) == self.blocksize:
                frames.append(self._frame())
        return frames

    def _admit(self, rng: random.Random) -> bool:
        """A block begins: who waited joins. The order within a frame is arbitrary."""
        ready = [m for m in self._waiting.values() if m.ready <= self.next]
        if ready:
            for member in ready:
                del self._waiting[member.signal.index]
            everybody = [*self.members.values(), *ready]
            rng.shuffle(everybody)
            self.members = {m.signal.index: m for m in everybody}
        return bool(self.members)

    def _frame(self) -> bytes:
        columns = [(i, m.coding.text(m.signal, bytes(m.image))) for i, m in self.members.items()]
        text = frame(self.group, self._stamps, b"F", columns)
        self.restart()
        return text


def frame(group: int, stamps: "array[int]", letter: bytes, columns: list[tuple[int, bytes]]) -> bytes:
    """One ``<data>`` element."""
    head = b'<data group="%d" level="0" time="' % group if group else b'<data level="0" time="'
    times = samples.to_base64(stamps.tobytes())
    parts = [head, seconds(stamps[-1]), b'">\r\n <time d="', times, b'"/>\r\n']
    parts += [b' <%b c="%d" d="%b"/>\r\n' % (letter, index, text) for index, text in columns]
    return b"".join([*parts, b"</data>", END])
