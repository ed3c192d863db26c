"""One run of the server: its model, tasks, clock and events. It knows no socket; sessions ask and are served."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from msr_adapter.simulator.catalogue import MEDIUM, SLOW, Texts, build
from msr_adapter.simulator.model import Parameter, Signal
from msr_adapter.simulator.tasks import Task

_HISTORY = 100
_EVENT_POLL_NS = 1_000_000_000
Nanoseconds = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Message:
    severity: bytes
    name: bytes
    element: int | None
    state: bool
    time_ns: int


_TEST_EVENTS: tuple[tuple[bytes, bytes, int | None], ...] = (
    (b"info", b"/Test/Event/Info", None),
    (b"warn", b"/Test/Event/Warn", None),
    (b"error", b"/Test/Event/Limits", 0),
    (b"error", b"/Test/Event/Limits", 1),
    (b"error", b"/Test/Event/Limits", 2),
    (b"crit_error", b"/Test/Event/Crit", None),
)


class World:
    """``advance`` brings everything up to now. ``clock`` counts ns since 1970, steadily."""

    def __init__(
        self,
        rates: tuple[float, ...],
        signals: int,
        texts: Texts,
        clock: Nanoseconds,
        rng: random.Random,
        *,
        jitter_ns: int = 20_000,
        shift: int = 0,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self.rng = rng
        self.catalogue = build(rates, signals, texts, rng, shift, hidden)
        self.model = self.catalogue.model
        self.plant = self.catalogue.plant
        self.offset_ns = 0
        self.refusing = False
        now = clock()
        self.tasks = [Task(i, rate, now, jitter_ns, rng) for i, rate in enumerate(rates)]
        self.history: deque[Message] = deque(maxlen=_HISTORY)
        self._waiting: list[Message] = []
        self._states: dict[tuple[bytes, int | None], bool] = {}
        self._polled_ns = now
        self._held_until_ns = 0
        self._step(MEDIUM)
        self._step(SLOW)

    def now_ns(self) -> int:
        """The application's clock, jumps and all."""
        return self._clock() + self.offset_ns

    def advance(self) -> list[Message]:
        """Work off the cycles that are due; the messages that a poll, once a second, finds now."""
        now = self._clock()
        if now >= self._held_until_ns:
            for task in self.tasks:
                if task.advance(now, self.offset_ns):
                    self._step(task.index)
            self._watch()
        if now - self._polled_ns < _EVENT_POLL_NS:
            return []
        self._polled_ns = now
        found, self._waiting = self._waiting, []
        self.history.extend(found)
        return found

    def value(self, signal: Signal) -> tuple[int, bytes]:
        """Time and memory image of the last cycle."""
        task = self.tasks[signal.task]
        last = range(task.end - 1, task.end)
        return task.stamps_of(last)[0], signal.source.take(last)

    def written(self, parameter: Parameter) -> None:
        """What the application does when one of its parameters has changed."""
        catalogue = self.catalogue
        if parameter is catalogue.event_set:
            for wanted, (severity, name, element) in zip(self.model.image(parameter), _TEST_EVENTS, strict=True):
                self.raise_event(severity, name, bool(wanted), element)
        elif parameter is catalogue.time_jump:
            self.offset_ns = int(self.model.number(parameter) * 1e9)
        elif parameter is catalogue.pause_ms:
            self._held_until_ns = self._clock() + int(self.model.number(parameter)) * 1_000_000

    def raise_event(self, severity: bytes, name: bytes, state: bool, element: int | None = None) -> None:
        """Set or reset an event; nothing when it is so already."""
        if self._states.get((name, element), False) != state:
            self._states[name, element] = state
            self._waiting.append(Message(severity, name, element, state, self.now_ns()))

    def _step(self, task: int) -> None:
        histories = {MEDIUM: self.plant.fast, SLOW: self.plant.slowly}.get(task, {})
        step = self.plant.step if task == MEDIUM else self.plant.slow
        for history in histories.values():
            history.begin(self.tasks[task].first)
        for _ in range(self.tasks[task].first, self.tasks[task].end if histories else 0):
            step()

    def _watch(self) -> None:
        self.raise_event(b"crit_error", b"/Plant/Kiln/OverTemperature", self.plant.too_hot)
        self.raise_event(b"warn", b"/Plant/Kiln/DoorOpen", self.plant.door_open)
