"""One point: mean, scatter, the uncertainty of a mean (also of correlated samples), resolution, paired differences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from calibration.exact import CalculationError, Number, arithmetic, exact, exacts, same_length

RECTANGULAR = math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Summary:
    """``n`` readings: their mean, experimental standard deviation, that of the mean, degrees of freedom.

    ``correlated`` says that neighbours resemble each other: ``u`` is then larger than s/√n, and ``lag`` samples apart
    they do no longer.
    """

    n: int
    mean: float
    s: float
    u: float
    nu: int
    correlated: bool = False
    lag: int = 1


@dataclass(frozen=True, slots=True)
class Spread:
    """A standard deviation with its degrees of freedom."""

    s: float
    nu: float


def mean(values: Sequence[Number]) -> float:
    """The arithmetic mean. Raises CalculationError for no values."""
    with arithmetic():
        return float(_mean(exacts(values)))


def sd(values: Sequence[Number]) -> float:
    """The experimental standard deviation with n − 1, in two passes [GUM 4.2.2]. Needs two values."""
    with arithmetic():
        return float(_variance(exacts(values)).sqrt())


def summary(values: Sequence[Number], *, serial: bool = False) -> Summary:
    """Mean and scatter of repeated readings [GUM 4.2]; ``serial`` looks for correlation of neighbours.

    A single reading has s = 0 with no degrees of freedom: its scatter must come from elsewhere (``pooled``).
    """
    with arithmetic():
        numbers = exacts(values)
        n = len(numbers)
        average = float(_mean(numbers))
        if n < 2:
            return Summary(n, average, 0.0, 0.0, 0)
        s = float(_variance(numbers).sqrt())
    plain = s / math.sqrt(n)
    factor, lag = inflation(values) if serial else (1.0, 1)
    return Summary(n, average, s, plain * factor, n - 1, factor > 1, lag)


def pooled(spreads: Sequence[Spread]) -> Spread:
    """One standard deviation from several series [EA-4/02 3.2]: s² = Σν s²/Σν."""
    nu = math.fsum(spread.nu for spread in spreads)
    if nu <= 0:
        raise CalculationError("a pooled standard deviation needs at least one degree of freedom")
    return Spread(math.sqrt(math.fsum(spread.nu * spread.s**2 for spread in spreads) / nu), nu)


def covariance(a: Sequence[Number], b: Sequence[Number], *, of_means: bool = False) -> float:
    """Of quantities observed together, with n − 1; ``of_means`` divides by n [GUM 5.2.3]. Raises CalculationError."""
    n = same_length(a=a, b=b)
    if n < 2:
        raise CalculationError("a covariance needs at least two pairs")
    with arithmetic():
        total = _products(_deviations(exacts(a)), _deviations(exacts(b))) / (n - 1)
        return float(total / n if of_means else total)


def correlation(a: Sequence[Number], b: Sequence[Number]) -> float:
    """r of quantities observed together, the same for their means [GUM 5.2.2, H.2.2]. Raises CalculationError."""
    same_length(a=a, b=b)
    with arithmetic():
        da, db = _deviations(exacts(a)), _deviations(exacts(b))
        spread = (_squares(da) * _squares(db)).sqrt()
        if not spread:
            raise CalculationError("what does not scatter is correlated with nothing")
        return float(_products(da, db) / spread)


def autocorrelation(values: Sequence[Number], lag: int) -> float:
    """The correlation of readings ``lag`` apart; 0 where all readings are equal."""
    with arithmetic():
        deviations = _deviations(exacts(values))
        total = _squares(deviations)
        if not total:
            return 0.0
        pairs = zip(deviations, deviations[lag:], strict=False)
        return float(sum((a * b for a, b in pairs), Decimal()) / total)


def inflation(values: Sequence[Number]) -> tuple[float, int]:
    """(factor, lag): how much larger the uncertainty of the mean is than s/√n [GUM 4.2.7], and from which lag on
    samples may count as independent. The sum ends at the first correlation below 2/√n.
    """
    n = len(values)
    limit = 2 / math.sqrt(n)
    numbers = [float(v) for v in _centred(values)]
    total = math.fsum(v * v for v in numbers)
    gain, lag = 0.0, 1
    while total and lag < n:
        r = math.fsum(a * b for a, b in zip(numbers, numbers[lag:], strict=False)) / total
        if abs(r) < limit:
            break
        gain += (1 - lag / n) * r
        lag += 1
    return math.sqrt(max(1.0, 1 + 2 * gain)), lag


def differences(indications: Sequence[Number], references: Sequence[Number]) -> list[Decimal]:
    """Errors of paired samples, I − x one by one: what drifts in both cancels. Raises CalculationError."""
    same_length(indications=indications, references=references)
    with arithmetic():
        return [i - x for i, x in zip(exacts(indications), exacts(references), strict=True)]


def pair(
    indications: Sequence[tuple[float, Number]], references: Sequence[tuple[float, Number]], within_s: float
) -> list[tuple[Number, Number]]:
    """Each indication (time, value) with the nearest reference, used once and not farther than ``within_s``."""
    waiting = sorted(references, key=lambda sample: sample[0])
    found: list[tuple[Number, Number]] = []
    for t, value in sorted(indications, key=lambda sample: sample[0]):
        near = min(waiting, key=lambda sample: abs(sample[0] - t), default=None)
        if near is not None and abs(near[0] - t) <= within_s:
            waiting.remove(near)
            found.append((value, near[1]))
    return found


def resolution(d: float, readings: int = 1) -> float:
    """The standard uncertainty of rounding to steps of ``d``, d/√12 [GUM F.2.2.1]; ``readings=2`` with a zero."""
    return d / math.sqrt(12) * math.sqrt(readings)


def scatter(s: float, n: int, d: float) -> float:
    """Repeatability and resolution counted once: the larger of s/√n and d/√12."""
    return max(s / math.sqrt(n), resolution(d))


def type_b_nu(relative_doubt: float) -> float:
    """Degrees of freedom of an estimated uncertainty known to ``relative_doubt`` [GUM G.4.2]; 0 gives inf."""
    return math.inf if relative_doubt == 0 else 0.5 / relative_doubt**2


def slope(times: Sequence[Number], values: Sequence[Number]) -> tuple[float, float, float]:
    """Straight line through a window: slope, its standard uncertainty, scatter about the line. Needs three samples."""
    if same_length(times=times, values=values) < 3:
        raise CalculationError("a slope with its uncertainty needs three samples")
    t, y = _about_zero(times), _about_zero(values)
    tt = math.fsum(v * v for v in t)
    if not tt:
        raise CalculationError("a slope needs samples at different times")
    b = math.fsum(a * c for a, c in zip(t, y, strict=True)) / tt
    rest = math.sqrt(math.fsum((c - b * a) ** 2 for a, c in zip(t, y, strict=True)) / (len(t) - 2))
    return b, rest / math.sqrt(tt), rest


def _about_zero(values: Sequence[Number]) -> list[float]:
    """Less their mean, in doubles: a detector does this at every sample."""
    numbers = [v if isinstance(v, float) else float(exact(v)) for v in values]
    middle = math.fsum(numbers) / len(numbers)
    return [v - middle for v in numbers]


def _mean(numbers: Sequence[Decimal]) -> Decimal:
    if not numbers:
        raise CalculationError("there are no readings")
    return sum(numbers, Decimal()) / len(numbers)


def _deviations(numbers: Sequence[Decimal]) -> list[Decimal]:
    middle = _mean(numbers)
    return [number - middle for number in numbers]


def _squares(numbers: Sequence[Decimal]) -> Decimal:
    return sum((number * number for number in numbers), Decimal())


def _products(a: Sequence[Decimal], b: Sequence[Decimal]) -> Decimal:
    return sum((x * y for x, y in zip(a, b, strict=True)), Decimal())


def _variance(numbers: Sequence[Decimal]) -> Decimal:
    if len(numbers) < 2:
        raise CalculationError("a standard deviation needs at least two readings")
    return _squares(_deviations(numbers)) / (len(numbers) - 1)


def _centred(values: Sequence[Number]) -> list[Decimal]:
    with arithmetic():
        return _deviations([exact(value) for value in values])
