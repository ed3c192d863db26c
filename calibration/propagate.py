"""Uncertainty through a model that is a plain function: sensitivities, second order, Monte Carlo.

[GUM 5.1, JCGM 101.] The rooms beside this one need formulas; this one takes any function of its inputs.
"""

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from calibration.budget import Budget, Contribution, Shape, divisor
from calibration.exact import CalculationError, arithmetic, exact
from calibration.linear import cholesky

Model = Callable[[Mapping[str, float]], float]
_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Input:
    """An input quantity: estimate, standard uncertainty, degrees of freedom, shape for Monte Carlo.

    ``beta`` is the shape of a trapezoid, as in ``budget.contribution``.
    """

    value: float
    u: float = 0.0
    nu: float = math.inf
    dist: Shape = "normal"
    beta: float = 0.0


@dataclass(frozen=True, slots=True)
class Propagated:
    """The model's value and its budget."""

    value: float
    budget: Budget


@dataclass(frozen=True, slots=True)
class Simulated:
    """Monte Carlo: mean, standard deviation, the shortest coverage interval and ``k`` = half of it over ``u``."""

    value: float
    u: float
    low: float
    high: float
    k: float


def sensitivity(model: Model, inputs: Mapping[str, Input], name: str) -> float:
    """∂f/∂x at the estimates, by central differences over parts of u, extrapolated (GUM 5.1.3, note 2)."""
    step = _step(inputs[name])
    if not step:
        return 0.0
    coarse, middle, fine = (_difference(model, inputs, name, step / 2**i) for i in range(3))
    first, second = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    return (16 * second - first) / 15


def propagate(
    model: Model,
    inputs: Mapping[str, Input],
    correlations: Mapping[tuple[str, str], float] | None = None,
    *,
    second_order: bool = False,
) -> Propagated:
    """The budget of a model; ``second_order`` adds the terms of GUM 5.1.2, note, for independent inputs."""
    value = model(_estimates(inputs))
    lines = tuple(Contribution(name, x.u, sensitivity(model, inputs, name), x.nu, x.dist) for name, x in inputs.items())
    if second_order and correlations:
        raise CalculationError("second-order terms are for inputs that are not correlated")
    return Propagated(value, Budget(lines, correlations or {}, _second(model, inputs) if second_order else ()))


@dataclass(frozen=True, slots=True)
class Several:
    """Several results of the same inputs: each with its budget, and their covariances [GUM F.1.2.3, JCGM 102]."""

    results: Mapping[str, Propagated]
    covariance: Mapping[tuple[str, str], float]

    def correlation(self, a: str, b: str) -> float:
        """0 where one of them has no uncertainty."""
        spread = self.results[a].budget.u * self.results[b].budget.u
        return self.covariance[a, b] / spread if spread else 0.0


