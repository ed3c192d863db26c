"""Analysis of variance, one way: whether groups (days, series, operators) differ more than their readings scatter.

[GUM H.5.]
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from calibration.distributions import f_cdf, f_quantile
from calibration.exact import CalculationError, Number, arithmetic, exacts


@dataclass(frozen=True, slots=True)
class Variance:
    """``between`` and ``within`` are mean squares, with ``nu1`` and ``nu2`` degrees of freedom, ``f`` their ratio.

    ``p`` is the probability of an F as large by chance, ``r2`` the share of the groups in the sum of squares.
    """

    mean: float
    between: float
    within: float
    nu1: int
    nu2: int
    f: float
    p: float
    r2: float
    n: int
    size: float

    @property
    def s_within(self) -> float:
        """The standard deviation in a group, s_W."""
        return math.sqrt(self.within)

    @property
    def s_between(self) -> float:
        """The standard deviation between groups alone, s_B; 0 where the groups differ less than by chance."""
        return math.sqrt(max(0.0, (self.between - self.within) / self.size))

    @property
    def pooled(self) -> float:
        """The standard deviation of all where there is no effect between groups, with nu1 + nu2 degrees of freedom."""
        return math.sqrt((self.nu1 * self.between + self.nu2 * self.within) / (self.nu1 + self.nu2))

    def limit(self, p: float = 0.95) -> float:
        """The F that is exceeded with the probability 1 − ``p`` by chance."""
        return f_quantile(p, self.nu1, self.nu2)

    def u_mean(self, *, effect: bool) -> float:
        """The standard uncertainty of the mean of all, with (nu1 degrees of freedom) or without (nu1 + nu2) an effect.

        For groups of equal size.
        """
        return math.sqrt(self.between / self.n) if effect else self.pooled / math.sqrt(self.n)


def one_way(groups: Sequence[Sequence[Number]]) -> Variance:
    """From the readings of each group. Raises CalculationError."""
    with arithmetic():
        values = [exacts(group) for group in groups]
        if len(values) < 2 or any(len(group) < 2 for group in values):
            raise CalculationError("two groups of two readings are needed at least")
        means = [sum(group, Decimal()) / len(group) for group in values]
        middle = sum((v for group in values for v in group), Decimal()) / sum(map(len, values))
        between = sum((len(g) * (m - middle) ** 2 for g, m in zip(values, means, strict=True)), Decimal())
        within = sum(((v - m) ** 2 for g, m in zip(values, means, strict=True) for v in g), Decimal())
        return _variance(middle, between, within, [len(group) for group in values])


def summarised(means: Sequence[Number], spreads: Sequence[Number], n: int) -> Variance:
    """From the mean and standard deviation of each group of ``n`` readings. Raises CalculationError."""
    with arithmetic():
        middles, each = exacts(means), exacts(spreads)
        if len(middles) != len(each) or len(middles) < 2 or n < 2:
            raise CalculationError("a mean and a standard deviation of each of two groups are needed at least")
        middle = sum(middles, Decimal()) / len(middles)
        between = n * sum(((m - middle) ** 2 for m in middles), Decimal())
        within = (n - 1) * sum((s * s for s in each), Decimal())
        return _variance(middle, between, within, [n] * len(middles))


def _variance(mean: Decimal, between: Decimal, within: Decimal, sizes: list[int]) -> Variance:
    n, count = sum(sizes), len(sizes)
    nu1, nu2 = count - 1, n - count
    upper, lower = between / nu1, within / nu2
    total = between + within
    f = math.inf if not lower else float(upper / lower)
    if not total:
        f = 0.0
    return Variance(
        mean=float(mean),
        between=float(upper),
        within=float(lower),
        nu1=nu1,
        nu2=nu2,
        f=f,
        p=0.0 if math.isinf(f) else 1 - f_cdf(f, nu1, nu2),
        r2=float(between / total) if total else 0.0,
        n=n,
        size=(n - sum(k * k for k in sizes) / n) / nu1,
    )
