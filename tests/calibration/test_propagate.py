"""GUM H.2 with its correlations; derivatives of known functions; Monte Carlo beside EA-4/02's figures."""

import math
import random
from collections.abc import Callable, Mapping

import pytest

from calibration.exact import CalculationError
from calibration.propagate import Input, Model, percentiles, propagate, sensitivity, several, simulate
from calibration.stats import correlation, summary

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


VOLT = [5.007, 4.994, 5.005, 4.990, 4.999]
MILLI = [19.663, 19.639, 19.640, 19.685, 19.678]
PHASE = [1.0456, 1.0438, 1.0468, 1.0428, 1.0433]
IMPEDANCE: dict[str, Model] = {
    "R": lambda q: q["V"] / q["I"] * math.cos(q["phi"]),
    "X": lambda q: q["V"] / q["I"] * math.sin(q["phi"]),
    "Z": lambda q: q["V"] / q["I"],
}


def test_gum_h2_from_its_readings() -> None:
    """Five sets of simultaneous readings (table H.2): correlations of the inputs, then of the results."""
    volt, amp, phase = summary(VOLT), summary(MILLI), summary(PHASE)
    r = {("V", "I"): correlation(VOLT, MILLI), ("V", "phi"): correlation(VOLT, PHASE)}
    r |= {("I", "phi"): correlation(MILLI, PHASE)}
    assert [round(v, 2) for v in r.values()] == [-0.36, 0.86, -0.65]
    inputs = {
        "V": Input(volt.mean, volt.u, volt.nu),
        "I": Input(amp.mean / 1000, amp.u / 1000, amp.nu),
        "phi": Input(phase.mean, phase.u, phase.nu),
    }
    found = several(IMPEDANCE, inputs, r)
    shown = {name: (round(one.value, 3), round(one.budget.u, 3)) for name, one in found.results.items()}
    assert shown == {"R": (127.732, 0.071), "X": (219.847, 0.296), "Z": (254.260, 0.236)}  # u(X): 0.2956, printed 0.295
    assert found.correlation("R", "X") == pytest.approx(-0.588, abs=0.0005)
    assert found.correlation("R", "Z") == pytest.approx(-0.485, abs=0.0005)
    assert found.correlation("X", "Z") == pytest.approx(0.993, abs=0.0005)
    assert found.correlation("R", "R") == pytest.approx(1)


@pytest.mark.parametrize(
    ("x1", "r", "y", "u", "high"),
    [
        (0.0, 0.0, 50, 50, 150),
        (0.01, 0.0, 150, 112, 367),
        (0.05, 0.0, 2551, 502, 3543),
        (0.0, 0.9, 50, 67, 185),
        (0.01, 0.9, 150, 121, 398),
        (0.05, 0.9, 2551, 505, 3555),
    ],
)
def test_comparison_loss_of_a_power_meter(x1: float, r: float, y: float, u: float, high: float) -> None:
    """JCGM 101 9.4, tables 6 and 7: |Γ|² in 10⁻⁶; where the estimate is zero the budget alone says nothing."""
    found = simulate(
        lambda q: 1e6 * (q["a"] ** 2 + q["b"] ** 2),
        {"a": Input(x1, 0.005), "b": Input(0.0, 0.005)},
        random.Random(11),  # noqa: S311
        draws=60_000,
        correlations={("a", "b"): r} if r else None,
    )
    assert found.value == pytest.approx(y, rel=0.02)
    assert found.u == pytest.approx(u, rel=0.025)
    assert found.high == pytest.approx(high, rel=0.04)


@pytest.mark.parametrize(("last", "u", "high"), [(1, 2.0, 3.88), (10, 10.1, 17.0)])
def test_sums_of_rectangular_inputs(last: float, u: float, high: float) -> None:
    """JCGM 101 9.2.3 and 9.2.4."""
    inputs = {name: Input(0, 1, dist="rectangular") for name in "abc"} | {"d": Input(0, last, dist="rectangular")}
    found = simulate(lambda q: math.fsum(q.values()), inputs, random.Random(3), draws=60_000)  # noqa: S311
    assert found.u == pytest.approx(u, rel=0.01)
    assert (found.high - found.low) / 2 == pytest.approx(high, rel=0.02)


def test_mass_calibration() -> None:
    """JCGM 101 9.3: first order 0.053 9 mg, with the product of the buoyancy terms 0.075 0 mg, Monte Carlo 0.075 4."""
    inputs = {
        "m": Input(100_000.0, 0.050),
        "d": Input(1.234, 0.020),
        "air": Input(1.2, 0.1 / 3**0.5, dist="rectangular"),
        "w": Input(8000, 1000 / 3**0.5, dist="rectangular"),
        "r": Input(8000, 50 / 3**0.5, dist="rectangular"),
    }

    def model(q: Mapping[str, float]) -> float:
        return (q["m"] + q["d"]) * (1 + (q["air"] - 1.2) * (1 / q["w"] - 1 / q["r"])) - 100_000

    assert propagate(model, inputs).budget.u == pytest.approx(0.0539, abs=5e-5)
    assert propagate(model, inputs, second_order=True).budget.u == pytest.approx(0.0750, abs=3e-4)
    found = simulate(model, inputs, random.Random(5), draws=60_000)  # noqa: S311
    assert found.value == pytest.approx(1.2340, abs=1e-3)
    assert found.u == pytest.approx(0.0754, rel=0.01)


def test_only_normal_inputs_are_drawn_together() -> None:
    inputs = {"a": Input(0, 1), "b": Input(0, 1, dist="rectangular")}
    with pytest.raises(CalculationError, match="b is correlated"):
        simulate(lambda q: q["a"], inputs, random.Random(1), correlations={("a", "b"): 0.5})  # noqa: S311
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    with pytest.raises(CalculationError, match="too strong"):
        simulate(lambda q: q["a"], dict.fromkeys("abc", Input(0, 1)), random.Random(1), correlations=pairs)  # noqa: S311