def several(
    models: Mapping[str, Model],
    inputs: Mapping[str, Input],
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Several:
    """The budgets of several models of the same inputs, and how their results correlate [GUM H.2.3]."""
    found = {name: propagate(model, inputs, correlations) for name, model in models.items()}
    return Several(found, {(a, b): shared(found[a].budget, found[b].budget) for a in found for b in found})


def shared(one: Budget, other: Budget) -> float:
    """The covariance of two results by what their budgets have in common: contributions of the same name.

    Correlations are those of ``one``. Sum over i, j of c_i u_i r_ij c'_j u'_j.
    """
    return math.fsum(a.part * b.part * one.correlation(a.name, b.name) for a in one.lines for b in other.lines)


def simulate(
    model: Model,
    inputs: Mapping[str, Input],
    rng: random.Random,
    *,
    draws: int = 20_000,
    p: float = 0.95,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Simulated:
    """Monte Carlo [JCGM 101]: a check beside the budget. ``rng`` makes it repeatable.

    Correlated inputs are drawn together from a normal distribution [JCGM 101 6.4.8], so they must be normal.
    Raises CalculationError.
    """
    draw = _drawing(inputs, correlations or {}, rng)
    results = sorted(model(draw()) for _ in range(draws))
    average = math.fsum(results) / draws
    u = math.sqrt(math.fsum((r - average) ** 2 for r in results) / (draws - 1))
    width = max(1, math.floor(p * draws))
    at = min(range(draws - width), key=lambda i: results[i + width] - results[i])
    low, high = results[at], results[at + width]
    return Simulated(average, u, low, high, (high - low) / 2 / u if u else 0.0)


def _estimates(inputs: Mapping[str, Input], **moved: float) -> dict[str, float]:
    return {name: x.value + moved.get(name, 0.0) for name, x in inputs.items()}


def _step(x: Input) -> float:
    return x.u * _STEP


def _difference(model: Model, inputs: Mapping[str, Input], name: str, h: float) -> float:
    up, down = _estimates(inputs, **{name: h}), _estimates(inputs, **{name: -h})
    return (model(up) - model(down)) / (up[name] - down[name])


def _second(model: Model, inputs: Mapping[str, Input]) -> tuple[float, ...]:
    """Σ over pairs of [½ f_ij² + f_i f_ijj] uᵢ² uⱼ², as one standard uncertainty (0 where the sum is negative)."""
    names = [name for name, x in inputs.items() if x.u]
    total = math.fsum(_term(model, inputs, i, j) for i in names for j in names)
    return (math.sqrt(max(0.0, total)),)


def _term(model: Model, inputs: Mapping[str, Input], i: str, j: str) -> float:
    """Differences over whole uncertainties: scaled so, they are the derivatives times uᵢ and uⱼ."""
    a, b = inputs[i].u, inputs[j].u

    def f(si: float, sj: float) -> float:
        moved = {i: si * a} if i == j else {i: si * a, j: sj * b}
        return model(_estimates(inputs, **moved))

    if i == j:
        f2 = f(1, 0) - 2 * f(0, 0) + f(-1, 0)
        f1, f3 = (f(1, 0) - f(-1, 0)) / 2, (f(2, 0) - 2 * f(1, 0) + 2 * f(-1, 0) - f(-2, 0)) / 2
        return f2 * f2 / 2 + f1 * f3
    f2 = (f(1, 1) - f(1, -1) - f(-1, 1) + f(-1, -1)) / 4
    f1 = (f(1, 0) - f(-1, 0)) / 2
    up, down = f(1, 1) - 2 * f(1, 0) + f(1, -1), f(-1, 1) - 2 * f(-1, 0) + f(-1, -1)
    return f2 * f2 / 2 + f1 * (up - down) / 2


def _drawing(
    inputs: Mapping[str, Input], correlations: Mapping[tuple[str, str], float], rng: random.Random
) -> Callable[[], dict[str, float]]:
    """What draws one value of each input."""
    joined = [name for name in inputs if any(name in pair for pair in correlations)]
    if wrong := [name for name in joined if inputs[name].dist != "normal"]:
        raise CalculationError(f"{wrong[0]} is correlated: only normal inputs are drawn together")
    lower = _lower([inputs[name] for name in joined], joined, correlations) if joined else []
    alone = [name for name in inputs if name not in joined]

    def draw() -> dict[str, float]:
        values = {name: _draw(inputs[name], rng) for name in alone}
        z = [rng.gauss(0, 1) for _ in joined]
        for name, row in zip(joined, lower, strict=True):
            values[name] = inputs[name].value + inputs[name].u * math.fsum(map(operator.mul, row, z))
        return values

    return draw


def _lower(
    inputs: Sequence[Input], names: Sequence[str], correlations: Mapping[tuple[str, str], float]
) -> list[list[float]]:
    """The Cholesky factor of the correlations. Raises CalculationError for impossible ones."""
    known = Budget(tuple(Contribution(n, x.u) for n, x in zip(names, inputs, strict=True)), correlations)
    with arithmetic():
        factor = cholesky([[exact(known.correlation(a, b)) for b in names] for a in names])
    return [[float(v) for v in row] for row in factor]


def _draw(x: Input, rng: random.Random) -> float:
    half = x.u * divisor(x.dist, x.beta)
    match x.dist:
        case "rectangular":
            return x.value + rng.uniform(-half, half)
        case "triangular":
            return x.value + half * (rng.random() - rng.random())
        case "u":
            return x.value + half * math.sin(math.pi * (rng.random() - 0.5))
        case "trapezoidal":
            return x.value + half * ((1 + x.beta) * (rng.random() - 0.5) + (1 - x.beta) * (rng.random() - 0.5))
        case "t":
            return x.value + x.u * _student(x.nu, rng)
        case "normal":
            return rng.gauss(x.value, x.u)


def _student(nu: float, rng: random.Random) -> float:
    return rng.gauss(0, 1) if math.isinf(nu) else rng.gauss(0, 1) / math.sqrt(rng.gammavariate(nu / 2, 2 / nu))


def percentiles(values: Sequence[float], p: float) -> tuple[float, float]:
    """The probabilistically symmetric interval with the share ``p``."""
    ordered = sorted(values)
    tail = round((1 - p) / 2 * len(ordered))
    return ordered[tail], ordered[-1 - tail]
