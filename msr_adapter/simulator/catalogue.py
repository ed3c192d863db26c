"""Registers the signals and parameters of one run, as the real-time program would."""

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msr_adapter.simulator.model import Model, Parameter
from msr_adapter.simulator.plant import Knobs, Plant
from msr_adapter.simulator.sources import Computed, Counter, Held, Source, Table
from msr_adapter.wire.layout import TYPES, Layout

FAST, MEDIUM, SLOW = 0, 1, 2  # the tasks
_SINE = 1000  # cycles of a period
_UNITS = {"Temperature": "°C", "Temperatures": "°C", "Humidity": "%", "AirFlow": "m³/h", "HeaterPower": "kW"}
_DENORMAL = 1e-320


@dataclass(frozen=True, slots=True)
class Texts:
    """How names and comments are sent: faults that the real server has when its application asks for them."""

    latin1: bool = False
    unescaped: bool = False

    def name(self, text: str) -> bytes:
        return text.encode("latin-1" if self.latin1 else "utf-8")

    def comment(self, text: str) -> bytes:
        return self.name(f'says "{text}" <b> & 5" more\nsecond line') if self.unescaped and text else self.name(text)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the world needs to know of its model."""

    model: Model
    plant: Plant
    event_set: Parameter
    time_jump: Parameter
    pause_ms: Parameter


class Registrar:
    """Adds variables to a model, counting on."""

    def __init__(self, model: Model, rates: tuple[float, ...], texts: Texts, hidden: frozenset[str]) -> None:
        self.model, self._rates, self._texts, self._hidden = model, rates, texts, hidden

    def signal(self, path: str, typ: str, source: Source, task: int = FAST, comment: str = "", **more: Any) -> None:
        """``shape`` makes it a vector or a matrix, ``decimation`` slower in name (HZ) than its task."""
        if path in self._hidden:
            return
        layout = Layout(TYPES[typ], more.get("shape", ()))
        hz = self._rates[task] / more.get("decimation", 1)
        texts = {"comment": self._texts.comment(comment), "alias": self._texts.name(more.get("alias", ""))}
        self.model.add_signal(self._texts.name(path), layout, task, hz, source, **texts)

    def parameter(self, path: str, typ: str, values: list[float], comment: str = "", **more: Any) -> Parameter:
        shape = more.pop("shape", () if len(values) == 1 else (len(values),))
        image = struct.pack(f"<{len(values)}{TYPES[typ].code}", *values)
        texts = {"comment": self._texts.comment(comment)}
        return self.model.add_parameter(self._texts.name(path), Layout(TYPES[typ], shape), image, **texts, **more)

    def taskinfo(self, task: int) -> None:
        """The four that the server appends to every task."""
        period = 1 / self._rates[task]
        for name, value in (("TaskTime", period), ("ExecTime", period / 10), ("Period", period), ("Overrun", 0.0)):
            self.signal(f"/Taskinfo/{task}/{name}", "TDBL", Held(struct.pack("<d", value)), task)


def build(
    rates: tuple[float, ...],
    signals: int,
    texts: Texts,
    rng: random.Random,
    shift: int = 0,
    hidden: frozenset[str] = frozenset(),
) -> Catalogue:
    """A new run: ``shift`` signals stand before all others, so indices differ; ``hidden`` paths are missing."""
    model = Model()
    add = Registrar(model, rates, texts, hidden)
    knobs = _plant_parameters(add)
    special = _test_parameters(add)
    plant = Plant(knobs, rng)
    for n in range(shift):
        add.signal(f"/New/N{n:03d}", "TDBL", Held(bytes(8)))
    _generic(add, signals)
    _types(add)
    _special(add, rates[FAST])
    _fan(add, plant, rates[FAST])
    add.taskinfo(FAST)
    _plant_signals(add, plant)
    return Catalogue(model, plant, *special)


def _generic(add: Registrar, signals: int) -> None:
    """Counters and sines in turn; each counter in its own range, so that exchanged channels show."""
    for n in range(signals):
        if n % 2:
            table = [math.sin(2 * math.pi * (k / _SINE + n / 97)) for k in range(_SINE)]
            add.signal(f"/Sine/S{n:04d}", "TDBL", Table("d", table))
        else:
            add.signal(f"/Counter/C{n:04d}", "TDBL", Counter("d", offset=n << 40), comment="cycles" if n == 0 else "")


def _types(add: Registrar) -> None:
    for typ, kind in TYPES.items():
        for word, shape in (("", ()), ("Vector", (3,)), ("Matrix", (2, 4))):
            count = math.prod(shape)
            add.signal(f"/Types/{typ}{word}", typ, _typed(kind.code, kind.size, count), shape=shape)
    add.signal("/Types/Bool", "TCHAR", Table("b", [0] * 500 + [1] * 500))
    add.signal("/Types/Cube2x3x4", "TUSHORT", _typed("H", 2, 24), shape=(6, 4))
    add.signal("/Types/Large", "TDBL", Counter("d", 200, 0), shape=(200,))


def _typed(code: str, size: int, count: int) -> Source:
    """Counts through the whole range of small integers; 64-bit ones beyond what a double holds."""
    if size <= 2:
        span, low = 2 ** (8 * size), 0 if code.isupper() else -(2 ** (8 * size - 1))
        return Table(code, range(low, low + span), count)
    if size == 8 and code != "d":
        return Counter(code, count, 2**63 + 1 if code == "Q" else -(2**62) + 1, 1 << 20)
    return Counter(code, count)


def _special(add: Registrar, rate: float) -> None:
    half = max(1, int(rate / 2))
    odd = [v for v in (math.nan, math.inf, -math.inf, _DENORMAL, -0.0) for _ in range(half)]
    add.signal("/Special/NonFinite", "TDBL", Table("d", odd), comment="nan, inf, -inf, 1e-320, -0 in turn")
    add.signal("/Special/Zero", "TDBL", Held(bytes(8)), comment="always zero")
    add.signal("/Special/Temp°C", "TDBL", Counter("d"), comment="degree sign, UTF-8 or latin-1", alias="temp_alias")
    add.signal("/Special/a<b>&\"c'd", "TDBL", Counter("d"))
    add.signal("/Special/two slashes/ and space", "TDBL", Counter("d"))
    add.signal("/Special/Decimated", "TDBL", Counter("d"), decimation=10)
    add.signal("/Special/Parent", "TDBL", Counter("d"))
    add.signal("/Special/Parent/Child", "TDBL", Counter("d"))
    mode = [k for k in range(4) for _ in range(4 * half)]
    add.signal("/State/Mode", "TUCHAR", Table("B", mode), comment="changes every 2 s")
    add.signal("/State/Toggle", "TCHAR", Table("b", [0] * half + [1] * half), comment="toggles every 0.5 s")


def _fan(add: Registrar, plant: Plant, rate: float) -> None:
    """The kiln's fan at full rate: mains hum and a wobble, both with the air flow."""

    def current(cycle: int) -> float:
        t = cycle / rate
        return round(0.4 + plant.kiln_flow / 1000 * (1.2 + 0.25 * math.sin(100 * math.pi * t)), 4)

    def vibration(cycle: int) -> float:
        t = cycle / rate
        return round(plant.kiln_flow / 4000 * (math.sin(48 * math.pi * t) + 0.3 * math.sin(151 * math.pi * t)), 5)

    add.signal("/Plant/Kiln/FanCurrent", "TDBL", Computed(current), comment="A, fan motor")
    add.signal("/Plant/Kiln/FanVibration", "TDBL", Computed(vibration), comment="mm/s, fan bearing")


