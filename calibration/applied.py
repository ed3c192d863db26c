"""The correction that was in force while readings were taken: from the reading to what the instrument showed."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from calibration.curve import Curve
from calibration.exact import CalculationError, arithmetic, exact
from calibration.record import Applied


@dataclass(frozen=True, slots=True)
class Correction:
    """C(I), to be added to a reading; none where both parts are None."""

    curve: Curve | None = None
    table: tuple[tuple[Decimal, Decimal], ...] = ()

    @classmethod
    def of(cls, applied: Applied | None) -> "Correction":
        """As the record has it. Raises CalculationError for a table that does not rise."""
        if applied is None:
            return cls()
        if applied.table:
            return cls(table=_rising(applied))
        coef = tuple(float(exact(c)) for c in applied.coef)
        scale = float(exact(applied.scale))
        if not scale:
            raise CalculationError(f"the correction of {applied.certificate} has the scale zero")
        return cls(Curve(float(exact(applied.x0)), scale, tuple(range(len(coef))), coef, ()))

    def shown(self, indication: str) -> Decimal:
        """I + C(I). Outside the range it was made for the correction goes on, as it does at the edge."""
        value = exact(indication)
        with arithmetic():
            return value + self._at(value)

    def _at(self, value: Decimal) -> Decimal:
        if self.curve is not None:
            return exact(self.curve.value(float(value), extrapolate=True))
        if not self.table:
            return Decimal()
        pairs = list(pairwise(self.table))
        (x1, c1), (x2, c2) = next((pair for pair in pairs if value <= pair[1][0]), pairs[-1])
        return c1 + (c2 - c1) * (value - x1) / (x2 - x1)


def _rising(applied: Applied) -> tuple[tuple[Decimal, Decimal], ...]:
    points = tuple((exact(x), exact(c)) for x, c in applied.table)
    if len(points) < 2 or not all(a < b for (a, _), (b, _) in pairwise(points)):
        raise CalculationError(f"the correction of {applied.certificate} is no table of at least two rising points")
    return points
