"""What one session is subscribed to (``xsad``, ``xsod``): keyed by channel and group (protocol section 5)."""

import re
from collections import Counter

from msr_adapter.simulator.changes import Change, change_frames
from msr_adapter.simulator.model import Signal
from msr_adapter.simulator.streams import Block, Coding, Member
from msr_adapter.simulator.world import World
from msr_adapter.wire.commands import Command

# The real server allocates a block at once and dies of a huge one; here that ends the session.
MAX_BLOCK = 10_000_000
_CHANGE_S = 0.1


class Killed(Exception):
    """The client asked for what kills the real server."""


class Subscriptions:
    def __init__(self, world: World) -> None:
        self._world = world
        self._blocks: dict[tuple[int, int, int, int], Block] = {}
        self._periodic: dict[tuple[int, int], Block] = {}
        self._sampled: Counter[int] = Counter()  # index → groups that sample it
        self._changes: dict[tuple[int, int], Change] = {}
        self._quiet = False

    def add(self, command: Command) -> list[bytes]:
        """Work off an ``xsad``; the warnings about it. Raises Killed."""
        warnings: list[bytes] = []
        reduction = _at_least_one(b"reduction", command, warnings)
        blocksize = _at_least_one(b"blocksize", command, warnings) or 1
        if blocksize > MAX_BLOCK:
            raise Killed
        group = command.unsigned(b"group") or 0
        precision = command.unsigned(b"precision")
        coding = Coding((command.text(b"coding") or b"").lower() == b"base64", 16 if precision is None else precision)
        for signal in self._signals(command):
            self._drop(signal.index, group)
            if command.truth(b"event"):
                self._add_change(signal, group, reduction, coding)
            else:
                self._add_periodic(signal, group, reduction, blocksize, coding)
        self._quiet = command.truth(b"quiet")
        if command.truth(b"sync"):
            self._quiet = False
            for block in self._blocks.values():
                block.synchronise()
        return warnings

    def remove(self, command: Command) -> None:
        """Work off an ``xsod``."""
        if command.text(b"channels") is None:
            self._blocks, self._periodic, self._changes = {}, {}, {}
            self._sampled.clear()
            return
        for signal in self._signals(command):
            self._drop(signal.index, command.unsigned(b"group") or 0)

    def sample(self, *, skip: bool) -> list[bytes]:
        """The frames that this window completes, task by task."""
        if skip:
            for block in self._blocks.values():
                block.skip()
            for change in self._changes.values():
                change.skip()
            return []
        blocks = sorted(self._blocks.values(), key=lambda b: b.task.index)
        frames = [f for block in blocks for f in block.sample(self._world.rng)]
        frames += change_frames(list(self._changes.values()))
        return [] if self._quiet else frames

    def _signals(self, command: Command) -> list[Signal]:
        """Unknown indices are skipped in silence."""
        words = re.findall(rb"\d+", command.text(b"channels") or b"")
        return [s for s in (self._world.model.signal(int(w)) for w in words) if s]

    def _add_change(self, signal: Signal, group: int, reduction: int | None, coding: Coding) -> None:
        task = self._world.tasks[signal.task]
        distance = reduction or max(1, round(_CHANGE_S * task.rate))
        self._changes[signal.index, group] = Change(task, signal, group, distance, coding)

    def _add_periodic(self, signal: Signal, group: int, reduction: int | None, blocksize: int, coding: Coding) -> None:
        task = self._world.tasks[signal.task]
        if reduction is None:
            reduction = round(task.rate / blocksize)
        if reduction == 0:
            return  # nothing ever comes
        key = (task.index, group, reduction, blocksize)
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = Block(
                task, group, reduction, blocksize, self._phase(task.index, group, reduction)
            )
        known = self._sampled[signal.index] > 0
        block.join(Member(signal, coding, task.end if known else task.end + 1))  # a new one comes a cycle later
        self._sampled[signal.index] += 1
        self._periodic[signal.index, group] = block

    def _phase(self, task: int, group: int, reduction: int) -> int:
        """The next cycle of a (group, reduction) pair; a new pair begins ``reduction`` cycles after the last one."""
        for block in self._blocks.values():
            if (block.task.index, block.group, block.reduction) == (task, group, reduction):
                return block.next
        return self._world.tasks[task].end - 1 + reduction

    def _drop(self, index: int, group: int) -> None:
        self._changes.pop((index, group), None)
        block = self._periodic.pop((index, group), None)
        if block:
            self._sampled[index] -= 1
            block.leave(index)
            if block.empty:
                self._blocks = {k: b for k, b in self._blocks.items() if b is not block}


def _at_least_one(name: bytes, command: Command, warnings: list[bytes]) -> int | None:
    value = command.unsigned(name)
    if value == 0:
        warnings.append(b"specified %b=0, choosing %b=1" % (name, name))
        return 1
    return value