def _plant_signals(add: Registrar, plant: Plant) -> None:
    for task, histories in ((MEDIUM, plant.fast), (SLOW, plant.slowly)):
        for name, source in histories.items():
            typ = {"Kiln/Door": "TCHAR", "Kiln/Batch": "TUINT"}.get(name, "TDBL")
            unit = next((u for end, u in _UNITS.items() if name.endswith(end)), "")
            shape = (5,) if name.endswith("Temperatures") else ()
            add.signal(f"/Plant/{name}", typ, source, task, unit, shape=shape)
        add.taskinfo(task)


def _plant_parameters(add: Registrar) -> Knobs:
    def knob(path: str, value: float, low: float, high: float, comment: str) -> Callable[[], float]:
        parameter = add.parameter(f"/Plant/{path}", "TDBL", [value], comment, low=low, high=high)
        return lambda: add.model.number(parameter)

    return Knobs(
        water=knob("Steeping/WaterSetpoint", 14.0, 5, 30, "°C"),
        bed=knob("Germination/TemperatureSetpoint", 17.0, 10, 25, "°C"),
        germination_fan=knob("Germination/FanSetpoint", 40.0, 0, 100, "%"),
        heater=knob("Kiln/HeaterSetpoint", 65.0, 20, 120, "°C, air on"),
        kiln_fan=knob("Kiln/FanSetpoint", 60.0, 0, 100, "%"),
        limit=knob("Kiln/OverTemperatureLimit", 95.0, 40, 130, "°C"),
    )


def _test_parameters(add: Registrar) -> tuple[Parameter, Parameter, Parameter]:
    p = "/Test/Param/"
    add.parameter(p + "Gain", "TDBL", [1.0], "no effect")
    add.parameter(p + "Limited", "TDBL", [5.0], "accepts 0..10 only", low=0, high=10)
    add.parameter(p + "Vec5", "TDBL", [1, 2, 3, 4, 5])
    add.parameter(p + "Mat2x3", "TDBL", [11, 12, 13, 21, 22, 23], shape=(2, 3))
    for typ, kind in TYPES.items():
        add.parameter(p + typ, typ, [8 * kind.size if kind.code.isupper() else -8 * kind.size])
    add.parameter(p + "Bool", "TCHAR", [1], boolean=True)
    add.parameter(p + "Text16", "TUCHAR", [*b"labwire", *bytes(9)], "byte string")
    add.parameter(p + "Guard8", "TUCHAR", [9] * 8, "laid out after Text16")
    add.parameter(p + "Temp°C", "TDBL", [1.25], alias=b"ptemp_alias")
    event_set = add.parameter(p + "EventSet", "TUCHAR", [0] * 6, "0 Info 1 Warn 2..4 Limits 5 Crit")
    time_jump = add.parameter(p + "TimeJump", "TDBL", [0.0], "added to task time")
    pause_ms = add.parameter(p + "PauseMs", "TUINT", [0], "halts the cycle once")
    return event_set, time_jump, pause_ms
