"""JCGM 106's examples, guard bands, and verdicts at the limit."""

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.decide import (
    Limits,
    Rule,
    Tolerance,
    conformance,
    decide,
    global_risk,
    guard_for,
    nonconformance,
    rule,
    tur,
)
from calibration.exact import CalculationError

INF = math.inf


def test_zener_diode_of_jcgm_106() -> None:
    """−5.47 V ± 0.05 V under an upper limit of −5.40 V: 92 %."""
    assert conformance(-5.47, 0.05, Limits(high=-5.40)) == pytest.approx(0.92, abs=0.005)


def test_motor_oil_of_jcgm_106() -> None:
    """13.6 ± 1.8 between 12.5 and 16.3: 66 %."""
    assert conformance(13.6, 1.8, Limits(12.5, 16.3)) == pytest.approx(0.66, abs=0.005)


def test_few_degrees_of_freedom_are_less_sure() -> None:
    limits = Limits(-1, 1)
    assert conformance(0.5, 0.25, limits, 5) < conformance(0.5, 0.25, limits, 29) < conformance(0.5, 0.25, limits)
    assert conformance(0.5, 0.25, limits, 30) == conformance(0.5, 0.25, limits)


@pytest.mark.parametrize(
    ("y", "by", "verdict"),
    [
        (0.9, rule("guarded"), "pass"),
        (math.nextafter(0.9, 1), rule("guarded"), "fail"),
        (1.0, rule("simple"), "pass"),
        (1.0000001, rule("simple"), "fail"),
        (0.95, rule("guarded", statement="nonbinary"), "conditionalPass"),
        (-1.05, rule("guarded", statement="nonbinary"), "conditionalFail"),
        (1.2, rule("guarded", statement="nonbinary"), "fail"),
        (0.917, rule("iso14253"), "pass"),
        (0.918, rule("iso14253"), "fail"),
        (0.86, rule("r", r=1.5), "fail"),
        (0.84, rule("r", r=1.5), "pass"),
        (0.98, rule("fixed", fixed=0.02), "pass"),
        (0.99, rule("fixed", fixed=0.02), "fail"),
    ],
)
def test_verdicts_at_the_limit(y: float, by: Rule, verdict: str) -> None:
    """± 1 with U = 0.1; unrounded numbers decide."""
    limits = Limits(-1.0, 1.0)
    assert decide(y, 0.05, 0.1, limits, by).verdict == verdict


def test_no_room_for_a_pass() -> None:
    found = decide(0, 0.6, 1.2, Limits(-1, 1), rule("guarded"))
    assert found.accept is None
    assert not found.passed


@pytest.mark.parametrize(("of", "half"), [("reference", 0.7), ("indication", 0.9), ("span", 1.1)])
def test_the_base_of_a_percentage(of: Any, half: float) -> None:
    assert Tolerance(0.5, 1.0, of).at(reference=-20, indication=40, span=60) == pytest.approx(half)


@given(st.floats(-3, 3), st.floats(0.01, 2), st.sampled_from([1000.0, 0.001, 7.0]))
def test_units_do_not_change_a_verdict(y: float, u: float, factor: float) -> None:
    a = decide(y, u, 2 * u, Limits(-1, 1), rule("iso14253"))
    b = decide(factor * y, factor * u, factor * 2 * u, Limits(-factor, factor), rule("iso14253"))
    assert b.p_conform == pytest.approx(a.p_conform, abs=1e-9)
    assert abs(abs(y) - 1 + a.guard) < 1e-9 or a.verdict == b.verdict


@given(st.floats(-3, 3), st.floats(0.01, 2))
def test_conforming_and_not_conforming_are_everything(y: float, u: float) -> None:
    both = Limits(-1, 1)
    assert nonconformance(y, u, both) == pytest.approx(
        nonconformance(y, u, Limits(-1, INF)) + nonconformance(y, u, Limits(-INF, 1))
    )
    assert conformance(y, u, both) == pytest.approx(conformance(-y, u, both), abs=1e-12)


def test_without_uncertainty_the_limit_itself_decides() -> None:
    assert nonconformance(1.0, 0, Limits(-1, 1)) == 0
    assert nonconformance(1.1, 0, Limits(-1, 1)) == 1


def test_guard_for_a_risk() -> None:
    """95 % one-sided: 1.64 u."""
    assert guard_for(0.95, 1.0) == pytest.approx(1.6449, abs=1e-4)
    assert guard_for(0.95, 1.0, 10) == pytest.approx(1.8125, abs=1e-4)


def test_global_risk_at_four_to_one() -> None:
    """The textbook case: 95 % of the items in tolerance, test uncertainty ratio 4, no guard band."""
    limits = Limits(-1, 1)
    found = global_risk(0, 1 / 1.959964, 0.125, limits)
    assert tur(limits, 0.25) == 4
    assert found.false_accept == pytest.approx(0.0086, abs=2e-4)
    assert found.false_reject == pytest.approx(0.0155, abs=2e-4)


def test_global_risk_beside_drawing_lots() -> None:
    rng, limits, accept = random.Random(2), Limits(-1, 1.5), Limits(-0.8, 1.3)  # noqa: S311
    wrong_pass = wrong_fail = 0
    for _ in range(100_000):
        item = rng.gauss(0.2, 0.7)
        passed = accept.low <= rng.gauss(item, 0.2) <= accept.high
        good = limits.low <= item <= limits.high
        wrong_pass += passed and not good
        wrong_fail += good and not passed
    found = global_risk(0.2, 0.7, 0.2, limits, accept)
    assert found.false_accept == pytest.approx(wrong_pass / 100_000, abs=0.001)
    assert found.false_reject == pytest.approx(wrong_fail / 100_000, abs=0.003)


def test_what_is_refused() -> None:
    for name in ("strict", "r", "fixed"):
        with pytest.raises(CalculationError, match="no decision rule"):
            rule(name)
    with pytest.raises(CalculationError):
        Limits(1, 1)
