"""GUM H.2 with its correlations; derivatives of known functions; Monte Carlo beside EA-4/02's figures."""

import math
import random
from collections.abc import Callable, Mapping

import pytest

from calibration.exact import CalculationError
from calibration.propagate import Input, Model, percentiles, propagate, sensitivity, simulate

H2 = {"V": Input(4.9990, 0.0032, 4), "I": Input(19.6610e-3, 0.0095e-3, 4), "phi": Input(1.04446, 0.00075, 4)}
H2_R = {("V", "I"): -0.36, ("V", "phi"): 0.86, ("I", "phi"): -0.65}


@pytest.mark.parametrize(
    ("model", "value", "u"),
    [
        (lambda q: q["V"] / q["I"] * math.cos(q["phi"]), 127.732, 0.071),
        (lambda q: q["V"] / q["I"] * math.sin(q["phi"]), 219.847, 0.295),
        (lambda q: q["V"] / q["I"], 254.260, 0.236),
    ],
)
def test_gum_h2(model: Callable[[Mapping[str, float]], float], value: float, u: float) -> None:
    found = propagate(model, H2, H2_R)
    assert found.value == pytest.approx(value, abs=0.0015)
    assert found.budget.u == pytest.approx(u, abs=0.0012)
    assert found.budget.nu == pytest.approx(4)


@pytest.mark.parametrize(
    ("model", "x", "slope"),
    [
        (lambda q: q["x"] ** 3, 2.0, 12.0),
        (lambda q: math.exp(q["x"]), 1.0, math.e),
        (lambda q: 5.0, 1.0, 0.0),
        (lambda q: 1 / q["x"], 0.5, -4.0),
    ],
)
def test_sensitivity(model: Model, x: float, slope: float) -> None:
    assert sensitivity(model, {"x": Input(x, 0.01)}, "x") == pytest.approx(slope, rel=1e-9)


def test_without_uncertainty_there_is_no_sensitivity() -> None:
    assert sensitivity(lambda q: q["x"], {"x": Input(1.0)}, "x") == 0.0


def test_second_order_of_a_product_of_zeros() -> None:
    """x·y at 0, 0: the first order says nothing, the second is exact."""
    inputs = {"x": Input(0, 2), "y": Input(0, 3)}
    assert propagate(lambda q: q["x"] * q["y"], inputs).budget.u == pytest.approx(0, abs=1e-12)
    assert propagate(lambda q: q["x"] * q["y"], inputs, second_order=True).budget.u == pytest.approx(6)


def test_second_order_of_a_square_is_the_gums() -> None:
    """x² at x = 1, u = 0.1: 4x²u² + 2u⁴."""
    found = propagate(lambda q: q["x"] ** 2, {"x": Input(1, 0.1)}, second_order=True)
    assert found.budget.u == pytest.approx(math.sqrt(0.04 + 0.0002), rel=1e-9)
    with pytest.raises(CalculationError):
        propagate(lambda q: q["x"], H2 | {"x": Input(1, 1)}, H2_R, second_order=True)


@pytest.mark.parametrize(
    ("inputs", "k"),
    [
        (
            {
                "a": Input(0, 0.46),
                "b": Input(0, 1.96),
                "c": Input(0, 25 / 3**0.5, dist="rectangular"),
                "d": Input(0, 50 / 3**0.5, dist="rectangular"),
            },
            1.834,
        ),
        ({"a": Input(0, 1, dist="rectangular")}, 1.645),
        ({"a": Input(0, 1, dist="triangular")}, 1.902),
        ({"a": Input(0, 1, dist="trapezoidal", beta=1 / 3)}, 1.834),
        ({"a": Input(0, 1)}, 1.96),
    ],
)
def test_monte_carlo_finds_the_coverage_factor(inputs: dict[str, Input], k: float) -> None:
    found = simulate(lambda q: math.fsum(q.values()), inputs, random.Random(7), draws=40_000)  # noqa: S311
    assert found.k == pytest.approx(k, abs=0.03)
    assert found.u == pytest.approx(math.hypot(*(x.u for x in inputs.values())), rel=0.02)


@pytest.mark.parametrize("dist", ["normal", "rectangular", "triangular", "u", "trapezoidal", "t"])
def test_every_shape_is_drawn_with_its_uncertainty(dist: str) -> None:
    x = Input(3, 0.5, 30, dist, 0.5)  # type: ignore[arg-type]
    found = simulate(lambda q: q["x"], {"x": x}, random.Random(7))  # noqa: S311
    assert found.value == pytest.approx(3, abs=0.02)
    assert found.u == pytest.approx(0.5 * (math.sqrt(30 / 28) if dist == "t" else 1), rel=0.02)


def test_percentiles() -> None:
    assert percentiles([float(v) for v in range(101)], 0.9) == (5.0, 95.0)
