"""What became of an item: where it sat, its calibrations, the drift between them, and the interval that suggests."""

from dataclasses import dataclass
from itertools import pairwise

from calibration.compute import RunResult, compute
from calibration.exact import CalculationError
from calibration.interval import Interval, drift, en, method_a3
from calibration.record import Record
from calibration.register.errors import RegisterError
from calibration.register.papers import revisions
from calibration.register.register import Register
from calibration.suitable import ordinal

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Calibration:
    """A released calibration with its results; ``months`` is its procedure's interval."""

    record: Record
    results: dict[str, RunResult]
    unit: str
    months: int | None

    @property
    def day(self) -> str:
        return (self.record.end or self.record.begin)[:10]

    @property
    def found(self) -> RunResult | None:
        """As the item came."""
        return self.results.get("as_found")

    @property
    def left(self) -> RunResult:
        """As the item went."""
        return list(self.results.values())[-1]

    @property
    def good_as_found(self) -> bool | None:
        return self.found.passed if self.found else None


@dataclass(frozen=True, slots=True)
class Drift:
    """At one point from one calibration to the next: error then and now, ``per_year``, and Eₙ."""

    nominal: float
    before: str
    after: str
    left: float
    found: float
    per_year: float
    en: float

    @property
    def agree(self) -> bool:
        return self.en <= 1


def calibrations(register: Register, item: str) -> list[Calibration]:
    """Those of an item that are in force or were never taken back, oldest first. Raises RegisterError."""
    made = [_calibration(register, record) for record in register.records() if record.item.id == item]
    in_force = [c for c in made if c is not None]
    return sorted(in_force, key=lambda c: (c.day, c.record.id))


def released(register: Register, record: Record) -> Record | None:
    """The revision of a record that is in force: an amendment under way does not take it out of force."""
    for rev in reversed(revisions(register.folder, record.id)):
        found = record if rev == record.rev else register.record(record.id, rev)
        if found.state == "released":
            return found
    return None


def _calibration(register: Register, record: Record) -> Calibration | None:
    found = released(register, record)
    if found is None:
        return None
    procedure, _ = register.procedure(found.procedure.sha256)
    months = procedure.interval.months if procedure.interval else None
    try:
        return Calibration(found, compute(found, procedure), procedure.unit, months)
    except CalculationError as e:
        raise RegisterError(f"{found.id}: {e}") from e


def drifts(made: list[Calibration]) -> list[Drift]:
    """From each calibration to the next, at the points they share."""
    return [line for before, after in pairwise(made) for line in _drifts(before, after)]


def _drifts(before: Calibration, after: Calibration) -> list[Drift]:
    years = (ordinal(after.day) - ordinal(before.day)) / DAYS_A_YEAR
    if years <= 0 or after.found is None or before.unit != after.unit:
        return []
    left = {p.nominal: p for p in before.left.points}
    lines = []
    for now in after.found.points:
        then = left.get(now.nominal)
        if then is None or not (then.expanded.U or now.expanded.U):
            continue
        rate = drift(now.error, then.error, years)
        same = en(now.error, now.expanded.U, then.error, then.expanded.U)
        lines.append(Drift(now.nominal, before.record.id, after.record.id, then.error, now.error, rate, same))
    return lines


def suggestion(made: list[Calibration], present: int | None, target: float = 0.9) -> Interval | None:
    """What method A3 makes of how often the item was found in tolerance; None where that was never asked or agreed."""
    verdicts = [c.good_as_found for c in made if c.good_as_found is not None]
    months = present or next((c.months for c in reversed(made) if c.months), None)
    if not verdicts or months is None:
        return None
    return method_a3(sum(verdicts), len(verdicts), months, target)
