"""When a bath, a chamber or a balance has settled: a window of samples, its drift and its scatter.

Pure: fed with times and values, it says what is missing. A small drift alone is no proof: a slow bath hides a bias of
|slope|·τ behind it, which is what ``bias`` bounds and the budget's settling term carries.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from calibration.exact import CalculationError
from calibration.stats import slope

Phase = Literal["filling", "drifting", "noisy", "holding", "settled", "timeout"]
_FEWEST = 5
_JUDGEMENTS = 200
"""Times a window is looked at, however fast the samples come."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """``drift``: greatest change over ``window_s``; ``s``: greatest scatter about the line; both for ``hold_s``."""

    window_s: float
    drift: float
    s: float
    hold_s: float = 0.0
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        if min(self.window_s, self.drift, self.s, self.timeout_s) <= 0 or self.hold_s < 0:
            raise CalculationError("window, drift, scatter and time-out of a settle criterion are positive")


@dataclass(frozen=True, slots=True)
class State:
    """What is known now; ``progress`` 0…1 is for a bar. ``slope`` is per second, ``u_slope`` its uncertainty."""

    phase: Phase
    progress: float = 0.0
    slope: float = math.nan
    u_slope: float = math.nan
    s: float = math.nan

    @property
    def settled(self) -> bool:
        return self.phase == "settled"


class Settle:
    """Feed it every sample; times rise. After a time-out or once settled it goes on telling what it sees."""

    def __init__(self, criteria: Criteria) -> None:
        self.criteria = criteria
        self.state = State("filling")
        self._samples: deque[tuple[float, float]] = deque()
        self._start: float | None = None
        self._quiet_since: float | None = None
        self._judged_at = -math.inf

    def feed(self, t_s: float, value: float) -> State:
        """The state after this sample. Raises CalculationError for a time that goes back or a value that is none."""
        if not math.isfinite(value):
            raise CalculationError(f"{value} is no sample to wait on")
        if self._samples and t_s <= self._samples[-1][0]:
            raise CalculationError("samples must come in the order of their times")
        self._start = t_s if self._start is None else self._start
        self._samples.append((t_s, value))
        while len(self._samples) > 1 and t_s - self._samples[1][0] >= self.criteria.window_s:
            self._samples.popleft()
        if t_s - self._judged_at >= self.criteria.window_s / _JUDGEMENTS:
            self._judged_at = t_s
            self.state = self._judged(t_s, t_s - self._start)
        return self.state

    def _judged(self, now: float, elapsed: float) -> State:
        filled = (now - self._samples[0][0]) / self.criteria.window_s
        if len(self._samples) < _FEWEST or filled < 1:
            return State(self._or_timeout("filling", elapsed), 0.3 * min(1.0, filled))
        b, u_b, s = slope(*zip(*self._samples, strict=True))
        change = abs(b) * self.criteria.window_s
        if change > self.criteria.drift or s > self.criteria.s:
            self._quiet_since = None
            wrong: Phase = "noisy" if change <= self.criteria.drift else "drifting"
            share = min(1.0, self.criteria.drift / change if change else 1.0, self.criteria.s / s if s else 1.0)
            return State(self._or_timeout(wrong, elapsed), 0.3 + 0.5 * share, b, u_b, s)
        if self._quiet_since is None:
            self._quiet_since = now
        held = now - self._quiet_since
        if held >= self.criteria.hold_s:
            return State("settled", 1.0, b, u_b, s)
        share = held / self.criteria.hold_s
        return State(self._or_timeout("holding", elapsed), 0.8 + 0.2 * share, b, u_b, s)

    def _or_timeout(self, phase: Phase, elapsed: float) -> Phase:
        return "timeout" if elapsed >= self.criteria.timeout_s else phase


def bias(state: State, lag_s: float) -> float:
    """The half-width of what has not settled yet: (|slope| + 2 u(slope)) · τ, or · the time of sampling.

    The detector stops at the first quiet window, so the slope it saw is on the small side: hence twice u.
    """
    return (abs(state.slope) + 2 * state.u_slope) * lag_s


def drift_limit(allowed_bias: float, window_s: float, tau_s: float) -> float:
    """The greatest drift over the window that keeps the bias of a first-order bath within ``allowed_bias``."""
    return allowed_bias * window_s / tau_s


def bath(start: float, end: float, tau_s: float, noise: Callable[[], float]) -> Callable[[float], float]:
    """A simulated first-order bath: value at a time, on its way from ``start`` to ``end``."""
    return lambda t_s: end + (start - end) * math.exp(-t_s / tau_s) + noise()
