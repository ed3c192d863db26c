"""The formulas of cg-18, each computed by hand beside."""

import math

import pytest

from calibration.balance import InUse, Weight, error_budget, in_use, reference_lines, u_buoyancy, u_reference
from calibration.exact import CalculationError

E2 = Weight(mass=200.0, U=0.0001, mpe=0.0003, drift_factor=2)


def test_buoyancy_with_and_without_adjustment() -> None:
    assert u_buoyancy(E2, adjusted=True) == pytest.approx(0.0003 / (4 * 3**0.5))
    assert u_buoyancy(E2, adjusted=False) == pytest.approx((1.5e-5 * 200 + 0.0003 / 4) / 3**0.5)


def test_stacked_weights_add_arithmetically() -> None:
    one, two = Weight(100, 0.0001), Weight(100, 0.0001)
    both = {line.name: line.u for line in reference_lines([one, two], adjusted=True)}
    assert both["reference"] == pytest.approx(2 * one.u)
    assert u_reference([one, two], adjusted=True) == pytest.approx(math.hypot(0.0001, 2 * one.u_drift))
    with pytest.raises(CalculationError):
        u_reference([], adjusted=True)


def test_the_budget_of_an_error() -> None:
    found = error_budget(200.0, [E2], d=0.001, s=0.0006, nu=5, eccentric_rel=2e-6, adjusted=True, convection=0.0001)
    by_hand = (
        2 * 0.001**2 / 12
        + 0.0006**2
        + (200 * 2e-6) ** 2
        + 0.00005**2
        + (0.0003 / 4) ** 2 / 3
        + (2 * 0.0001) ** 2 / 3
        + 0.0001**2
    )
    assert found.u == pytest.approx(math.sqrt(by_hand))
    assert found.nu == pytest.approx(by_hand**2 / (0.0006**4 / 5))
    assert error_budget(200, [E2], d=0.001, d0=0, s=0, nu=1).u < error_budget(200, [E2], d=0.001, s=0, nu=1).u


def test_minimum_weight() -> None:
    """At it, the relative uncertainty times the safety factor is what was asked for."""
    line = in_use([0, 50, 100, 200], [0.0010, 0.0012, 0.0014, 0.0018])
    assert (line.alpha, line.beta) == pytest.approx((0.0010, 4e-6))
    least = line.minimum(0.001, safety=2)
    assert 2 * line.expanded(least) / least == pytest.approx(0.001)
    with pytest.raises(CalculationError, match="no weighing"):
        InUse(0.001, 0.002).minimum(0.001)
