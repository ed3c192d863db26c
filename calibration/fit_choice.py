"""Which degree, whether the curve is right at all, and how good it is on points it has not seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.distributions import f_cdf, f_quantile
from calibration.exact import CalculationError, Number, exact, same_length
from calibration.fit import MIN_NU, Fit, Uncertainty, fit

SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class FTest:
    """``p`` is the probability of an F as large by chance; ``significant`` at 5 %."""

    f: float
    nu1: int
    nu2: int
    p: float

    @property
    def significant(self) -> bool:
        return self.p < SIGNIFICANCE

    @property
    def limit(self) -> float:
        return f_quantile(1 - SIGNIFICANCE, self.nu1, self.nu2)


def compare(lower: Fit, higher: Fit) -> FTest:
    """Whether the extra terms of ``higher`` explain more than scatter would."""
    extra = lower.nu - higher.nu
    if extra <= 0:
        raise CalculationError("the second fit needs more terms than the first")
    return _test((lower.rss - higher.rss) / extra, higher.rss / higher.nu, extra, higher.nu)


def aicc(result: Fit) -> float:
    """Akaike's criterion, corrected for few points; smaller is better."""
    k = result.n - result.nu + 1
    if result.n - k - 1 <= 0:
        return math.inf
    base = result.n * math.log(result.rss / result.n) if result.chi2 is None and result.rss else result.rss
    return base + 2 * k + 2 * k * (k + 1) / (result.n - k - 1)


def choose_degree(
    x: Sequence[Number], y: Sequence[Number], *, u: Uncertainty | None = None, max_degree: int | None = None
) -> Fit:
    """The fit of lowest degree that no higher one improves significantly; at most 3 for ten points or fewer."""
    limit = max_degree if max_degree is not None else (3 if len(x) <= 10 else 5)
    best = fit(x, y, 1, u=u)
    for degree in range(2, limit + 1):
        if len(x) - degree - 1 < MIN_NU:
            break
        trial = fit(x, y, degree, u=u)
        if compare(best, trial).significant:
            best = trial
    return best


def lack_of_fit(x: Sequence[Number], y: Sequence[Number], result: Fit) -> FTest:
    """Scatter about the curve beside scatter of repeated points. Raises CalculationError where none is repeated."""
    same_length(x=x, y=y)
    groups: dict[object, list[float]] = {}
    for place, value in zip(x, y, strict=True):
        groups.setdefault(exact(place), []).append(float(exact(value)))
    pure = math.fsum(_within(values) for values in groups.values())
    nu = len(x) - len(groups)
    if not nu:
        raise CalculationError("no point is repeated: lack of fit cannot be told from scatter")
    extra = result.nu - nu
    if extra <= 0:
        raise CalculationError("the curve has as many coefficients as there are different points")
    rest = math.fsum(r * r for r in result.residuals)
    return _test((rest - pure) / extra, pure / nu, extra, nu)


def leave_one_out(
    x: Sequence[Number], y: Sequence[Number], degree: int = 1, *, through_zero: bool = False
) -> list[float]:
    """The error of each point against the curve through all the others; honest where the residual flatters."""
    found = []
    for i in range(same_length(x=x, y=y)):
        others = fit([*x[:i], *x[i + 1 :]], [*y[:i], *y[i + 1 :]], degree, through_zero=through_zero, min_nu=1)
        found.append(float(exact(y[i])) - others.curve.value(float(exact(x[i])), extrapolate=True))
    return found


def _within(values: list[float]) -> float:
    middle = math.fsum(values) / len(values)
    return math.fsum((v - middle) ** 2 for v in values)


def _test(upper: float, lower: float, nu1: int, nu2: int) -> FTest:
    # A rest that is rounding alone is no evidence against the lower degree.
    if upper <= 0:
        return FTest(0.0, nu1, nu2, 1.0)
    if lower <= 0:
        return FTest(math.inf, nu1, nu2, 0.0)
    f = upper / lower
    return FTest(f, nu1, nu2, 1 - f_cdf(f, nu1, nu2))
