"""A simulated laboratory in simulated time: a bath, an item and a reference in it, and somebody at the run."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from broker.calibration_run import CalibrationEvent, Question
from broker.messages import Command, Value
from calibration import procedure as procedures
from calibration import templates
from calibration.live.machine import Machine
from calibration.live.orders import Answer, obey
from calibration.live.plan import Setup, Source
from calibration.live.progress import Progress, Snapshot
from calibration.live.view import view
from calibration.record import Item, Person, Standard

T0 = 1_795_219_200.0

SMALL = """
schema = "labwire.procedure/1"
id = "T-1"
rev = 1
title = "Pt100 in a bath"
quantity = "temperature"
unit = "°C"
[points]
values = [20, 40, 60]
order = "up"
check = [30]
[reading]
n = 10
period_s = 2
pair_dt_s = 0.5
max_s = 0.05
typed = 3
[settle]
window_s = 60
drift = 0.010
s = 0.010
hold_s = 20
timeout_s = 1800
tau_s = 30
[reference]
class = "pt25"
[environment]
temperature = [18, 28]
[tolerance]
abs = 0.2
[fit]
model = "poly"
degree = 0
publish = true
[budget]
reference = { from = "standard.U", dist = "normal" }
ref_drift = { half = "0.002" }
resolution = { from = "item.d" }
repeatability = { from = "readings", min_nu = 9 }
settling = { from = "settle" }
fit = { from = "fit" }
[adjust]
allowed = true
kind = "curve"
"""

STANDARD = Standard(id="ref1", class_="pt25", serial="R1", certificate="C-1", date="2026-01-01", due="2027-01-01",
                    U="0.010")  # fmt: skip


def small(old: str = "", new: str = "") -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def setup(text: str = SMALL, **changes: Any) -> Setup:
    known: dict[str, Any] = {
        "run": "r1",
        "procedure": text,
        "item": Item(id="pt-7", serial="4711", d="0.001"),
        "standards": [STANDARD],
        "source": Source("bath1", "temp", 3),
        "reference": Source("ref1", "temp"),
        "room": "env1",
        "by": Person(name="anna"),
        "begin": "2026-11-21T08:00:00Z",
    }
    return Setup(**{**known, **changes})


def template(name: str) -> procedures.Procedure:
    return procedures.read(templates.text(name))


@dataclass
class Bench:
    """One second is one step; ``lag`` shifts the reference's stamps."""

    machine: Machine
    tau_s: float = 30.0
    noise: float = 0.002
    offset: float = 0.05
    seed: int = 1
    lag: float = 0.1
    air: float = 21.5
    now: float = T0
    value: float = 20.0
    target: float = 20.0
    events: list[CalibrationEvent] = field(default_factory=list)
    orders: int = 0
    ticking: bool = True

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - noise, not secrets

    @property
    def stage(self) -> str:
        return self.machine.stage

    def second(self) -> None:
        self.now += 1
        self.value = self.target + (self.value - self.target) * math.exp(-1 / self.tau_s)
        wobble = self.rng.gauss(0, self.noise)
        if self.machine.setup.source.live:
            self.machine.item(self.now, f"{self.value + wobble + self.offset:.3f}", self.now)
        if self.machine.setup.reference.live:
            self.machine.reference(self.now + self.lag, f"{self.value + wobble:.4f}", self.now)
        if self.machine.setup.room:
            self.machine.room({"temperature": self.air}, self.now)
        if self.ticking:
            self.machine.tick(self.now)
        self.events += self.machine.drain()

    def until(self, *stages: str, limit: int = 8000) -> None:
        for _ in range(limit):
            if self.machine.stage in stages:
                return
            self.second()
        raise AssertionError(f"still {self.machine.stage}, not {stages}: {view(self.machine, self.now).text}")

    def order(self, name: str, by: str = "anna", **args: Value) -> Answer:
        self.orders += 1
        answer = obey(self.machine, Command(id=f"c{self.orders}", name=name, args=args, by=by), self.now)
        self.events += self.machine.drain()
        return answer

    def does(self, name: str, by: str = "anna", **args: Value) -> str:
        answer = self.order(name, by, **args)
        assert answer.done, answer.text
        return answer.text

    def fill(self, given: Mapping[str, str] | None = None) -> None:
        """Answer all that is asked, by ``given`` where it says so."""
        for q in self.machine_form():
            value = (given or {}).get(q.key) or q.value or (q.choices[0] if q.choices else "21.5" if q.unit else "1")
            self.does("answer", key=q.key, value=value)

    def machine_form(self) -> list[Question]:
        return view(self.machine, self.now).form

    def point(self) -> None:
        """Set the bath to the point and wait until it is read."""
        assert self.machine.visit is not None
        self.target = self.machine.visit.x
        self.does("next")
        self.until("review")
        self.does("accept")

    def points(self) -> None:
        while self.machine.stage == "set":
            self.point()

    def restart(self) -> None:
        """As after kill -9: what is on disk, and nothing else."""
        self.machine = Machine(Snapshot(setup=self.machine.setup, progress=self.machine.progress))
        self.machine.resume(self.now)


def bench(text: str = SMALL, **changes: Any) -> Bench:
    shown = {k: changes.pop(k) for k in list(changes) if k in Bench.__dataclass_fields__}
    return Bench(Machine(Snapshot(setup=setup(text, **changes), progress=Progress())), **shown)
