"""One run in a program: its machine, its snapshot on disk, its record in the register. No wires.

What a person decides is on disk before anybody is told that it was done.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Self

import msgspec

from broker.calibration_run import CalibrationEvent, CalibrationRun
from broker.messages import Command
from broker.runtime import Clock
from calibration.live import outcome
from calibration.live.keep import Keep, KeepError
from calibration.live.machine import Machine
from calibration.live.orders import Answer, obey
from calibration.live.plan import Setup
from calibration.live.progress import Progress, Snapshot
from calibration.live.view import view
from calibration.live.wire import Heard, Wire
from calibration.record import RecordError
from calibration.register import Register, RegisterError

log = logging.getLogger("calibration.hosted")

MOST_ANSWERS = 100


@dataclass
class Hosted:
    """``changed`` rises whenever there is something new to show."""

    machine: Machine
    wire: Wire
    keep: Keep
    register: Register
    clock: Clock
    problem: str = ""
    _kept: int = -1
    _answers: dict[str, Answer] = field(default_factory=dict)

    @classmethod
    def new(cls, setup: Setup, keep: Keep, register: Register, clock: Clock) -> Self:
        return cls._of(Machine(Snapshot(setup=setup, progress=Progress())), keep, register, clock)

    @classmethod
    def again(cls, run: str, keep: Keep, register: Register, clock: Clock) -> Self:
        """From disk. Raises KeepError, ProcedureError."""
        machine = Machine(keep.load(run))
        machine.resume(clock())
        return cls._of(machine, keep, register, clock)

    @classmethod
    def _of(cls, machine: Machine, keep: Keep, register: Register, clock: Clock) -> Self:
        machine.now = clock()
        return cls(machine, Wire(machine.setup, machine.procedure), keep, register, clock)

    @property
    def run(self) -> str:
        return self.machine.setup.run

    def feed(self, heard: Heard) -> None:
        """A sample goes into the machine."""
        now = self.clock()
        self.machine.trouble = self.wire.trouble
        match heard.stream:
            case "item":
                self.machine.item(heard.t, heard.text, now)
            case "reference":
                self.machine.reference(heard.t, heard.text, now)
            case _:
                self.machine.room(heard.room, now)

    async def order(self, command: Command, *, vouched: bool) -> Answer:
        """Do it, and keep that it was done."""
        if command.id in self._answers:
            return self._answers[command.id]
        answer = obey(self.machine, command, self.clock(), vouched=vouched)
        self._remember(command.id, answer)
        log.info("%s: %s by %s: %s", self.run, command.name, command.by or "nobody", answer.text)
        await self.settle()
        return answer

    def began(self, id_: str, text: str) -> None:
        """The command that began the run; delivered again it is answered the same."""
        self._remember(id_, Answer(True, text))

    def _remember(self, id_: str, answer: Answer) -> None:
        """The broker may deliver a command again: it is answered the same."""
        self._answers[id_] = answer
        if len(self._answers) > MOST_ANSWERS:
            del self._answers[next(iter(self._answers))]

    async def tick(self) -> None:
        """Time has passed."""
        self.machine.tick(self.clock())
        self.machine.trouble = self.wire.trouble
        await self.settle()

    async def settle(self) -> None:
        """Bring disk and register up to what the machine knows."""
        await self._save()
        if self.machine.ready:
            await self._finish()
            await self._save()

    async def _save(self) -> None:
        rev = self.machine.progress.rev
        if rev == self._kept:
            return
        try:
            await asyncio.to_thread(self.keep.save, self.machine.snapshot)
        except KeepError as e:
            self.problem = str(e)
            log.error("%s", e)
            return
        self._kept, self.problem = rev, ""

    async def _finish(self) -> None:
        """The record into the register, once: its number is on disk before it."""
        try:
            if not self.machine.progress.record:
                self.machine.set(record=await asyncio.to_thread(self.register.next_number))
                await self._save()
            number = self.machine.progress.record
            await asyncio.to_thread(self._record, number)
        except (RegisterError, RecordError, ValueError, OSError) as e:
            self.machine.failed(f"the record cannot be saved: {e}")
            return
        self.machine.saved(number)

    def _record(self, number: str) -> None:
        if any(record.id == number for record in self.register.records()):
            return  # it was saved before the program ended
        self.register.keep_procedure(self.machine.setup.procedure)
        made = outcome.performed(self.machine.draft(number), self.machine.progress)
        self.register.save(made, "performed", made.history[-1].by)

    def view(self) -> CalibrationRun:
        shown = view(self.machine, self.clock())
        return shown if not self.problem else msgspec.structs.replace(shown, error=self.problem)

    def drain(self) -> list[CalibrationEvent]:
        return self.machine.drain()
