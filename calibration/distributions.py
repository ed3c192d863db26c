"""Distribution functions and quantiles: normal, Student's t, chi-squared, F, beta, binomial. No library needed.

Incomplete beta and gamma functions by their continued fractions and series (Lentz), quantiles by bisection to the last
bit: about 1e-14 in the middle, better than 1e-9 relative in every tail a certificate has use for.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

from calibration.exact import CalculationError

_TINY = 1e-300
_STEPS = 1000
_COUNTED = 1000
"""From here on the number of ways is no double any more."""


def normal_cdf(z: float) -> float:
    """Φ(z), with all digits in the lower tail too."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """z with Φ(z) = p."""
    _share(p)
    return NormalDist().inv_cdf(p)


def normal_pdf(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def t_cdf(t: float, nu: float) -> float:
    """Student's t with ``nu`` degrees of freedom (any positive number, inf is normal)."""
    _positive(nu)
    if math.isinf(nu):
        return normal_cdf(t)
    if t * t < nu:
        return 0.5 + math.copysign(0.5, t) * beta_cdf(t * t / (nu + t * t), 0.5, nu / 2)
    tail = 0.5 * beta_cdf(nu / (nu + t * t), nu / 2, 0.5)
    return tail if t < 0 else 1 - tail


def t_two_sided(p: float, nu: float) -> float:
    """t so that the share ``p`` lies within ±t: t_p(ν) of the GUM's table G.2."""
    _share(p)
    _positive(nu)
    if math.isinf(nu):
        return normal_quantile((1 + p) / 2)
    w = beta_quantile(p, 0.5, nu / 2)
    if w < 0.5:
        return math.sqrt(nu * w / (1 - w))
    v = beta_quantile(1 - p, nu / 2, 0.5)
    return math.sqrt(nu * (1 - v) / v)


def chi2_cdf(x: float, nu: float) -> float:
    """The share of chi-squared with ``nu`` degrees of freedom below ``x``."""
    _positive(nu)
    return 0.0 if x <= 0 else _gamma_p(nu / 2, x / 2)


def chi2_quantile(p: float, nu: float) -> float:
    """The value below which the share ``p`` lies."""
    _share(p)
    _positive(nu)
    high = nu + 10.0
    while chi2_cdf(high, nu) < p:
        high *= 2
    return high * _upward(lambda w: chi2_cdf(w * high, nu), p)


def f_cdf(x: float, nu1: float, nu2: float) -> float:
    """Fisher's F."""
    _positive(nu1)
    _positive(nu2)
    return 0.0 if x <= 0 else beta_cdf(nu1 * x / (nu1 * x + nu2), nu1 / 2, nu2 / 2)


def f_quantile(p: float, nu1: float, nu2: float) -> float:
    """The value of F below which the share ``p`` lies."""
    _share(p)
    w = beta_quantile(p, nu1 / 2, nu2 / 2)
    return nu2 * w / (nu1 * (1 - w))


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def beta_quantile(p: float, a: float, b: float) -> float:
    """x with I_x(a, b) = p."""
    return _upward(lambda x: beta_cdf(x, a, b), p)


def binomial_pmf(k: int, n: int, p: float) -> float:
    """The probability of exactly ``k`` of ``n``."""
    if n < _COUNTED or not 0 < p < 1:
        return math.comb(n, k) * p**k * (1 - p) ** (n - k)
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def binomial_cdf(k: int, n: int, p: float) -> float:
    """The probability of at most ``k`` of ``n``."""
    return min(1.0, math.fsum(binomial_pmf(i, n, p) for i in range(k + 1)))


def _share(p: float) -> None:
    if not 0 < p < 1:
        raise CalculationError(f"a probability between 0 and 1 is needed, not {p:g}")


def _positive(nu: float) -> None:
    if not nu > 0:
        raise CalculationError(f"degrees of freedom are positive, not {nu:g}")


def _upward(rising: Callable[[float], float], target: float) -> float:
    """Where a function that rises on 0…1 reaches ``target``: bisection until two doubles are neighbours."""
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if rising(middle) < target:
            low = middle
        else:
            high = middle


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, _STEPS):
        step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + step * d), _away(1 + step / c)
        h *= d * c
        step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + step * d), _away(1 + step / c)
        h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return h


def _gamma_p(a: float, x: float) -> float:
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    return _gamma_series(a, x) * front if x < a + 1 else 1 - _gamma_fraction(a, x) * front


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    n = a
    while abs(term) > abs(total) * 1e-17:
        n += 1
        term *= x / n
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / _away(b)
    h = d
    for i in range(1, _STEPS * 10):
        step = -i * (i - a)
        b += 2
        d, c = 1 / _away(step * d + b), _away(b + step / c)
        h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return h


def _away(value: float) -> float:
    return _TINY if abs(value) < _TINY else value
