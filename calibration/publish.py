"""From the register to the broker: which calibration is in force at which channel, and what is due.

``Publisher`` keeps the broker told, at every connection, at every change of the register and as time passes.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Never

from broker.calibration import Due, DueLine
from broker.client import Client, MqttError
from broker.messages import encode
from broker.runtime import Clock, Sleep
from broker.topics import Kind, Topics
from calibration.register import Register, RegisterError
from calibration.register import due as register_due
from calibration.register.due import dues
from calibration.register.survey import DAY_MS, SOON_DAYS, Messages, Survey, Surveyor, due_ms_of

log = logging.getLogger("calibration.publish")

LOOK_EVERY_S = 1.0
AGAIN_EVERY_S = 60.0
"""How often the clock alone may change a status."""


def messages(register: Register, now_ms: int) -> Messages:
    """Instrument → channel → what is in force there, also what has ended. Raises RegisterError."""
    return Surveyor(register).survey(now_ms).messages


# --- what is due ------------------------------------------------------------------------------------------------------


def due_lines(register: Register) -> list[DueLine]:
    """Items, standards and checks with a date, or that were never done; the most urgent first. Raises RegisterError."""
    return [_line(due) for due in dues(register, timedelta(days=SOON_DAYS)) if due.day or due.status == "never"]


def _line(due: register_due.Due) -> DueLine:
    return DueLine(
        id=due.id,
        kind=due.kind,
        name=due.what,
        instrument=due.instrument,
        channel=due.channel,
        certificate="" if due.kind == "check" else due.by,
        due=due_ms_of(due.day.isoformat()) if due.day else None,
        status=due.status,
    )


# --- the broker -------------------------------------------------------------------------------------------------------


Told = tuple[list[DueLine], str]
"""What is due, and the head of the register's chain: kept by the broker and the log, it anchors the chain."""


@dataclass
class Publisher:
    """Keeps the broker told what is in force and what is due; ``run`` in a TaskGroup, of one event loop.

    ``problem`` is for the service's status: what cannot be published, or why nothing can.
    """

    client: Client
    topics: Topics
    folder: Path
    name: str = "main"
    clock: Clock = time.time
    sleep: Sleep = asyncio.sleep
    problem: str = ""
    published: int | None = None
    """Instruments the broker was told of last."""
    _told: dict[str, bytes] = field(default_factory=dict)
    _seen: tuple[object, ...] = ()
    _surveyor: Surveyor | None = None
    _lines: tuple[tuple[object, ...], Told | str] | None = None

    async def run(self) -> Never:
        """For ever; what was published is published again at every connection."""
        while True:
            if self.client.connected:
                await self.look()
            await self.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Publish what is new, where anything may be: connection, register, minute."""
        now_ms = int(self.clock() * 1000)
        seen = (self.client.connection, *_stamp_of(self.folder), now_ms // int(AGAIN_EVERY_S * 1000))
        if seen == self._seen:
            return
        if self._seen[:1] != seen[:1]:
            self._told.clear()
        try:
            survey = await asyncio.to_thread(self._survey, now_ms)
        except RegisterError as e:
            self._fail(str(e))
            return
        due = await asyncio.to_thread(self._due, (*_stamp_of(self.folder), now_ms // DAY_MS))
        self._fail("; ".join([*survey.problems, *([due] if isinstance(due, str) else [])]))
        if await self._tell(survey.messages, None if isinstance(due, str) else due, now_ms):
            self._seen = seen

    def _survey(self, now_ms: int) -> Survey:
        """In a thread: it reads files, and a new record is computed."""
        if self._surveyor is None:
            self._surveyor = Surveyor(Register.open(self.folder, self._now))
        return self._surveyor.survey(now_ms)

    def _due(self, of: tuple[object, ...]) -> Told | str:
        """What is due, read again when the register or the day is another; a sentence where it cannot be said."""
        if self._lines is None or self._lines[0] != of or isinstance(self._lines[1], str):
            try:
                register = Register.open(self.folder, self._now)
                self._lines = of, (due_lines(register), register.head)
            except RegisterError as e:
                self._lines = of, f"what is due cannot be said: {e}"
        return self._lines[1]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _fail(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.error("%s", problem)
        self.problem = problem

    async def _tell(self, in_force: Messages, due: Told | None, now_ms: int) -> bool:
        """Whether the broker has taken all of it. A day's due list is said once unless it changes."""
        payloads = {self.topics.of(name, Kind.CALIBRATION): encode(m) for name, m in in_force.items()}
        if due is not None:
            lines, head = due
            payloads[self.topics.cal_due(self.name)] = encode(Due(ts=now_ms - now_ms % DAY_MS, head=head, lines=lines))
        fresh = {topic: payload for topic, payload in payloads.items() if self._told.get(topic) != payload}
        try:
            for topic, payload in fresh.items():
                await self.client.publish(topic, payload, retain=True)
                self._told[topic] = payload
        except MqttError as e:
            self._fail(f"calibrations were not published: {e}")
            return False
        self.published = len(in_force)
        if fresh:
            log.info("published what is in force at %d instruments", len(in_force))
        return True


def _stamp_of(folder: Path) -> tuple[object, ...]:
    """What changes with every change of the register: the sizes and times of its files."""
    found: list[object] = []
    for name in ("register.jsonl", "ledger.jsonl", "checks.jsonl"):
        try:
            status = (folder / name).stat()
        except OSError:
            found.append(None)
        else:
            found += [status.st_size, status.st_mtime_ns]
    return tuple(found)
