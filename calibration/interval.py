"""Drift from one calibration to the next, and the interval it suggests [NCSLI RP-1 method A3; ISO 17043 Eₙ].

Suggestions only: the owner agrees to an interval, or not.
"""

import math
from dataclasses import dataclass

from calibration.distributions import beta_quantile, binomial_cdf, binomial_pmf
from calibration.exact import CalculationError

LONGEST, SHORTEST = 2.0, 0.5


def drift(found_now: float, left_before: float, elapsed: float) -> float:
    """Change per unit of ``elapsed``, from as left then to as found now."""
    if elapsed <= 0:
        raise CalculationError("the calibrations are not in the order of their dates")
    return (found_now - left_before) / elapsed


def en(e1: float, U1: float, e2: float, U2: float) -> float:  # noqa: N803 - the symbols of the field
    """Eₙ of two results with expanded uncertainties; above 1 they do not agree."""
    spread = math.hypot(U1, U2)
    if not spread:
        raise CalculationError("two results without uncertainty cannot be compared")
    return abs(e1 - e2) / spread


@dataclass(frozen=True, slots=True)
class Interval:
    """``suggested`` is ``calculated`` where the present interval is rejected with ``confidence``, else the present.

    ``low`` and ``high`` enclose the share of passes with the confidence asked for.
    """

    suggested: float
    calculated: float
    observed: float
    confidence: float
    low: float
    high: float


def method_a3(passed: int, n: int, present: float, target: float = 0.9, confidence: float = 0.5) -> Interval:
    """The interval after ``passed`` of ``n`` calibrations at ``present`` were found in tolerance.

    Between half and twice the present one. Raises CalculationError.
    """
    if not 0 <= passed <= n or n < 1:
        raise CalculationError(f"{passed} of {n} calibrations cannot have passed")
    if not 0 < target < 1:
        raise CalculationError(f"the reliability target is between 0 and 1, not {target:g}")
    observed = passed / n
    q = _rejection(passed, n, target)
    gap = observed - target
    exponent = gap * q if gap <= 0 else gap / (1 - q)
    factor = 10 ** min(max(exponent, -1.0), 1.0)
    calculated = present * min(max(factor, SHORTEST), LONGEST)
    rejected = max(q, 0.0)
    low, high = reliability_range(passed, n, confidence)
    return Interval(calculated if rejected > confidence else present, calculated, observed, rejected, low, high)


def _rejection(passed: int, n: int, target: float) -> float:
    if passed in (0, n):
        return 1 - binomial_pmf(passed, n, target)
    below = binomial_cdf(passed, n, target)
    return below - 1 if passed / n > target else 1 - 2 * below


def reliability_range(passed: int, n: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's limits of a share; one-sided where all or none passed."""
    if passed == 0:
        return 0.0, 1 - (1 - confidence) ** (1 / n)
    if passed == n:
        return (1 - confidence) ** (1 / n), 1.0
    low = beta_quantile((1 - confidence) / 2, passed, n - passed + 1)
    high = beta_quantile((1 + confidence) / 2, passed + 1, n - passed)
    return low, high
