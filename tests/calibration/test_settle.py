"""Forty simulated first-order baths of each kind."""

import math
import random

import pytest

from calibration.exact import CalculationError
from calibration.settle import Criteria, Settle, State, bath, bias, drift_limit

CRITERIA = Criteria(window_s=60, drift=0.010, s=0.010, hold_s=20, timeout_s=1800)
START, END = 20.0, 50.0


def wait(tau: float, noise: float, seed: int) -> tuple[float, State]:
    """(bias left, state) of a bath sampled each second until it has settled or the time is over."""
    rng = random.Random(seed)  # noqa: S311
    value, detector = bath(START, END, tau, lambda: rng.gauss(0, noise)), Settle(CRITERIA)
    for t in range(5000):
        state = detector.feed(float(t), value(float(t)))
        if state.phase in ("settled", "timeout"):
            return abs(START - END) * math.exp(-t / tau), state
    raise AssertionError("neither settled nor timed out")


def test_a_fast_bath_settles_with_little_left() -> None:
    for seed in range(40):
        left, state = wait(30, 0.004, seed)
        assert state.settled
        assert left < 0.0025


def test_a_slow_bath_hides_a_bias_that_the_settling_term_covers() -> None:
    found = [wait(120, 0.004, seed) for seed in range(40)]
    assert all(state.settled for _, state in found)
    assert max(left for left, _ in found) > 0.010
    assert all(left <= bias(state, 120) for left, state in found)


def test_a_noisy_bath_is_never_accepted() -> None:
    for seed in range(40):
        _, state = wait(30, 0.020, seed)
        assert state.phase == "timeout"


def test_a_disturbance_begins_the_waiting_again() -> None:
    detector = Settle(CRITERIA)
    phases = [detector.feed(t, 5.0 if t < 70 else 6.0).phase for t in map(float, range(200))]
    assert phases[59] == "filling"
    assert phases[65] == "holding"
    assert phases[71] == "drifting"
    assert "settled" not in phases[:140]
    assert phases[-1] == "settled"


def test_it_settles_exactly_when_held_and_not_before() -> None:
    detector = Settle(CRITERIA)
    states = [detector.feed(float(t), 5.0) for t in range(81)]
    assert [s.settled for s in states].index(True) == 80
    assert [s.progress for s in states] == sorted(s.progress for s in states)


def test_the_limit_for_a_bias() -> None:
    """drift ≤ allowed bias · W/τ."""
    assert drift_limit(0.005, 60, 120) == pytest.approx(0.0025)
    assert bias(State("settled", slope=-1e-4, u_slope=1e-5), 100) == pytest.approx(0.012)


def test_wrong_samples_and_criteria() -> None:
    detector = Settle(CRITERIA)
    detector.feed(1.0, 5.0)
    for t, value in ((1.0, 5.0), (0.5, 5.0), (2.0, math.nan)):
        with pytest.raises(CalculationError):
            detector.feed(t, value)
    with pytest.raises(CalculationError):
        Criteria(60, 0, 1)
