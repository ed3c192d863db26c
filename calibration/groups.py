"""The visits of each point together, with what the standards and the correction in force make of them. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from calibration.applied import Correction
from calibration.exact import CalculationError, exact
from calibration.record import Point, Record, RunData
from calibration.reference import Reference
from calibration.stats import differences, mean


@dataclass(frozen=True, slots=True)
class Group:
    """All visits of one point: references with their certificate's correction, indications with that in force."""

    nominal: float
    visits: tuple[Point, ...]
    references: Reference
    corrected: tuple[tuple[Decimal, ...], ...]
    shown: tuple[tuple[Decimal, ...], ...]

    @property
    def check(self) -> bool:
        return self.visits[0].check

    @property
    def indications(self) -> list[str]:
        return [sample.I for visit in self.visits for sample in visit.readings]

    @property
    def reference(self) -> float:
        return mean([x for visit in self.corrected for x in visit])

    @property
    def read(self) -> float:
        """The reference as it was read, where its certificate holds."""
        return mean([sample.x for visit in self.visits for sample in visit.readings])

    @property
    def indication(self) -> float:
        """What was shown: with the correction in force."""
        return mean([value for visit in self.shown for value in visit])

    @property
    def errors(self) -> list[list[float]]:
        """Of each visit: paired differences of what was shown, as floats of exact decimals."""
        return [
            [float(e) for e in differences(values, xs)] for values, xs in zip(self.shown, self.corrected, strict=True)
        ]

    @property
    def raw_error(self) -> float:
        """Without the correction in force: what a new curve has to take away."""
        references = [x for visit in self.corrected for x in visit]
        return mean(differences(self.indications, references))


def grouped(record: Record, data: RunData, correction: Correction) -> tuple[Group, ...]:
    """Every point of a run, by its nominal value. Raises CalculationError."""
    found: dict[tuple[float, bool], list[Point]] = defaultdict(list)
    for point in data.points:
        found[float(exact(point.nominal)), point.check].append(point)
    return tuple(_group(record, nominal, visits, correction) for (nominal, _), visits in sorted(found.items()))


def _group(record: Record, nominal: float, visits: Sequence[Point], correction: Correction) -> Group:
    used = visits[0].standards
    if any(visit.standards != used for visit in visits):
        raise CalculationError(f"the visits of {nominal:g} were made with different standards")
    chosen = [s for s in record.standards if not used or s.id in used]
    reference = Reference(tuple(chosen))
    corrected = tuple(tuple(reference.corrected(sample.x) for sample in visit.readings) for visit in visits)
    shown = tuple(tuple(correction.shown(sample.I) for sample in visit.readings) for visit in visits)
    return Group(nominal, tuple(visits), reference, corrected, shown)
